//! How children end, told early and by the kernel.
//!
//! A child that exits first gives its memory back, which takes ten times as long as a short script. The kernel can stop
//! it before that, for its tracer: the exit code is then final and nothing of the script runs any more. So the answer
//! needn't wait, nor rely on what the script says of itself. Children are traced for this one stop alone.

#![expect(unsafe_code, reason = "signals as descriptors, and tracing")]

use std::{
    collections::HashMap,
    io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    ptr,
};

use rustix::process::{Pid, WaitOptions, wait};

use crate::wire::Event;

/// What the processor raises, not another process.
const FAULTS: [i32; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Signals that a child may get before it is let go. Each stops it and wakes the launcher, which others wait for: a script
/// that signals itself without end would keep it busy. How such a child ends is told once it is over.
const STOPS_MAX: u32 = 1_000;

/// Readable when a child stopped or ended.
#[derive(Debug)]
pub(super) struct Children {
    signals: OwnedFd,
    /// Per child that was stopped by a signal: how often.
    stops: HashMap<i32, u32>,
}

impl Children {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the set is a live value that the calls fill and read; the returned descriptor is owned once.
        unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            libc::sigaddset(&raw mut set, libc::SIGCHLD);
            if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) < 0 {
                return Err(io::Error::last_os_error());
            }
            match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
                descriptor if descriptor < 0 => Err(io::Error::last_os_error()),
                descriptor => Ok(Self { signals: OwnedFd::from_raw_fd(descriptor), stops: HashMap::new() }),
            }
        }
    }

    /// Tells of every child whose state changed, also of one that left the process group.
    pub(super) fn report(&mut self, mut tell: impl FnMut(&Event) -> io::Result<()>) -> io::Result<()> {
        self.clear();
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    if let Some(event) = self.event_of(pid, status.as_raw()) {
                        tell(&event)?;
                    }
                }
                Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn event_of(&mut self, pid: Pid, status: i32) -> Option<Event> {
        let pid = pid.as_raw_pid();
        if !libc::WIFSTOPPED(status) {
            self.stops.remove(&pid);
            return Some(Event::Ended { pid, status, gone: true });
        }
        let event = status >> 16;
        if event == libc::PTRACE_EVENT_EXIT {
            if is_last_thread(pid) {
                return Some(Event::Ended { pid, status: exit_status(pid)?, gone: false });
            }
            // Others may go on without it, or one of them become another program: how it ends is told when it is over.
            go_on(pid, 0);
            return None;
        }
        // A signal on its way to the script goes on; a stop of the whole process is not kept.
        let signal = if event == 0 { libc::WSTOPSIG(status) } else { 0 };
        let stops = self.stops.entry(pid).or_default();
        *stops += 1;
        if FAULTS.contains(&signal) || *stops > STOPS_MAX {
            let_go(pid, signal);
        } else {
            go_on(pid, signal);
        }
        None
    }

    /// Signals that came meanwhile are one: what they were about is asked for anyway.
    fn clear(&self) {
        let mut signals = [0_u8; 1024];
        while rustix::io::read(&self.signals, &mut signals).is_ok_and(|length| length > 0) {}
    }
}

impl AsFd for Children {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }
}

impl AsRawFd for Children {
    fn as_raw_fd(&self) -> i32 {
        self.signals.as_raw_fd()
    }
}

/// Asks for the stop at a child's end. Where the machine forbids tracing, the end is told when it is over.
pub(super) fn follow(pid: i32) {
    let options = libc::PTRACE_O_TRACEEXIT;
    // SAFETY: takes numbers only.
    unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0, options) };
}

/// Gives a child that was stopped at its end leave to go. One that is not stopped doesn't mind.
pub(super) fn release(pid: i32) {
    go_on(pid, 0);
}

/// The first process of a namespace survives its own faults for as long as it is traced: it would fault forever.
fn let_go(pid: i32, signal: i32) {
    // SAFETY: takes numbers only.
    unsafe { libc::ptrace(libc::PTRACE_DETACH, pid, 0, signal) };
}

/// A folder has a link from itself, one from its parent, and one from each folder in it: here, each thread.
fn is_last_thread(pid: i32) -> bool {
    std::fs::metadata(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.nlink() <= 3)
}

fn exit_status(pid: i32) -> Option<i32> {
    let mut status: libc::c_ulong = 0;
    // SAFETY: the kernel writes a number into a live variable of that size.
    let told = unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut status) };
    if told < 0 { None } else { i32::try_from(status).ok() }
}

fn go_on(pid: i32, signal: i32) {
    // SAFETY: takes numbers only.
    unsafe { libc::ptrace(libc::PTRACE_CONT, pid, 0, signal) };
}
