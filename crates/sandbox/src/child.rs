//! A child of a zygote: made, ready, and taken apart.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    os::unix::net::UnixStream as StdUnixStream,
    sync::Arc,
    time::Duration,
};

use errand_egress::SandboxSockets;
use rustix::{
    pipe::PipeFlags,
    process::{Signal, pidfd_send_signal},
};
use tokio::{
    net::{UnixStream, unix::pipe},
    runtime::Handle,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{
    SandboxError,
    cgroup::Group,
    host::{Host, Progress, Watched, Zygote, broken, has_ended},
    wire::{self, AsyncLine},
};

const READY_MAX: Duration = Duration::from_secs(20);
/// A fork bomb takes seconds to be taken apart.
const GONE_MAX: Duration = Duration::from_mins(1);
const REMOVALS_MAX: u32 = 200;
const REMOVAL_PAUSE: Duration = Duration::from_millis(10);

/// A process behind every wall, that waits for its program. Dropped, it is killed with all that it started.
#[derive(Debug)]
pub struct Child {
    pub line: UnixStream,
    pub stdout: pipe::Receiver,
    pub stderr: pipe::Receiver,
    pub sockets: SandboxSockets,
    pub watched: Watched,
    tmp: Option<OwnedFd>,
    process: OwnedFd,
    group: Option<Group>,
    /// What is given back when nothing of it is left, such as a place among the runs at once.
    pub held: Option<tokio::sync::OwnedSemaphorePermit>,
    runtime: Handle,
}

/// What a child is made of.
#[derive(Debug)]
pub struct Parents<'a> {
    pub host: &'a Arc<Host>,
    pub zygote: &'a Zygote,
}

impl Child {
    /// In a group of its own, which it takes with it.
    pub async fn make(parents: Parents<'_>, group: Group) -> Result<Self, SandboxError> {
        let step = "making a child";
        let said = |error| broken(step, error);
        // Removes the group again when the child doesn't come about.
        let mut group = Unused(Some(group));
        let pipes = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from);
        let ((stdout, stdout_end), (stderr, stderr_end)) = (pipes().map_err(said)?, pipes().map_err(said)?);
        let (line, line_end) = wire::stream_pair().map_err(said)?;
        let (pid, process) =
            parents.zygote.clone_child([&line_end, &stdout_end, &stderr_end]).await.map_err(said)?;
        drop((line_end, stdout_end, stderr_end));
        let line = AsyncLine::new(line).map_err(said)?;
        let watched = parents.host.watch(pid, &process).await.map_err(said)?;
        let mut unready = Killed { process: Some(process), watched: watched.clone(), group: group.0.take() };
        let doors = unready.open_group().map_err(|error| broken("joining control groups", error))?;
        let doors: Vec<_> = doors.iter().map(AsFd::as_fd).collect();
        line.send(b"G", &doors).await.map_err(said)?;
        let (tmp, sockets) = timeout(READY_MAX, hear_ready(&line))
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
            .map_err(|error| broken("walling in a child", error))?;
        let line = StdUnixStream::from(line.into_inner());
        let (Some(process), group) = (unready.process.take(), unready.group.take()) else {
            return Err(said(io::Error::from(io::ErrorKind::BrokenPipe)));
        };
        let (line, stdout, stderr) = open(line, stdout, stderr).map_err(said)?;
        Ok(Self {
            line,
            stdout,
            stderr,
            sockets,
            watched,
            tmp: Some(tmp),
            process,
            group,
            held: None,
            runtime: Handle::current(),
        })
    }

    /// Nothing happened to it since it stood ready. The kernel knows of its end before the launcher tells.
    pub fn is_ready(&self) -> bool {
        self.watched.progress.has_changed().is_ok()
            && *self.watched.progress.borrow() == Progress::Running
            && !has_ended(&self.process)
    }

    pub fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Ends every process of the run: the namespace ends with its first process.
    pub fn kill(&self) {
        kill(&self.process);
    }

    /// Kills it, and lets go of it beside whoever has its result.
    pub fn part(self) {
        self.kill();
        let runtime = self.runtime.clone();
        runtime.spawn(async move { drop(self) });
    }

    /// `/tmp` has no room left for another page, or for another file.
    pub fn tmp_is_full(&self) -> bool {
        self.tmp
            .as_ref()
            .and_then(|tmp| rustix::fs::fstatvfs(tmp).ok())
            .is_some_and(|space| space.f_bavail == 0 || space.f_favail == 0)
    }
}

fn open(
    line: StdUnixStream,
    stdout: OwnedFd,
    stderr: OwnedFd,
) -> io::Result<(UnixStream, pipe::Receiver, pipe::Receiver)> {
    Ok((
        UnixStream::from_std(line)?,
        pipe::Receiver::from_owned_fd(stdout)?,
        pipe::Receiver::from_owned_fd(stderr)?,
    ))
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.tmp = None;
        let (watched, group, held) = (self.watched.clone(), self.group.take(), self.held.take());
        self.runtime.spawn(async move {
            dismantle(watched, group).await;
            drop(held);
        });
    }
}

/// A child that isn't ready yet.
struct Killed {
    process: Option<OwnedFd>,
    watched: Watched,
    group: Option<Group>,
}

impl Killed {
    /// Moves it into its group, or gives back by which doors it gets in by itself.
    fn open_group(&self) -> io::Result<Vec<OwnedFd>> {
        let (Some(process), Some(group)) = (&self.process, &self.group) else {
            return Ok(Vec::new());
        };
        let doors = group.doors()?;
        if doors.is_empty() {
            group.add(number_here(process)?)?;
        }
        Ok(doors)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            kill(&process);
            tokio::spawn(dismantle(self.watched.clone(), self.group.take()));
        }
    }
}

struct Unused(Option<Group>);

impl Drop for Unused {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            let _ = group.remove();
        }
    }
}

/// Waits until nothing is left and removes the groups.
async fn dismantle(mut watched: Watched, group: Option<Group>) {
    if timeout(GONE_MAX, watched.gone()).await.is_err() {
        tracing::warn!("a run's processes were not gone a minute after they were killed");
    }
    let Some(group) = group else { return };
    let group = Arc::new(group);
    for _ in 0..REMOVALS_MAX {
        let removed = Arc::clone(&group);
        if spawn_blocking(move || removed.remove()).await.is_ok_and(|removed| removed.is_ok()) {
            return;
        }
        sleep(REMOVAL_PAUSE).await;
    }
    tracing::warn!(?group, "a run's control group could not be removed; the next start sweeps it");
}

fn kill(process: &OwnedFd) {
    // It may have ended by itself.
    let _ = pidfd_send_signal(process, Signal::KILL);
}

/// A process's number in this process's own namespace.
fn number_here(process: &OwnedFd) -> io::Result<i32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_raw_fd()))?;
    let number = text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
    number.filter(|number| *number > 0).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// `/tmp` and the listening sockets, or why the child could not be walled in.
async fn hear_ready(line: &AsyncLine) -> io::Result<(OwnedFd, SandboxSockets)> {
    let (said, descriptors) = line.receive().await?;
    match said.split_first() {
        Some((b'R', roles)) => {
            let mut descriptors = descriptors.into_iter();
            let tmp = descriptors.next().ok_or(io::ErrorKind::InvalidData)?;
            let sockets = SandboxSockets::from_roles(roles.iter().copied().zip(descriptors));
            let sockets = sockets.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            Ok((tmp, sockets))
        }
        Some((b'F', failure)) => Err(failed(failure)),
        _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
    }
}

fn failed(failure: &[u8]) -> io::Error {
    let Some((number, step)) = failure.split_first_chunk() else {
        return io::Error::from(io::ErrorKind::InvalidData);
    };
    let cause = io::Error::from_raw_os_error(i32::from_le_bytes(*number));
    io::Error::new(cause.kind(), format!("{}: {cause}", String::from_utf8_lossy(step)))
}
