//! What an interpreter may do from its first instruction on: next to nothing.
//!
//! The image's interpreter and modules are other people's code, and run before there is a child to wall in. So the
//! launcher's rights are given up between its fork and the interpreter's start.

use std::io;

use rustix::{
    process::{Gid, Uid},
    thread::{
        CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
        set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    },
};

use crate::wire::ZygoteSettings;

/// The highest number that a capability may ever have.
const CAPABILITY_MAX: u32 = 63;

/// Call it in the new process, before it becomes the interpreter. Makes system calls only.
pub(super) fn give_up(zygote: &ZygoteSettings) -> io::Result<()> {
    let kept = kept_capabilities(zygote);
    // A user namespace with a single id doesn't allow it, and has no groups to lose.
    let _ = set_thread_groups(&[]);
    if changes_id(zygote) {
        let gid = Gid::from_raw(zygote.gid);
        set_thread_res_gid(gid, gid, gid)?;
    }
    bound(kept)?;
    if changes_id(zygote) {
        let uid = Uid::from_raw(zygote.uid);
        set_thread_res_uid(uid, uid, uid)?;
    }
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, sets)?)
}

/// A zygote that is to keep an id besides its own changes it later: a program that starts has one only.
fn changes_id(zygote: &ZygoteSettings) -> bool {
    zygote.change_id != 0 && zygote.keep_saved_id == 0
}

/// All over the launcher's user namespace, which is that of an ordinary user or a container's root. The machine's root keeps
/// none.
fn kept_capabilities(zygote: &ZygoteSettings) -> CapabilitySet {
    if zygote.change_id == 0 {
        // A child maps itself to who the zygote is. Where that is root of the launcher's namespace, who makes the child has
        // to have this one.
        CapabilitySet::SETFCAP
    } else if zygote.keep_saved_id != 0 {
        CapabilitySet::SETUID | CapabilitySet::SETGID
    } else {
        CapabilitySet::empty()
    }
}

/// What a program gets that starts as root of its namespace. One that starts as anybody else gets nothing, so that a
/// container's root who may not change this set has no need to.
fn bound(kept: CapabilitySet) -> io::Result<()> {
    for number in 0..=CAPABILITY_MAX {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match remove_one(one, kept) {
            // The kernel doesn't know capabilities from here on.
            Err(rustix::io::Errno::INVAL) => break,
            Err(error) if !kept.is_empty() => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn remove_one(one: CapabilitySet, kept: CapabilitySet) -> rustix::io::Result<()> {
    if kept.contains(one) { Ok(()) } else { remove_capability_from_bounding_set(one) }
}
