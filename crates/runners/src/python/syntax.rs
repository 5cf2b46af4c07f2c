//! Whether a script can be compiled at all, asked of the very interpreter that is to run it.

use std::time::Duration;

use errand_domain::PythonScript;
use errand_sandbox::{Ending, OutputChunk, Program, RunLimits, SandboxError, Stream, Tier};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::room::PythonRoom;

/// Compiles what is in the environment and says what is wrong as JSON. Nothing of the script is run.
const CHECKER: &str = r#"
import json, os, warnings
warnings.simplefilter("ignore")
problem = None
try:
    compile(os.environ["CODE"], os.environ["NAME"], "exec", dont_inherit=True)
except SyntaxError as error:
    problem = {"message": error.msg, "line": error.lineno, "column": error.offset}
except (ValueError, RecursionError, MemoryError, OverflowError) as error:
    problem = {"message": str(error) or type(error).__name__}
print(json.dumps(problem))
"#;

/// Compiling 10,000 characters takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a script can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SyntaxProblem {
    /// In the interpreter's words, without a full stop.
    pub message: String,
    #[serde(default)]
    pub line: Option<u32>,
    #[serde(default)]
    pub column: Option<u32>,
}

/// None when it compiles, and when it can't be told now: without a sandbox, or with one that is busy, a script is
/// saved unchecked, and its run says what is wrong.
pub(crate) async fn check(room: &PythonRoom, script: &PythonScript) -> Option<SyntaxProblem> {
    if room.refusal().is_some() {
        return None;
    }
    let checked = async {
        let child = room.ready_child(Tier::Bare).await?;
        let limits = RunLimits { timeout: TIMEOUT, ..room.limits().clone() };
        let program = Program {
            code: CHECKER.to_owned(),
            name: "syntax.py".to_owned(),
            environment: vec![
                ("CODE".to_owned(), script.code.clone()),
                ("NAME".to_owned(), "script".to_owned()),
            ],
        };
        let (chunks, printed) = mpsc::channel(super::CHUNKS_BUFFERED_MAX);
        let never = CancellationToken::new();
        let (report, answer) = tokio::join!(child.run(&program, &limits, chunks, &never), collect(printed));
        Ok::<_, SandboxError>((report?.ending, answer))
    };
    match tokio::time::timeout(TIMEOUT, checked).await {
        Ok(Ok((Ending::Exited { code: 0 }, answer))) => serde_json::from_slice(&answer).ok().flatten(),
        Ok(Ok((ending, _))) => {
            tracing::warn!(?ending, "a script's syntax could not be checked");
            None
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "a script's syntax was not checked");
            None
        }
        Err(_elapsed) => None,
    }
}

async fn collect(mut chunks: mpsc::Receiver<OutputChunk>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.recv().await {
        if chunk.stream == Stream::Stdout {
            bytes.extend_from_slice(&chunk.bytes);
        }
    }
    bytes
}
