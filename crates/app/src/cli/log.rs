//! The server's log: on standard error, so that standard output stays for what a program reads.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use crate::config::{Config, LogFormat, variable};

/// Starts logging for the rest of the process.
///
/// # Errors
/// When the filter can't be read.
pub fn start(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log_filter).map_err(|error| {
        Failure::usage(
            format!("The log filter `{}` can't be read: {error}.", config.log_filter),
            "Write `info`, or `info,errand_engine=debug`.",
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => {
            log.with_ansi(variable("NO_COLOR").is_none() && std::io::stderr().is_terminal()).init();
        }
    }
    Ok(())
}
