//! Tries, one after the other, what the launcher and the runs do with namespaces and mounts, and says what is forbidden.
//! Nothing is left: all of it is in namespaces that end with this process.
//!
//! Like the launcher it has two stages, since only a new process is in the new namespace of processes.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount},
    thread::UnshareFlags,
};

use super::{NAME, SELF};
use crate::wire::{self, Event, Walls};

pub(crate) const PROBE: &str = "probe";
pub(super) const PROBE_INSIDE: &str = "probe-inside";

/// Any folder that every system has; it is covered in this namespace alone.
const PLACE: &str = "/tmp";
const OF_A_RUN: UnshareFlags = UnshareFlags::NEWPID
    .union(UnshareFlags::NEWNS)
    .union(UnshareFlags::NEWNET)
    .union(UnshareFlags::NEWIPC)
    .union(UnshareFlags::NEWUTS)
    .union(UnshareFlags::NEWCGROUP);

pub(super) fn probe(is_privileged: bool) -> io::Result<()> {
    if !is_privileged {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        if !attempt(Walls::UserNamespace, || enter(UnshareFlags::NEWUSER))? {
            return Ok(());
        }
        let mapped = || {
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
            fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
        };
        if !attempt(Walls::UserNamespace, mapped)? {
            return Ok(());
        }
    }
    if !attempt(Walls::Namespaces, || enter(OF_A_RUN))? {
        return Ok(());
    }
    let mut second = Command::new(SELF).arg0(NAME).arg(PROBE_INSIDE).stdin(Stdio::inherit()).spawn()?;
    second.wait().map(drop)
}

pub(super) fn probe_inside() -> io::Result<()> {
    let all = attempt(Walls::Mounts, mount_place)?
        && attempt(Walls::Proc, || mount_new("proc", "proc"))?
        && attempt(Walls::Root, change_root)?
        // Each run has a user namespace of its own, also where the launcher needs none.
        && attempt(Walls::UserNamespace, || enter(UnshareFlags::NEWUSER))?;
    if all { wire::send_message(io::stdin(), &Event::Furnished, &[]) } else { Ok(()) }
}

fn mount_place() -> io::Result<()> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount_new("tmpfs", PLACE)?;
    rustix::process::chdir(PLACE)?;
    fs::create_dir("proc")
}

fn mount_new(kind: &str, target: &str) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount(kind, target, kind, flags, None::<&std::ffi::CStr>)?)
}

fn change_root() -> io::Result<()> {
    Ok(rustix::process::pivot_root(".", ".").and_then(|()| unmount(".", UnmountFlags::DETACH))?)
}

fn enter(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: this process has one thread, and nothing of it relies on what is left behind.
    #[expect(unsafe_code, reason = "one system call")]
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}

/// Whether it worked; what didn't is told.
fn attempt(walls: Walls, work: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    let Err(error) = work() else { return Ok(true) };
    let missing = Event::Missing { walls, error: error.raw_os_error().unwrap_or(0) };
    wire::send_message(io::stdin(), &missing, &[])?;
    Ok(false)
}
