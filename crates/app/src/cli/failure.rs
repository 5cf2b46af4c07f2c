//! How a command says no: one sentence on what happened, one on what to do, and an exit code.

use std::io;

use serde::{Deserialize, Serialize};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
        }
    }
}

/// Why a command did not do what it was asked to. Holds no secret: it is shown as it is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message} {hint}")]
pub struct Failure {
    pub message: String,
    pub hint: String,
    /// Stable, for programs.
    pub code: String,
    /// The HTTP status, when a server refused.
    pub status: Option<u16>,
    /// Each broken rule, when there are several.
    pub problems: Vec<RuleBroken>,
    pub exit: Exit,
}

/// One broken rule as the server names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleBroken {
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub hint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl From<&errand_domain::Problem> for RuleBroken {
    fn from(problem: &errand_domain::Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            field: problem.field.clone(),
        }
    }
}

/// The code of a write to a reader that has gone, such as `errand history | head -1`: not worth a word.
const READER_GONE: &str = "reader_gone";

impl Failure {
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
            code: code.to_owned(),
            status: None,
            problems: Vec::new(),
            exit: Exit::Failed,
        }
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new("usage", message, hint) }
    }

    /// A file or folder that can't be used: `step` as in "read".
    pub fn file(step: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(
            "file",
            format!("Could not {step} `{}`: {error}.", path.display()),
            "Check the path and its permissions.",
        )
    }

    /// A report of the server or the settings, told with its causes.
    pub fn of_report(report: &color_eyre::Report) -> Self {
        let causes: Vec<String> = report.chain().map(ToString::to_string).collect();
        let message = causes.join(": ");
        Self::new(
            "failed",
            message.trim_end_matches('.').to_owned() + ".",
            "`errand doctor` looks at what is set up here.",
        )
    }

    pub fn is_silent(&self) -> bool {
        self.code == READER_GONE
    }
}

impl From<io::Error> for Failure {
    /// Writing to the terminal or a pipe failed.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(READER_GONE, "The reader of the output has gone.", "");
        }
        Self::new("output", format!("The output could not be written: {error}."), "Check where it goes.")
    }
}

impl From<errand_domain::Problem> for Failure {
    fn from(problem: errand_domain::Problem) -> Self {
        Self::new(problem.code, problem.message, problem.hint)
    }
}
