//! The part of a sandbox that runs inside the interpreter's process, before the script: system calls only.
//!
//! It must not know what runs or why; it must not start threads or read the environment.
//!
//! `zygote.py` loads it and calls, in this order:
//!
//! 1. [`errand_gather`] before it warms up, so that what it then loads lies where clones of it are cheap.
//! 2. [`errand_serve`] once the interpreter is warm. It clones a child for each request of the supervisor. It returns in each child, which is then behind every wall ([`child::enter`] has the
//!    order of steps), and in the zygote when the supervisor has closed the line.
//! 3. [`errand_ready`], in a child, when the interpreter has got over the fork. It hands the sockets out and leaves
//!    nothing open but the line to the supervisor.

#![expect(unsafe_code, reason = "is called by the interpreter, over the C calling convention")]

mod arenas;
mod call;
mod child;
pub mod net;
mod wire;
mod zygote;

use core::ffi::c_int;
use std::cell::RefCell;

use child::Entered;

/// What `zygote.py` hands over, laid out as C does.
#[repr(C)]
#[derive(Debug)]
pub struct Settings {
    /// Identity of the zygote, and of its children outside their user namespaces.
    pub uid: u32,
    pub gid: u32,
    /// The zygote starts as root of the launcher's namespace and keeps it as its saved id, so that an ordinary user's
    /// supervisor may put its children into control groups. Children lose it.
    pub keep_saved_id: u32,
    /// Zero where the zygote's identity can't be changed (a user namespace with a single id).
    pub change_id: u32,
    pub tmp_bytes_max: u64,
    pub shm_bytes_max: u64,
    pub open_files_max: u64,
    /// Where the interpreter keeps its hooks around a fork.
    pub before_fork: Option<extern "C" fn()>,
    pub after_fork_parent: Option<extern "C" fn()>,
    /// The system-call filter, and its length in bytes.
    pub filter: *const libc::sock_filter,
    pub filter_bytes: usize,
}

thread_local! {
    static ENTERED: RefCell<Option<Entered>> = const { RefCell::new(None) };
}

/// Takes the interpreter's own `PyObject_SetArenaAllocator`, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn errand_gather(set: Option<arenas::SetArenaAllocator>) {
    if let Some(set) = set {
        arenas::gather(set);
    }
}

/// Serves the supervisor on descriptor 0. Returns 1 in a child and 0 in the zygote, at its end; negative where the
/// zygote could not begin.
///
/// # Safety
/// `settings` points to a whole [`Settings`] whose filter outlives the call; the caller is the interpreter's only
/// thread and holds its lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn errand_serve(settings: *const Settings) -> c_int {
    // SAFETY: the caller promises a live value.
    let Some(settings) = (unsafe { settings.as_ref() }) else {
        return -libc::EINVAL;
    };
    match zygote::serve(settings) {
        Ok(None) => 0,
        Ok(Some(entered)) => {
            ENTERED.set(Some(entered));
            1
        }
        Err(failure) => -failure.errno,
    }
}

/// Tells the supervisor that this child stands ready. Returns the descriptor on which the program will come.
///
/// # Safety
/// As for [`errand_serve`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn errand_ready(settings: *const Settings) -> c_int {
    // SAFETY: the caller promises a live value.
    match (unsafe { settings.as_ref() }, ENTERED.take()) {
        (Some(settings), Some(entered)) => child::stand_ready(settings, &entered),
        _ => -1,
    }
}
