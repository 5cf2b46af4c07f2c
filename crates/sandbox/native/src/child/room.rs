//! What a run sees of a file system: the image, read-only, with a `/tmp`, a `/dev/shm` and a `/proc` of its own.

#![expect(unsafe_code, reason = "mounts and changes the root")]

use core::ffi::{CStr, c_int, c_ulong};
use std::ffi::CString;

use crate::{
    Settings,
    call::{Failure, check},
};

/// The launcher mounts the image's *folder*; this is a link to the image in it. The root of a run thus lies below that
/// mount, which is out of reach: `/proc/self/mountinfo` doesn't list it, nor the host's path of the image.
const ROOT: &CStr = c"/room";
const TMP: &CStr = c"/room/tmp";
const SHM: &CStr = c"/room/dev/shm";
const PROC: &CStr = c"/room/proc";
const HOST_NAME: &[u8] = b"sandbox";

const FLAGS: c_ulong = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
/// A file takes some memory even when it is empty.
const BYTES_PER_FILE: u64 = 4096;

/// The group that a run is in looks like the root of all groups to it.
pub fn see_own_groups_only() -> Result<(), Failure> {
    // SAFETY: takes a number only.
    check("hiding control groups", unsafe { libc::unshare(libc::CLONE_NEWCGROUP) }).map(drop)
}

/// Returns a descriptor of `/tmp`, good for nothing but asking how full it is.
pub fn furnish(settings: &Settings) -> Result<c_int, Failure> {
    // SAFETY: pointer and length are those of a live text.
    check("naming the host", unsafe { libc::sethostname(HOST_NAME.as_ptr().cast(), HOST_NAME.len()) })?;
    // SAFETY: an empty text.
    check("naming the domain", unsafe { libc::setdomainname(c"".as_ptr(), 0) })?;
    mount("mounting /tmp", c"tmpfs", TMP, &sized(settings.tmp_bytes_max))?;
    mount("mounting /dev/shm", c"tmpfs", SHM, &sized(settings.shm_bytes_max))?;
    mount("mounting /proc", c"proc", PROC, c"hidepid=invisible,subset=pid")?;
    // SAFETY: the paths are C strings.
    unsafe {
        check("changing the root", libc::chroot(ROOT.as_ptr()))?;
        check("entering /tmp", libc::chdir(c"/tmp".as_ptr()))?;
        let tmp = check("opening /tmp", libc::open(c"/tmp".as_ptr(), libc::O_PATH | libc::O_CLOEXEC))?;
        Ok(c_int::try_from(tmp).unwrap_or(-1))
    }
}

fn sized(bytes_max: u64) -> CString {
    let files_max = bytes_max / BYTES_PER_FILE;
    CString::new(format!("mode=1777,size={bytes_max},nr_inodes={files_max}")).unwrap_or_default()
}

fn mount(step: &'static str, kind: &CStr, target: &CStr, options: &CStr) -> Result<(), Failure> {
    // SAFETY: every pointer is to a C string.
    let mounted = unsafe {
        libc::mount(
            kind.as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            FLAGS,
            options.as_ptr().cast::<core::ffi::c_void>(),
        )
    };
    check(step, mounted).map(drop)
}
