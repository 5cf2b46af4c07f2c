//! The zygote: a warm interpreter that clones a child per request.
//!
//! It needs no privilege: each child has a user namespace of its own, and thereby every capability over its own
//! namespaces. So the launcher leaves it none.

#![expect(unsafe_code, reason = "clones and changes its identity")]

use core::ffi::c_int;

use crate::{
    Settings, arenas,
    call::{Failure, check, raw},
    child::{self, Entered, Line},
    net::{self, Means},
    wire,
};

/// The line to the supervisor: standard input.
const SUPERVISOR: c_int = 0;

/// Everything of a run is in namespaces of its own. The control groups' one comes later, since it shows the groups that
/// the child is in when it is made.
const NAMESPACES: c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNET;

/// `Some` in a child; `None` in the zygote when the supervisor has hung up.
pub fn serve(settings: &Settings) -> Result<Option<Entered>, Failure> {
    arenas::join();
    child::raise_open_files();
    accept_signals()?;
    take_identity(settings)?;
    let (thread_id, means) = (thread_id_address(), find_means());
    wire::send(SUPERVISOR, b"R", &[])?;
    loop {
        let (length, descriptors) = wire::receive(SUPERVISOR, &mut [0; 8])?;
        if length == 0 {
            return Ok(None);
        }
        let &[run, stdout, stderr] = descriptors.as_slice() else {
            close_all(&descriptors);
            continue;
        };
        let line = Line { run, stdout, stderr };
        if let Some(before) = settings.before_fork {
            before();
        }
        let cloned = clone_child(thread_id);
        if let Ok((0, _)) = cloned {
            return Ok(Some(child::enter(settings, &line, means)));
        }
        if let Some(after) = settings.after_fork_parent {
            after();
        }
        close_all(&descriptors);
        reply(cloned)?;
    }
}

/// What brings connections out of a child here; asked in a process and a network of its own. Children that can't have it
/// take the next.
fn find_means() -> Means {
    // SAFETY: all zeroes is a valid value.
    let mut arguments: libc::clone_args = unsafe { core::mem::zeroed() };
    arguments.flags = u64::from((libc::CLONE_NEWUSER | libc::CLONE_NEWNET).cast_unsigned());
    arguments.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    let pid = clone("asking for the network's means", &mut arguments).unwrap_or(-1);
    if pid == 0 {
        let means = net::lay(Means::Gate).map_or(Means::Gate, |(means, _)| means);
        // SAFETY: ends the process without running the interpreter's hooks.
        unsafe { libc::_exit(means as c_int) };
    }
    let mut status: c_int = 0;
    // SAFETY: the kernel writes to a live variable.
    let ended =
        pid > 0 && unsafe { libc::waitpid(pid, &raw mut status, 0) } == pid && libc::WIFEXITED(status);
    let found = Means::ALL.into_iter().find(|means| ended && *means as c_int == libc::WEXITSTATUS(status));
    found.unwrap_or(Means::Gate)
}

/// The child's number as the launcher counts, with a descriptor of the process; or the error, negated.
fn reply(cloned: Result<(i32, c_int), Failure>) -> Result<(), Failure> {
    match cloned {
        Ok((pid, pidfd)) => {
            let sent = wire::send(SUPERVISOR, &pid.to_le_bytes(), &[pidfd]);
            close_all(&[pidfd]);
            sent
        }
        Err(failure) => wire::send(SUPERVISOR, &(-failure.errno).to_le_bytes(), &[]),
    }
}

/// `(0, _)` in the child. Its parent is the launcher, not the zygote, so that it outlives the zygote and the launcher
/// learns how it ended.
fn clone_child(thread_id: usize) -> Result<(i32, c_int), Failure> {
    let mut pidfd: c_int = -1;
    // SAFETY: all zeroes is a valid value.
    let mut arguments: libc::clone_args = unsafe { core::mem::zeroed() };
    let flags = libc::CLONE_PARENT | libc::CLONE_PIDFD | NAMESPACES;
    arguments.flags = u64::from(flags.cast_unsigned());
    arguments.pidfd = (&raw mut pidfd) as u64;
    if thread_id != 0 {
        // As the C library's own fork does: its notion of the thread's number has to follow.
        arguments.flags |= u64::from((libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID).cast_unsigned());
        arguments.child_tid = thread_id as u64;
    }
    Ok((clone("cloning a child", &mut arguments)?, pidfd))
}

/// Zero in the child.
fn clone(step: &'static str, arguments: &mut libc::clone_args) -> Result<i32, Failure> {
    let size = size_of::<libc::clone_args>();
    let pid = raw(step, libc::SYS_clone3, [core::ptr::from_mut(arguments) as usize, size, 0, 0, 0])?;
    Ok(i32::try_from(pid).unwrap_or(0))
}

/// Where the C library keeps the number of this thread; zero where the kernel doesn't say.
fn thread_id_address() -> usize {
    let mut address: usize = 0;
    // SAFETY: the kernel writes an address into a live variable of that size.
    let told = unsafe { libc::prctl(libc::PR_GET_TID_ADDRESS, &raw mut address) };
    if told == 0 { address } else { 0 }
}

/// The launcher holds signals back for itself, and what is held back is inherited.
fn accept_signals() -> Result<(), Failure> {
    // SAFETY: all zeroes is the empty set, which the call reads.
    let accepted = unsafe {
        let none: libc::sigset_t = core::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, core::ptr::null_mut())
    };
    check("accepting signals", accepted).map(drop)
}

/// The launcher took every right from the interpreter before it started, but for one that has an ordinary user's id to keep
/// ([`Settings::keep_saved_id`]): that one takes its own id now, and has kept what it needs for it.
fn take_identity(settings: &Settings) -> Result<(), Failure> {
    if settings.keep_saved_id == 0 {
        return Ok(());
    }
    // SAFETY: takes numbers only.
    check("changing the group", unsafe { libc::setresgid(settings.gid, settings.gid, settings.gid) })?;
    // SAFETY: takes numbers only.
    check("changing the user", unsafe { libc::setresuid(settings.uid, settings.uid, 0) })?;
    child::drop_capabilities()?;
    // A change of identity makes a process's files in /proc root's own; a child has to write its own id map there.
    // SAFETY: takes numbers only.
    check("staying dumpable", unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) })?;
    Ok(())
}

fn close_all(descriptors: &[c_int]) {
    for &descriptor in descriptors {
        // SAFETY: a descriptor that this process received or made, closed once.
        unsafe { libc::close(descriptor) };
    }
}
