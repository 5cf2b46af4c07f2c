//! A second wall around files, which no mount can get around: read and execute the image, write where a run may write.

#![expect(unsafe_code, reason = "opens the folders that the rules are about")]

use core::ffi::{CStr, c_int};

use crate::call::{Failure, check, raw};

const VERSION_FLAG: usize = 1;
const RULE_PATH_BENEATH: usize = 1;
/// `LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF`; what a script executes is not logged by default.
const LOG_NOTHING: usize = 1;

const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const MAKE_CHARACTER_DEVICE: u64 = 1 << 6;
const MAKE_BLOCK_DEVICE: u64 = 1 << 11;

const READ: u64 = READ_FILE | READ_DIR;
const NEVER: u64 = EXECUTE | MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE;

/// What a script may do beneath a folder; nothing elsewhere.
const RULES: [(&CStr, u64); 8] = [
    (c"/usr", READ | EXECUTE),
    (c"/etc", READ),
    (c"/var", READ),
    (c"/opt", READ | EXECUTE),
    (c"/proc", READ | WRITE_FILE),
    (c"/dev", READ | WRITE_FILE),
    (c"/dev/shm", !NEVER),
    (c"/tmp", !NEVER),
];

#[repr(C)]
struct Ruleset {
    files: u64,
    network: u64,
    scopes: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: c_int,
}

pub fn enforce() -> Result<(), Failure> {
    let version = raw("asking for landlock", libc::SYS_landlock_create_ruleset, [0, 0, VERSION_FLAG, 0, 0])?;
    let handled = rights_of(version);
    let ruleset = Ruleset { files: handled, network: 0, scopes: scopes_of(version) };
    // Older kernels know a shorter set.
    let size = if version >= 6 { size_of::<Ruleset>() } else { size_of::<u64>() };
    let rules = raw(
        "making landlock rules",
        libc::SYS_landlock_create_ruleset,
        [(&raw const ruleset) as usize, size, 0, 0, 0],
    )?;
    let rules = usize::try_from(rules).unwrap_or(0);
    // Every folder may be listed; the files in those that no rule names can't be read.
    add(rules, c"/", READ_DIR & handled)?;
    for (folder, rights) in RULES {
        add(rules, folder, rights & handled)?;
    }
    // From version 7 on the kernel's audit log has a line for each refusal: a script could fill it.
    let flags = if version >= 7 { LOG_NOTHING } else { 0 };
    raw("enforcing landlock", libc::SYS_landlock_restrict_self, [rules, flags, 0, 0, 0])?;
    Ok(())
}

fn add(rules: usize, folder: &CStr, allowed: u64) -> Result<(), Failure> {
    // SAFETY: the path is a C string.
    let parent = unsafe { libc::open(folder.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) };
    let parent = check("opening a folder for landlock", parent)?;
    let rule = PathBeneath { allowed, parent: c_int::try_from(parent).unwrap_or(-1) };
    raw(
        "adding a landlock rule",
        libc::SYS_landlock_add_rule,
        [rules, RULE_PATH_BENEATH, (&raw const rule) as usize, 0, 0],
    )?;
    // SAFETY: this function opened it.
    unsafe { libc::close(rule.parent) };
    Ok(())
}

/// Every right that this version of landlock can withhold.
fn rights_of(version: i64) -> u64 {
    match version {
        ..=1 => (1 << 13) - 1,
        2 => (1 << 14) - 1,
        3..=4 => (1 << 15) - 1,
        _ => (1 << 16) - 1,
    }
}

/// No abstract sockets of others, no signals to others.
fn scopes_of(version: i64) -> u64 {
    if version >= 6 { 0b11 } else { 0 }
}
