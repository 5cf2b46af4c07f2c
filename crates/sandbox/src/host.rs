//! A running launcher, seen from the supervisor.

use std::{
    collections::HashMap,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    process::Command,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    SandboxError, SandboxSettings, Tier,
    cgroup::Group,
    ids::Ids,
    launcher,
    wire::{self, AsyncLine, Event, Furnishing, Order, Walls, ZygoteSettings},
};

/// From its start to a built room; tens of milliseconds on an idle machine.
const START_MAX: Duration = Duration::from_secs(20);
/// From its start to a warm interpreter; seconds for the data tier.
const ZYGOTE_START_MAX: Duration = Duration::from_mins(2);
const CLONE_MAX: Duration = Duration::from_secs(20);
/// From a child's end to its memory being taken apart, which keeps a processor busy about as long as a short script: by
/// then its result is on its way to whoever waits for it.
const PARTING: Duration = Duration::from_millis(4);

/// How far a child has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Running,
    /// It ran its last instruction; its memory is still there.
    Ended {
        status: i32,
    },
    /// Nothing of it is left.
    Gone {
        status: i32,
    },
}

/// A child that the launcher tells of.
#[derive(Debug, Clone)]
pub struct Watched {
    host: Arc<Host>,
    pid: i32,
    pub progress: watch::Receiver<Progress>,
}

impl Watched {
    /// Resolves when nothing of it is left, or the launcher is gone, with all of its children.
    pub async fn gone(&mut self) {
        loop {
            let progress = *self.progress.borrow_and_update();
            match progress {
                Progress::Running => {}
                // A launcher that can't be told is gone.
                Progress::Ended { status } => {
                    // What was stopped goes at once: its other processes run until it does.
                    if libc::WIFEXITED(status) {
                        sleep(PARTING).await;
                    }
                    drop(self.host.line.send_message(&Order::Release { pid: self.pid }, &[]).await);
                }
                Progress::Gone { .. } => return,
            }
            if self.progress.changed().await.is_err() {
                return;
            }
        }
    }
}

#[derive(Debug)]
pub struct Host {
    line: AsyncLine,
    children: Mutex<HashMap<i32, watch::Sender<Progress>>>,
    stopping: CancellationToken,
    closed: CancellationToken,
}

/// What a launcher is started with.
#[derive(Debug)]
pub struct Plan<'a> {
    pub settings: &'a SandboxSettings,
    pub ids: &'a Ids,
    pub zygote: ZygoteSettings,
    pub filter: &'a [u8],
    /// The launcher and its zygotes are counted in here.
    pub group: &'a Group,
}

impl Host {
    pub async fn start(plan: Plan<'_>) -> Result<Arc<Self>, SandboxError> {
        timeout(START_MAX, start(plan))
            .await
            .unwrap_or_else(|_| Err(broken("starting the launcher", timed_out())))
    }

    /// Resolves when the launcher is gone, and everything of it.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Hangs up, and waits until everything of it is gone.
    pub async fn stop(&self) {
        self.hang_up();
        self.closed().await;
    }

    pub fn hang_up(&self) {
        self.stopping.cancel();
    }

    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    pub async fn start_zygote(&self, tier: Tier) -> io::Result<Zygote> {
        let (ours, theirs) = wire::pair()?;
        self.line.send_message(&Order::Zygote { tier }, &[theirs.as_fd()]).await?;
        drop(theirs);
        let line = AsyncLine::new(ours)?;
        let (said, _) = timeout(ZYGOTE_START_MAX, line.receive()).await.map_err(|_| timed_out())??;
        if said != b"R" {
            return Err(io::Error::other("the image's Python ended while it warmed up"));
        }
        Ok(Zygote { line: tokio::sync::Mutex::new(line) })
    }

    /// Follows a child that was just cloned.
    pub async fn watch(self: &Arc<Self>, pid: i32, pidfd: &OwnedFd) -> io::Result<Watched> {
        let (sender, receiver) = watch::channel(Progress::Running);
        self.children.lock().unwrap_or_else(PoisonError::into_inner).insert(pid, sender);
        self.line.send_message(&Order::Watch { pid }, &[]).await?;
        if has_ended(pidfd) {
            // Its end was told before anybody asked.
            self.tell(pid, Progress::Gone { status: 0 });
        }
        Ok(Watched { host: Arc::clone(self), pid, progress: receiver })
    }

    fn tell(&self, pid: i32, progress: Progress) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = if matches!(progress, Progress::Gone { .. }) {
            children.remove(&pid)
        } else {
            children.get(&pid).cloned()
        };
        if let Some(sender) = sender {
            sender.send_replace(progress);
        }
    }
}

/// The same binary anew, as a launcher at this stage; killed when dropped.
fn spawn(launcher: &Path, stage: &str, line: OwnedFd) -> io::Result<tokio::process::Child> {
    let mut command = std::process::Command::new(launcher);
    command.arg0(launcher::NAME).arg(stage).env_clear();
    command.stdin(line).stdout(Stdio::null());
    Command::from(command).kill_on_drop(true).spawn()
}

async fn start(plan: Plan<'_>) -> Result<Arc<Host>, SandboxError> {
    let step = "starting the launcher";
    let (ours, theirs) = wire::pair().map_err(|error| broken(step, error))?;
    let line = AsyncLine::new(ours).map_err(|error| broken(step, error))?;
    let mut process =
        spawn(&plan.settings.launcher, launcher::BEGIN, theirs).map_err(|error| broken(step, error))?;
    let pid = process.id().unwrap_or_default();
    let numbered = i32::try_from(pid).unwrap_or_default();
    plan.group.add(numbered).map_err(|error| broken("counting the launcher", error))?;
    introduce(&line, &plan, pid).await?;

    let host = Arc::new(Host {
        line,
        children: Mutex::default(),
        stopping: CancellationToken::new(),
        closed: CancellationToken::new(),
    });
    let followed = Arc::clone(&host);
    tokio::spawn(async move {
        followed.stopping.run_until_cancelled(follow(&followed)).await;
        // What still waits for a child's end learns that it won't come.
        followed.children.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = process.kill().await;
        followed.closed.cancel();
    });
    Ok(host)
}

/// Tries what a sandbox does with namespaces and mounts; Some names the first thing that is forbidden.
pub async fn probe(launcher: &Path) -> io::Result<Option<(Walls, io::Error)>> {
    let (ours, theirs) = wire::pair()?;
    let line = AsyncLine::new(ours)?;
    let mut process = spawn(launcher, launcher::PROBE, theirs)?;
    let said = timeout(START_MAX, line.receive_message()).await.unwrap_or_else(|_| Err(timed_out()));
    // Its own end of the line is closed by now, or about to be.
    let _ = process.kill().await;
    match said? {
        Event::Missing { walls, error } => Ok(Some((walls, io::Error::from_raw_os_error(error)))),
        Event::Furnished => Ok(None),
        Event::Failed { step, .. } => Err(io::Error::other(step)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Moves a launcher into a group, and lets it go.
pub async fn try_group(launcher: &Path, group: &Group) -> io::Result<()> {
    let (_ours, theirs) = wire::pair()?;
    let mut process = spawn(launcher, launcher::BEGIN, theirs)?;
    let number = process.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
    let moved = group.add(number);
    let _ = process.kill().await;
    moved
}

/// Walks the launcher through its two stages.
async fn introduce(line: &AsyncLine, plan: &Plan<'_>, pid: u32) -> Result<(), SandboxError> {
    let step = "preparing the launcher";
    let user_namespace = plan.ids.needs_user_namespace();
    let said = |error| broken(step, error);
    line.send_message(&Order::Begin { user_namespace }, &[]).await.map_err(said)?;
    if user_namespace {
        expect(line, |event| matches!(event, Event::Unshared)).await?;
        plan.ids.map(pid).await.map_err(|error| broken("mapping the launcher's ids", error))?;
        line.send_message(&Order::Mapped, &[]).await.map_err(said)?;
    }
    let furnishing = Furnishing { image: plan.settings.image.clone(), zygote: plan.zygote.clone() };
    line.send_message(&Order::Furnish(furnishing), &[]).await.map_err(said)?;
    line.send(plan.filter, &[]).await.map_err(said)?;
    expect(line, |event| matches!(event, Event::Furnished)).await
}

async fn expect(line: &AsyncLine, is_expected: impl Fn(&Event) -> bool) -> Result<(), SandboxError> {
    match line.receive_message().await {
        Ok(event) if is_expected(&event) => Ok(()),
        Ok(Event::Failed { step, .. }) => Err(SandboxError::Unavailable {
            what: format!("The sandbox failed at {step}."),
            remedy: "`errand doctor` says what this machine lacks.".to_owned(),
        }),
        Ok(_) => Err(broken("preparing the launcher", io::Error::from(io::ErrorKind::InvalidData))),
        Err(error) => Err(broken("preparing the launcher", error)),
    }
}

/// Until the launcher hangs up.
async fn follow(host: &Host) {
    loop {
        match host.line.receive_message().await {
            Ok(Event::Ended { pid, status, gone: true }) => host.tell(pid, Progress::Gone { status }),
            Ok(Event::Ended { pid, status, gone: false }) => host.tell(pid, Progress::Ended { status }),
            Ok(Event::Failed { step, .. }) => tracing::warn!(step, "the sandbox's launcher failed"),
            Ok(Event::Unshared | Event::Furnished | Event::Missing { .. }) => {}
            Err(_) => return,
        }
    }
}

/// A warm interpreter that clones children, one at a time.
#[derive(Debug)]
pub struct Zygote {
    line: tokio::sync::Mutex<AsyncLine>,
}

impl Zygote {
    /// The child's number in the launcher's namespace, and the process itself.
    pub async fn clone_child(&self, ends: [&OwnedFd; 3]) -> io::Result<(i32, OwnedFd)> {
        let line = self.line.lock().await;
        line.send(b"C", &ends.map(AsFd::as_fd)).await?;
        let (said, mut descriptors) = timeout(CLONE_MAX, line.receive()).await.map_err(|_| timed_out())??;
        let number = said.try_into().map(i32::from_le_bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        if number < 0 {
            return Err(io::Error::from_raw_os_error(-number));
        }
        let process = descriptors.pop().ok_or(io::ErrorKind::InvalidData)?;
        Ok((number, process))
    }
}

pub fn has_ended(pidfd: &OwnedFd) -> bool {
    let mut sources = [rustix::event::PollFd::new(pidfd, rustix::event::PollFlags::IN)];
    rustix::event::poll(&mut sources, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 }))
        .is_ok_and(|ended| ended > 0)
}

pub fn broken(step: &'static str, source: io::Error) -> SandboxError {
    SandboxError::Broken { step, source }
}

fn timed_out() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}
