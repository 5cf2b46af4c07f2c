//! The launcher alone, for tests and benchmarks of this crate. The `errand` binary is its own launcher.

fn main() -> std::process::ExitCode {
    errand_sandbox::launcher_main().unwrap_or(std::process::ExitCode::FAILURE)
}
