//! A child, from its clone to standing ready.

#![expect(unsafe_code, reason = "moves descriptors and ends its process")]

mod landlock;
mod privileges;
mod room;

use core::ffi::c_int;

use crate::{
    Settings,
    call::{Failure, check, raw},
    net::{self, Means, Sockets},
    wire,
};

pub use privileges::{drop_capabilities, raise_open_files};

/// Where the line to the supervisor lies once a child stands ready.
const RUN: c_int = 3;
/// How a child ends that could not be walled in; the supervisor has heard why.
const EXIT_FAILED: c_int = 70;

/// What the supervisor sent with its request.
#[derive(Debug)]
pub struct Line {
    pub run: c_int,
    pub stdout: c_int,
    pub stderr: c_int,
}

/// What a child has to hand out.
#[derive(Debug)]
pub struct Entered {
    run: c_int,
    /// `/tmp` seen from outside, so that the supervisor can tell that it was full.
    tmp: c_int,
    sockets: Sockets,
}

/// Walls this process in. A step that fails ends it: there is no weaker child.
pub fn enter(settings: &Settings, line: &Line, means: Means) -> Entered {
    match steps(settings, line, means) {
        Ok(entered) => entered,
        Err(failure) => fail(line.run, failure),
    }
}

/// The order matters: mounts and sockets need capabilities, capabilities go before the filter, and the filter is last
/// since it forbids the calls of the other steps.
fn steps(settings: &Settings, line: &Line, means: Means) -> Result<Entered, Failure> {
    lead_own_session()?;
    take_output(line)?;
    join_groups(line.run)?;
    privileges::map_identity(settings)?;
    room::see_own_groups_only()?;
    let tmp = room::furnish(settings)?;
    let sockets = net::set_up(means)?;
    privileges::give_up()?;
    privileges::limit(settings)?;
    landlock::enforce()?;
    privileges::filter_calls(settings)?;
    Ok(Entered { run: line.run, tmp, sockets })
}

/// Hands the sockets out, closes everything but the standard streams and the line, and returns the line.
pub fn stand_ready(settings: &Settings, entered: &Entered) -> c_int {
    let mut message = vec![b'R'];
    let mut descriptors = vec![entered.tmp];
    for socket in entered.sockets.as_slice() {
        message.push(socket.role as u8);
        descriptors.push(socket.fd);
    }
    let handed = wire::send(entered.run, &message, &descriptors)
        .and_then(|()| privileges::limit_open_files(settings))
        .and_then(|()| leave_only_the_line(entered.run));
    match handed {
        Ok(()) => RUN,
        Err(failure) => fail(entered.run, failure),
    }
}

fn leave_only_the_line(run: c_int) -> Result<(), Failure> {
    if run != RUN {
        // SAFETY: takes numbers only.
        check("moving the line", unsafe { libc::dup3(run, RUN, libc::O_CLOEXEC) })?;
    }
    let first = usize::try_from(RUN + 1).unwrap_or(usize::MAX);
    raw("closing what was inherited", libc::SYS_close_range, [first, u32::MAX as usize, 0, 0, 0])?;
    Ok(())
}

/// A process group holds its members across namespaces of process numbers: a signal to "my group" would go to the launcher,
/// the zygotes and other runs.
fn lead_own_session() -> Result<(), Failure> {
    // SAFETY: takes nothing.
    check("leaving the launcher's session", unsafe { libc::setsid() }).map(drop)
}

/// Standard input is empty; the others are the supervisor's pipes.
fn take_output(line: &Line) -> Result<(), Failure> {
    // SAFETY: the path is a C string.
    let null = check("opening /dev/null", unsafe {
        libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC)
    })?;
    let null = c_int::try_from(null).unwrap_or(-1);
    for (from, to) in [(null, 0), (line.stdout, 1), (line.stderr, 2)] {
        // SAFETY: takes numbers only.
        check("setting the standard streams", unsafe { libc::dup2(from, to) })?;
    }
    Ok(())
}

/// The supervisor puts this process into its control groups, or sends files by which it gets in by itself: from there
/// on, what it uses counts.
fn join_groups(run: c_int) -> Result<(), Failure> {
    let (length, doors) = wire::receive(run, &mut [0; 1])?;
    if length == 0 {
        end(0);
    }
    for door in doors {
        // SAFETY: pointer and length are those of a live text.
        let moved = unsafe { libc::write(door, c"0".as_ptr().cast(), 1) };
        check("joining a control group", i64::try_from(moved).unwrap_or(-1))?;
        // SAFETY: a descriptor that this process received, closed once.
        unsafe { libc::close(door) };
    }
    Ok(())
}

fn fail(run: c_int, failure: Failure) -> ! {
    let mut message = vec![b'F'];
    message.extend(failure.errno.to_le_bytes());
    message.extend(failure.step.as_bytes());
    // When the supervisor is gone there is nobody to tell.
    let _ = wire::send(run, &message, &[]);
    end(EXIT_FAILED)
}

fn end(code: c_int) -> ! {
    // SAFETY: ends the process without running the interpreter's hooks.
    unsafe { libc::_exit(code) }
}
