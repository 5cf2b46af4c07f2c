//! Identity, capabilities, resource limits and the system-call filter of a child.

#![expect(unsafe_code, reason = "changes what its process may do")]

use core::ffi::{CStr, c_int, c_ulong};

use crate::{
    Settings,
    call::{Failure, check, raw},
};

/// Who a script is inside its user namespace. Nobody else exists there.
const SCRIPT_ID: u32 = 1000;
const CAPABILITIES_VERSION: u32 = 0x2008_0522;
/// The highest number that a capability may ever have.
const CAPABILITY_MAX: c_ulong = 63;
/// Root means nothing, changing ids means nothing, ambient capabilities can't be had; all locked.
const SECURE_BITS: c_ulong = 0b1110_1111;
/// With zero, the kernel still runs the host's own program for core dumps where there is one (`core_pattern` begins with `|`), as
/// root and with all memory of the run; one byte is its way to say "not even that".
const CORE_BYTES_MAX: u64 = 1;
const STACK_BYTES_MAX: u64 = 8 * 1024 * 1024;
const LOCKED_BYTES_MAX: u64 = 64 * 1024;
/// Signals and timers under way. The kernel counts them per user, and all runs are one.
const SIGNALS_WAITING_MAX: u64 = 1024;

/// The single id that the namespace has: the zygote's outside, [`SCRIPT_ID`] inside.
pub fn map_identity(settings: &Settings) -> Result<(), Failure> {
    // A zygote whose id can't be changed is root of a namespace whose root is the ordinary user who started it.
    let (uid, gid) = if settings.change_id == 0 { (0, 0) } else { (settings.uid, settings.gid) };
    write_file("denying setgroups", c"/proc/self/setgroups", "deny")?;
    write_file("mapping the user", c"/proc/self/uid_map", &format!("{SCRIPT_ID} {uid} 1"))?;
    write_file("mapping the group", c"/proc/self/gid_map", &format!("{SCRIPT_ID} {gid} 1"))?;
    // SAFETY: takes numbers only.
    unsafe {
        check("taking the group", libc::setresgid(SCRIPT_ID, SCRIPT_ID, SCRIPT_ID))?;
        check("taking the user", libc::setresuid(SCRIPT_ID, SCRIPT_ID, SCRIPT_ID))?;
    }
    Ok(())
}

pub fn give_up() -> Result<(), Failure> {
    for capability in 0..=CAPABILITY_MAX {
        // SAFETY: takes numbers only.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } < 0 {
            // The kernel doesn't know capabilities from here on.
            break;
        }
    }
    // SAFETY: takes numbers only.
    unsafe {
        check("locking the secure bits", libc::prctl(libc::PR_SET_SECUREBITS, SECURE_BITS, 0, 0, 0))?;
        check(
            "clearing ambient capabilities",
            libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0),
        )?;
    }
    drop_capabilities()?;
    // SAFETY: takes numbers only.
    check("refusing new privileges", unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    Ok(())
}

pub fn drop_capabilities() -> Result<(), Failure> {
    let header: [u32; 2] = [CAPABILITIES_VERSION, 0];
    // Effective, permitted and inheritable; then the same of the capabilities from 32 on.
    let sets = [0_u32; 6];
    raw(
        "dropping capabilities",
        libc::SYS_capset,
        [header.as_ptr() as usize, sets.as_ptr() as usize, 0, 0, 0],
    )?;
    Ok(())
}

pub fn limit(settings: &Settings) -> Result<(), Failure> {
    let limits = [
        (libc::RLIMIT_CORE, CORE_BYTES_MAX),
        (libc::RLIMIT_FSIZE, settings.tmp_bytes_max),
        (libc::RLIMIT_STACK, STACK_BYTES_MAX),
        (libc::RLIMIT_MEMLOCK, LOCKED_BYTES_MAX),
        (libc::RLIMIT_MSGQUEUE, 0),
        (libc::RLIMIT_SIGPENDING, SIGNALS_WAITING_MAX),
        (libc::RLIMIT_NICE, 0),
        (libc::RLIMIT_RTPRIO, 0),
    ];
    limits.into_iter().try_for_each(|(resource, most)| limit_one(resource, most))
}

/// After the sockets were handed out. The kernel lets a user have as many descriptors under way between processes as one
/// process may have open, and all runs are one user: a script that sends as many as it may, and takes none, must not keep
/// other children from handing out theirs.
pub fn limit_open_files(settings: &Settings) -> Result<(), Failure> {
    limit_one(libc::RLIMIT_NOFILE, settings.open_files_max)
}

/// As many open files as this process may have, for a zygote and what its children do before they are limited.
pub fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to a live limit.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

fn limit_one(resource: libc::__rlimit_resource_t, most: u64) -> Result<(), Failure> {
    let value = libc::rlimit { rlim_cur: most, rlim_max: most };
    // SAFETY: the pointer is to a live limit.
    check("limiting resources", unsafe { libc::setrlimit(resource, &raw const value) }).map(drop)
}

/// The last step: what the list does not name, nobody in this run may call any more.
pub fn filter_calls(settings: &Settings) -> Result<(), Failure> {
    let length = settings.filter_bytes / size_of::<libc::sock_filter>();
    let program =
        libc::sock_fprog { len: u16::try_from(length).unwrap_or(0), filter: settings.filter.cast_mut() };
    raw(
        "filtering system calls",
        libc::SYS_seccomp,
        [libc::SECCOMP_SET_MODE_FILTER as usize, 0, (&raw const program) as usize, 0, 0],
    )?;
    Ok(())
}

fn write_file(step: &'static str, path: &CStr, text: &str) -> Result<(), Failure> {
    // SAFETY: the path is a C string.
    let file = check(step, unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) })?;
    let file = c_int::try_from(file).unwrap_or(-1);
    // SAFETY: pointer and length are those of a live text.
    let written = unsafe { libc::write(file, text.as_ptr().cast(), text.len()) };
    let written = check(step, i64::try_from(written).unwrap_or(-1));
    // SAFETY: this function opened it.
    unsafe { libc::close(file) };
    written.map(drop)
}
