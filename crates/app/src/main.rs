mod config;
mod serve;
use clap::Parser;
#[derive(clap::Parser)]
struct Cli { #[command(flatten)] config: config::ConfigArgs, #[command(subcommand)] command: Command }
#[derive(clap::Subcommand)]
enum Command { Serve(serve::ServeArgs) }
fn main() -> color_eyre::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tracing_subscriber::fmt().with_env_filter("info").with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    let config = config::Config::load(&cli.config)?;
    let Command::Serve(args) = cli.command;
    tokio::runtime::Runtime::new()?.block_on(serve::run(config, args))
}
