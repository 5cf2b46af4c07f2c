//! Runs another program: its lines as they come, its last words when it fails, its end when nobody waits any more.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
};

use super::{error::ImageError, pip::variable};

const LAST_LINES: usize = 12;
const LINE_CHARS_MAX: usize = 300;
/// Where administrators' programs are, which an ordinary user's PATH may lack.
const FOLDERS_MORE: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

/// A program to run. Nothing of our own environment is passed.
#[derive(Debug)]
pub struct Tool {
    /// How it is called in errors.
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    /// Where its standard output goes; its lines are read otherwise.
    pub output: Option<File>,
    /// What to do when it fails.
    pub hint: String,
    /// Words of a tool that goes on and on without a good end: it is ended when it says them.
    pub gives_up_at: Option<&'static str>,
}

/// The folders in which a program that we start finds others.
pub fn search_path(environment: &[(String, String)]) -> String {
    match variable(environment, "PATH") {
        Some(path) => format!("{path}:{FOLDERS_MORE}"),
        None => FOLDERS_MORE.to_owned(),
    }
}

/// The program that a name stands for, if it is installed.
pub fn locate(environment: &[(String, String)], name: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    let folders = variable(environment, "PATH").unwrap_or(FOLDERS_MORE);
    folders.split(':').map(|folder| Path::new(folder).join(name)).find(is_program)
}

impl Tool {
    pub fn argument(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn arguments<A: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = A>) -> &mut Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs it to its end and hands on each line. When the future is dropped, the program and what it started are
    /// asked to end.
    pub async fn run(self, mut line: impl FnMut(&str)) -> Result<(), ImageError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(self.output.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            // Its own group, so that all of it can be asked to end and to tidy up.
            .process_group(0);
        let child = command.spawn().map_err(|error| {
            ImageError::new(
                "tool",
                format!("`{}` could not be started: {error}.", self.name),
                self.hint.clone(),
            )
        })?;
        let mut running = Running { group: group_of(&child), child };
        let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
        let mut last = VecDeque::new();
        let (group, gives_up_at) = (running.group, self.gives_up_at);
        let mut hear = |text: &str| {
            line(text);
            if let Some(group) = group.filter(|_| gives_up_at.is_some_and(|words| text.contains(words))) {
                // It may have gone by itself, which is as good.
                let _ = kill_process_group(group, Signal::TERM);
            }
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(readable(text));
        };
        read_both(stdout, stderr, &mut hear).await;
        let ended = running.child.wait().await;
        running.group = None;
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let words: Vec<String> = last.into();
                let said = if words.is_empty() {
                    String::new()
                } else {
                    format!(" It said last:\n  {}\n", words.join("\n  "))
                };
                Err(ImageError::new("tool", format!("`{}` failed ({status}).{said}", self.name), self.hint))
            }
            Err(error) => {
                Err(ImageError::new("tool", format!("`{}` was lost: {error}.", self.name), self.hint))
            }
        }
    }
}

/// Ends its group when it is dropped before the program has ended.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have gone by itself, which is as good.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

fn group_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

async fn read_both(
    stdout: Option<impl AsyncRead + Unpin>,
    stderr: Option<impl AsyncRead + Unpin>,
    hear: &mut impl FnMut(&str),
) {
    let mut stdout = stdout.map(|stream| BufReader::new(stream).split(b'\n'));
    let mut stderr = stderr.map(|stream| BufReader::new(stream).split(b'\n'));
    while stdout.is_some() || stderr.is_some() {
        // A closed stream waits forever, so that only the other one is heard.
        let (is_stdout, bytes) = tokio::select! {
            bytes = next(&mut stdout) => (true, bytes),
            bytes = next(&mut stderr) => (false, bytes),
        };
        match bytes {
            Some(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                // A progress line is written over itself; its last state counts.
                if let Some(text) = text.rsplit('\r').map(str::trim).find(|text| !text.is_empty()) {
                    hear(text);
                }
            }
            None if is_stdout => stdout = None,
            None => stderr = None,
        }
    }
}

async fn next(lines: &mut Option<tokio::io::Split<BufReader<impl AsyncRead + Unpin>>>) -> Option<Vec<u8>> {
    match lines {
        Some(lines) => lines.next_segment().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

/// A line fit for an error: short, without control characters and without the user part of an address.
fn readable(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).take(LINE_CHARS_MAX).collect();
    without_credentials(&plain)
}

/// `https://name:password@host/` as `https://host/`.
pub fn without_credentials(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        kept.push_str(before);
        let authority = after.find(['/', ' ', '\'', '"', '?', '#', ')', ',']).unwrap_or(after.len());
        let host = after[..authority].rfind('@').map_or(0, |at| at + 1);
        kept.push_str(&after[host..authority]);
        rest = &after[authority..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_credentials() {
        fn check(text: &str, expect: &str) {
            assert_eq!(without_credentials(text), expect);
        }
        check(
            "Looking in indexes: https://ana:pw@index.example/simple, https://b.example",
            "Looking in indexes: https://index.example/simple, https://b.example",
        );
        check("http://proxy:p@ss@host:3128", "http://host:3128");
        check("nothing here@all", "nothing here@all");
        check("https://index.example/@scope/name", "https://index.example/@scope/name");
    }

    fn shell(script: &str) -> Tool {
        Tool {
            name: "sh",
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("WORD".into(), "given".into())],
            output: None,
            hint: "Mend it.".into(),
            gives_up_at: None,
        }
    }

    #[tokio::test]
    async fn lines_of_both_streams_are_heard() {
        let mut heard = Vec::new();
        let ran = shell("echo $WORD; echo aside >&2; printf '10%%\\r20%%\\r'")
            .run(|line| heard.push(line.to_owned()))
            .await;
        heard.sort();
        assert_eq!((ran, heard.join(" ")), (Ok(()), "20% aside given".to_owned()));
    }

    #[tokio::test]
    async fn a_failure_tells_the_last_words() {
        let failed = shell("for i in $(seq 100); do echo line $i; done; exit 3").run(|_| {}).await;
        let message = failed.expect_err("it exits with 3").message;
        assert!(
            message.contains("exit status: 3")
                && message.contains("line 100")
                && !message.contains("line 88\n"),
            "{message}"
        );
        let endless = Tool {
            gives_up_at: Some("longer than usual"),
            ..shell("echo It takes longer than usual; sleep 1000")
        };
        let ended = endless.run(|_| {}).await;
        assert!(ended.is_err_and(|error| error.message.contains("It takes longer than usual")));
        let missing = Tool { program: "/nowhere/tool".into(), ..shell("") }.run(|_| {}).await;
        assert!(missing.is_err_and(|error| error.message.contains("could not be started")));
    }
}
