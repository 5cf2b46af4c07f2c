//! What runs: a script with its environment.

use serde::{Deserialize, Serialize};

/// How much a script may find already imported when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// The bare interpreter with the standard library's common modules.
    Bare,
    /// The data libraries as well (numpy, pandas, requests, openai …).
    Data,
}

impl Tier {
    pub const ALL: [Self; 2] = [Self::Bare, Self::Data];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Data => "data",
        }
    }
}

/// One script and what it sees. Values may be credentials: the type does not print them.
pub struct Program {
    /// UTF-8 Python source.
    pub code: String,
    /// The file name in tracebacks, such as `refund.py`.
    pub name: String,
    /// The whole environment that is added to the fixed one (`PATH`, `HOME=/tmp`, `LANG`).
    pub environment: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// A piece of output as it came; not necessarily whole characters or lines.
#[derive(Clone, PartialEq, Eq)]
pub struct OutputChunk {
    pub stream: Stream,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OutputChunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputChunk").field("stream", &self.stream).field("bytes", &self.bytes.len()).finish()
    }
}
