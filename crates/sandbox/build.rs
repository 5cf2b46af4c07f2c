//! Builds the native part as a shared object, which the sandbox embeds and the image's interpreter loads.
//!
//! Cargo can't yet depend on a shared object of another package, so this asks it for one, in a folder of its own.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

/// The interpreter's process must not get a second Rust runtime that unwinds, or inherit how the caller builds.
const NOT_INHERITED: &[&str] =
    &["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_MAKEFLAGS", "MAKEFLAGS"];

fn main() -> Result<(), Box<dyn Error>> {
    for watched in ["build.rs", "native/Cargo.toml", "native/src"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let target = env::var("TARGET")?;
    let built = build(&out.join("native"), &target)?;
    std::fs::copy(built, out.join("native.so"))?;
    Ok(())
}

fn build(folder: &Path, target: &str) -> Result<PathBuf, Box<dyn Error>> {
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.args(["rustc", "--quiet", "--locked", "--package", "errand-sandbox-native", "--lib"]);
    cargo
        .args(["--crate-type", "cdylib", "--profile", "native", "--target", target, "--target-dir"])
        .arg(folder);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    let status =
        cargo.status().map_err(|error| format!("Cargo can't be started for the native part: {error}"))?;
    if !status.success() {
        return Err(format!("The native part of the sandbox did not build ({status}).").into());
    }
    Ok(folder.join(target).join("native").join("liberrand_sandbox_native.so"))
}
