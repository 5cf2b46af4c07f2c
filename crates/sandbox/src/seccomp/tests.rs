//! The filter is run here by a small machine of its own, as the kernel would run it.

use super::super::{CALLS, list};
use super::*;

/// Runs the program and returns its verdict.
fn verdict(program: &[Instruction], architecture: u32, number: u32, arguments: [u32; 4]) -> u32 {
    let (mut at, mut held) = (0_usize, 0_u32);
    loop {
        let step = program[at];
        at += 1;
        match step.code {
            LOAD => {
                held = match step.value {
                    OFFSET_NUMBER => number,
                    OFFSET_ARCHITECTURE => architecture,
                    offset => arguments[((offset - OFFSET_ARGUMENTS) / 8) as usize],
                }
            }
            AND => held &= step.value,
            JUMP => at += step.value as usize,
            JUMP_IF_EQUAL => at += usize::from(if held == step.value { step.if_true } else { step.if_false }),
            JUMP_IF_AT_LEAST => {
                at += usize::from(if held >= step.value { step.if_true } else { step.if_false });
            }
            RETURN => return step.value,
            other => panic!("no such instruction: {other}"),
        }
    }
}

fn check<const N: usize>(call: &str, first: [u32; N], expect: u32) {
    let mut arguments = [0; 4];
    arguments[..N].copy_from_slice(&first);
    let program = filter(&list::read(CALLS).expect("a list"));
    let number: syscalls::Sysno = call.parse().expect("a call");
    let number = u32::try_from(number.id()).expect("a number");
    assert_eq!(verdict(&program, ARCHITECTURE, number, arguments), expect, "{call} {arguments:x?}");
}

const REFUSED: u32 = RETURN_ERROR | libc::EPERM as u32;

#[test]
fn calls_are_decided_as_listed() {
    check("read", [0; 3], RETURN_ALLOW);
    check("openat", [0; 3], RETURN_ALLOW);
    for call in
        ["mount", "unshare", "setns", "ptrace", "bpf", "keyctl", "memfd_create", "io_uring_setup", "reboot"]
    {
        check(call, [0; 3], REFUSED);
    }
    check("clone3", [0; 3], RETURN_ERROR | libc::ENOSYS as u32);
}

#[test]
fn arguments_are_looked_at() {
    check("clone", [0x0100_0011, 0, 0], RETURN_ALLOW);
    for namespace in
        [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x80]
    {
        check("clone", [namespace | 0x11, 0, 0], REFUSED);
    }
    let (stream, datagram, raw, flags) = (1, 2, 3, 0x80800);
    check("socket", [2, stream | flags, 6], RETURN_ALLOW);
    check("socket", [10, datagram, 0], RETURN_ALLOW);
    check("socket", [1, stream, 0], RETURN_ALLOW);
    check("socket", [2, raw, 0], REFUSED);
    check("socket", [2, datagram, 1], REFUSED);
    check("socket", [2, stream, 262], REFUSED);
    for family in [16, 17, 38, 40, 44] {
        check("socket", [family, stream, 0], REFUSED);
    }
    let (private, huge) = (0x22, 0x4_0000);
    check("mmap", [0, 0, 3, private], RETURN_ALLOW);
    check("mmap", [0, 0, 3, private | huge], REFUSED);
    let (get_flags, notify, lease) = (3, 1026, 1024);
    check("fcntl", [1, get_flags], RETURN_ALLOW);
    check("fcntl", [1, notify], REFUSED);
    check("fcntl", [1, lease], REFUSED);
    let no_option = RETURN_ERROR | libc::ENOPROTOOPT as u32;
    check("setsockopt", [3, 1, 2, 0], RETURN_ALLOW);
    check("setsockopt", [3, 1, 26, 0], no_option);
    check("setsockopt", [3, 6, 1, 0], RETURN_ALLOW);
    check("setsockopt", [3, 6, 31, 0], no_option);
    check("setsockopt", [3, 41, 26, 0], RETURN_ALLOW);
    check("setsockopt", [3, 270, 1, 0], no_option);
    check("ioctl", [0, 0x5401, 0], RETURN_ALLOW);
    check("ioctl", [0, 0x5412, 0], RETURN_ERROR | libc::ENOTTY as u32);
}

/// The search finds for each number what the list says of it.
#[test]
fn every_number_leads_where_the_list_says() {
    let decisions = list::read(CALLS).expect("a list");
    let program = filter(&decisions);
    assert!(program.len() < 4096, "the kernel takes 4,096 instructions: {}", program.len());
    for number in 0..600 {
        let expect = match decisions.get(&number) {
            Some(Decision::Allow) => RETURN_ALLOW,
            Some(Decision::Refuse(error)) => RETURN_ERROR | u32::from(*error),
            Some(Decision::When { .. }) => continue,
            None if number >= NEWEST_KNOWN => RETURN_ERROR | libc::ENOSYS as u32,
            None => REFUSED,
        };
        assert_eq!(verdict(&program, ARCHITECTURE, number, [0; 4]), expect, "call {number}");
    }
}

#[test]
fn other_architectures_end() {
    let program = filter(&list::read(CALLS).expect("a list"));
    assert_eq!(verdict(&program, 0x4000_0003, 0, [0; 4]), RETURN_KILL_PROCESS);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(verdict(&program, ARCHITECTURE, X32_BIT, [0; 4]), RETURN_KILL_PROCESS);
}

/// A name that no architecture has would silently allow nothing.
#[test]
#[cfg(target_arch = "x86_64")]
fn every_name_is_known() {
    let list: serde_json::Value = serde_json::from_str(CALLS).expect("JSON");
    let names = list["allow"]
        .as_array()
        .expect("entries")
        .iter()
        .flat_map(|entry| entry["calls"].as_array().expect("calls"));
    for name in names {
        let name = name.as_str().expect("a name");
        assert!(name.parse::<syscalls::Sysno>().is_ok(), "{name}");
    }
}
