//! The launcher: a process of one thread that owns the namespaces in which zygotes and children live.
//!
//! It is the same binary, started anew, since a process with threads can't be forked safely. It runs in two stages:
//!
//! 1. `begin` makes the namespaces: process numbers, mounts, IPC, network, and for an ordinary user a user namespace.
//! 2. `furnish` is process 1 in there. It builds the root ([`room`]), starts zygotes ([`rights`]), and is the parent of
//!    every child: it tells the supervisor how each ends ([`watch`]). When it ends, the kernel ends everything in the namespace, and
//!    it ends when the supervisor's end of the line closes. So nothing outlives a supervisor, however that one ends.

mod probe;
mod rights;
mod room;
mod watch;

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    net::RecvFlags,
    thread::UnshareFlags,
};

use crate::{
    Tier,
    image::interpreter_in,
    wire::{self, Event, Furnishing, Order, ZygoteSettings},
};

pub(crate) use probe::PROBE;
use probe::PROBE_INSIDE;

/// The name by which the binary knows that it is to be the launcher.
pub(crate) const NAME: &str = "errand-sandbox-launcher";
pub(crate) const BEGIN: &str = "begin";
const FURNISH: &str = "furnish";
const SELF: &str = "/proc/self/exe";

/// What every script sees besides its own variables.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/tmp"),
    ("LANG", "C.UTF-8"),
    ("USER", "script"),
    ("LOGNAME", "script"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    // One core is what a run has; more threads would only take memory and make a clone unsafe.
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
];

/// Call this first thing in `main`: `Some` when this process was started as a launcher, and is done.
pub fn launcher_main() -> Option<ExitCode> {
    let command = fs::read("/proc/self/cmdline").ok()?;
    let mut words = command.split(|byte| *byte == 0);
    if words.next()? != NAME.as_bytes() {
        return None;
    }
    let done = match words.next() {
        Some(stage) if stage == BEGIN.as_bytes() => begin(),
        Some(stage) if stage == FURNISH.as_bytes() => furnish(),
        Some(stage) if stage == PROBE.as_bytes() => probe::probe(crate::ids::is_privileged()),
        Some(stage) if stage == PROBE_INSIDE.as_bytes() => probe::probe_inside(),
        _ => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let failed = Event::Failed { step: error.to_string(), error: error.raw_os_error().unwrap_or(0) };
            let _ = wire::send_message(io::stdin(), &failed, &[]);
            ExitCode::FAILURE
        }
    })
}

fn begin() -> io::Result<()> {
    let Order::Begin { user_namespace } = receive()?.0 else {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    };
    // What a terminal sends to the supervisor's group, such as Ctrl-C, is for the supervisor to act on, not for scripts.
    rustix::process::setsid().map_err(|error| step("leaving the supervisor's session", error))?;
    let mut flags = UnshareFlags::NEWPID | UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWNET;
    flags.set(UnshareFlags::NEWUSER, user_namespace);
    // SAFETY: this process has one thread, and nothing of it relies on what is left behind.
    #[expect(unsafe_code, reason = "one system call")]
    let unshared = unsafe { rustix::thread::unshare_unsafe(flags) };
    unshared.map_err(|error| step("making the launcher's namespaces", error))?;
    if user_namespace {
        wire::send_message(io::stdin(), &Event::Unshared, &[])?;
        let Order::Mapped = receive()?.0 else {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        };
    }
    // The first process made from here on is process 1 of the new namespace.
    let mut second = Command::new(SELF).arg0(NAME).arg(FURNISH).stdin(Stdio::inherit()).spawn()?;
    second.wait().map(drop)
}

fn furnish() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let Order::Furnish(furnishing) = receive()?.0 else {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    };
    let (filter, _) = wire::receive(io::stdin(), RecvFlags::empty())?;
    let Furnishing { image, zygote } = &furnishing;
    room::build(image, &room::Files { settings: &serde_json::to_vec(zygote)?, filter: &filter })?;
    let mut children = watch::Children::new()?;
    wire::send_message(io::stdin(), &Event::Furnished, &[])?;
    serve(&mut children, zygote)
}

fn serve(children: &mut watch::Children, zygote: &ZygoteSettings) -> io::Result<()> {
    loop {
        let line = io::stdin();
        let mut sources = [PollFd::new(&line, PollFlags::IN), PollFd::new(&*children, PollFlags::IN)];
        match poll(&mut sources, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let [ordered, ended] = sources.map(|source| !source.revents().is_empty());
        if ended {
            children.report(|event| wire::send_message(io::stdin(), event, &[]))?;
        }
        if ordered {
            match receive() {
                Ok(order) => obey(order, zygote)?,
                // The supervisor hung up.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

fn obey((order, descriptors): (Order, Vec<OwnedFd>), zygote: &ZygoteSettings) -> io::Result<()> {
    match order {
        Order::Zygote { tier } => {
            if let Some(line) = descriptors.into_iter().next() {
                start_zygote(tier, line, zygote)?;
            }
        }
        Order::Watch { pid } => watch::follow(pid),
        Order::Release { pid } => watch::release(pid),
        Order::Begin { .. } | Order::Mapped | Order::Furnish(_) => {}
    }
    Ok(())
}

/// For the zygote alone, which takes it out of what scripts see: functions of libraries are looked up once, before there
/// are clones, and not in each clone anew.
const BIND_NOW: (&str, &str) = ("LD_BIND_NOW", "1");

fn start_zygote(tier: Tier, line: OwnedFd, zygote: &ZygoteSettings) -> io::Result<()> {
    let interpreter = interpreter_in(Path::new("/")).ok_or(io::ErrorKind::NotFound);
    let interpreter = interpreter.map_err(|error| step("looking for the image's Python", error))?;
    let mut python = Command::new(interpreter);
    python.args(["-I", "-B", room::ZYGOTE, tier.name()]);
    python.env_clear().envs(ENVIRONMENT).envs([BIND_NOW]).current_dir("/");
    python.stdin(line).stdout(Stdio::null());
    let zygote = zygote.clone();
    // SAFETY: between fork and exec, in a process of one thread, it makes system calls only.
    #[expect(unsafe_code, reason = "gives rights up in the new process")]
    unsafe {
        python.pre_exec(move || rights::give_up(&zygote))
    };
    // It is reaped with all others; nobody waits for it by name.
    python.spawn().map(drop).map_err(|error| step("starting the image's Python", error))
}

fn receive() -> io::Result<(Order, Vec<OwnedFd>)> {
    let (bytes, descriptors) = wire::receive(io::stdin(), RecvFlags::empty())?;
    Ok((wire::parse(&bytes)?, descriptors))
}

/// An error with the step that it belongs to.
fn step(what: &str, error: impl Into<io::Error>) -> io::Error {
    let error: io::Error = error.into();
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
