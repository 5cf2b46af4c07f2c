//! A test run while it goes on: what the script prints is shown as it comes.

use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::Value;

use crate::{
    cli::{
        context::Door,
        failure::Failure,
        output::{Output, plain},
    },
    client::{OutputStream, TurnEvent},
};

const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOKS_MAX: u32 = 250;

/// The execution once it has ended, with what was shown of its output meanwhile.
pub struct Watched {
    pub execution: Value,
    pub shown: Shown,
}

/// Starts the test and follows it. Ctrl-C cancels the run and waits for its end; another one leaves at once.
pub async fn test(
    door: &Door,
    action: &str,
    body: &Value,
    mut screen: Screen<'_>,
) -> Result<Watched, Failure> {
    let mut events = door.client.events(&[&door.guru, "actions", action, "test"], body).await?;
    let (mut execution, mut is_cancelled) = (None::<String>, false);
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            Ok(()) = tokio::signal::ctrl_c() => {
                let Some(id) = execution.as_ref().filter(|_| !is_cancelled) else { return Err(left()) };
                door.client.post(&[&door.guru, "executions", id, "cancel"], None).await?;
                is_cancelled = true;
                continue;
            }
        };
        match event {
            Some(TurnEvent::ActionStarted { execution_id, .. }) => execution = Some(execution_id),
            Some(TurnEvent::ActionOutput { stream: OutputStream::Result, text }) => screen.show(&text)?,
            Some(TurnEvent::ActionFinished { .. }) | None => break,
            Some(_) => {}
        }
    }
    let shown = screen.finish()?;
    let id = execution.ok_or_else(left)?;
    Ok(Watched { execution: recorded(door, &id).await?, shown })
}

/// History is written beside the stream, and may be a moment behind it.
async fn recorded(door: &Door, id: &str) -> Result<Value, Failure> {
    let mut looks_left = LOOKS_MAX;
    loop {
        let execution = door.client.get(&[&door.guru, "executions", id]).await?;
        if execution["status"] != "running" || looks_left == 0 {
            return Ok(execution);
        }
        looks_left -= 1;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn left() -> Failure {
    Failure::new(
        "broken_off",
        "The run was left before its end was seen; it may go on.",
        "`errand history` shows what became of it.",
    )
}

/// How much of the output is on the screen already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It looks like JSON, which is laid out once it is whole, or there was none.
    Nothing,
    All,
}

pub struct Screen<'a> {
    output: &'a Output,
    spinner: ProgressBar,
    shown: Option<Shown>,
    /// A line that has begun. On a terminal it waits for its end: the spinner stands below.
    held: String,
    ends_with_break: bool,
}

impl<'a> Screen<'a> {
    pub fn new(output: &'a Output, spinner: ProgressBar) -> Self {
        Self { output, spinner, shown: None, held: String::new(), ends_with_break: true }
    }

    fn show(&mut self, text: &str) -> Result<(), Failure> {
        let shown = match self.shown {
            None if text.trim_start().is_empty() => return Ok(()),
            None => *self.shown.insert(judge(text)),
            Some(shown) => shown,
        };
        if shown == Shown::All {
            self.held.push_str(text);
            let whole = if self.output.is_terminal {
                self.held.rfind('\n').map_or(0, |at| at + 1)
            } else {
                self.held.len()
            };
            let rest = self.held.split_off(whole);
            let lines = std::mem::replace(&mut self.held, rest);
            self.spinner.clone().suspend(|| self.print(&lines))?;
        }
        Ok(())
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        if !text.is_empty() {
            self.ends_with_break = text.ends_with('\n');
            self.output.piece(&plain(text))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Shown, Failure> {
        self.spinner.finish_and_clear();
        let rest = std::mem::take(&mut self.held);
        self.print(&rest)?;
        if !self.ends_with_break {
            self.output.piece("\n")?;
        }
        Ok(self.shown.unwrap_or(Shown::Nothing))
    }
}

/// By its beginning, since nobody wants to wait for its end.
fn judge(text: &str) -> Shown {
    if text.trim_start().starts_with(['{', '[']) { Shown::Nothing } else { Shown::All }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_at_once_and_json_whole() {
        fn check(pieces: &[&str], expect: Shown) {
            let output = Output::plain();
            let mut screen = Screen::new(&output, ProgressBar::hidden());
            for piece in pieces {
                screen.show(piece).expect("a screen");
            }
            assert_eq!(screen.finish().ok(), Some(expect), "{pieces:?}");
        }
        check(&[], Shown::Nothing);
        check(&["\n"], Shown::Nothing);
        check(&["reading\n", "{\"a\": 1}\n"], Shown::All);
        check(&["\n", "{\"a\":", " 1}\n"], Shown::Nothing);
        check(&["[1, ", "2]"], Shown::Nothing);
    }
}
