//! Turns decisions into a filter program (classic BPF), as a binary search over the calls' numbers.
//!
//! A list that is tried entry by entry costs up to three times as much per call, and each run makes thousands.

use std::collections::BTreeMap;

use super::list::{Condition, Decision};

/// As the kernel lays it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;

const RETURN_ALLOW: u32 = 0x7FFF_0000;
const RETURN_ERROR: u32 = 0x0005_0000;
const RETURN_KILL_PROCESS: u32 = 0x8000_0000;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
/// Calls of the x32 ABI share the architecture's number and carry this bit.
#[cfg(target_arch = "x86_64")]
const X32_BIT: u32 = 0x4000_0000;

/// Calls from here on are newer than this list: "not there" makes libraries take the way of older kernels.
const NEWEST_KNOWN: u32 = 472;

/// What a range of numbers leads to, up to the next range.
struct Range<'a> {
    first: u32,
    decision: &'a Decision,
}

pub fn filter(decisions: &BTreeMap<u32, Decision>) -> Vec<Instruction> {
    let refused = Decision::Refuse(errno(libc::EPERM));
    let unknown = Decision::Refuse(errno(libc::ENOSYS));
    let mut program = vec![
        load(OFFSET_ARCHITECTURE),
        // A program of another architecture, such as 32-bit code, has other numbers: it ends.
        Instruction { code: JUMP_IF_EQUAL, if_true: 1, if_false: 0, value: ARCHITECTURE },
        returning(RETURN_KILL_PROCESS),
        load(OFFSET_NUMBER),
    ];
    #[cfg(target_arch = "x86_64")]
    program.extend([
        Instruction { code: JUMP_IF_AT_LEAST, if_true: 0, if_false: 1, value: X32_BIT },
        returning(RETURN_KILL_PROCESS),
    ]);
    program.extend(search(&ranges(decisions, &refused, &unknown)));
    program
}

/// Covers every number from zero; neighbours that lead to the same are one.
fn ranges<'a>(
    decisions: &'a BTreeMap<u32, Decision>,
    refused: &'a Decision,
    unknown: &'a Decision,
) -> Vec<Range<'a>> {
    let mut all: Vec<Range<'a>> = vec![Range { first: 0, decision: refused }];
    let mut push = |first: u32, decision: &'a Decision| match all.last_mut() {
        Some(last) if last.decision == decision => {}
        Some(last) if last.first == first => last.decision = decision,
        _ => all.push(Range { first, decision }),
    };
    for (&number, decision) in decisions {
        push(number, decision);
        if !decisions.contains_key(&(number + 1)) {
            push(number + 1, refused);
        }
    }
    push(NEWEST_KNOWN, unknown);
    all
}

fn search(ranges: &[Range<'_>]) -> Vec<Instruction> {
    let (left, right) = ranges.split_at(ranges.len() / 2);
    let [middle, ..] = right else {
        return Vec::new();
    };
    if left.is_empty() {
        return decide(middle.decision);
    }
    let below = search(left);
    let mut code = Vec::new();
    match u8::try_from(below.len()) {
        Ok(skipped) => code.push(Instruction {
            code: JUMP_IF_AT_LEAST,
            if_true: skipped,
            if_false: 0,
            value: middle.first,
        }),
        Err(_) => code.extend([
            Instruction { code: JUMP_IF_AT_LEAST, if_true: 0, if_false: 1, value: middle.first },
            jump(below.len()),
        ]),
    }
    code.extend(below);
    code.extend(search(right));
    code
}

fn decide(decision: &Decision) -> Vec<Instruction> {
    match decision {
        Decision::Allow => vec![returning(RETURN_ALLOW)],
        Decision::Refuse(error) => vec![returning(RETURN_ERROR | u32::from(*error))],
        Decision::When { alternatives, refusal } => {
            let mut code: Vec<Instruction> = alternatives.iter().flat_map(|all| alternative(all)).collect();
            code.push(returning(RETURN_ERROR | u32::from(*refusal)));
            code
        }
    }
}

/// Returns "allow", or falls through to what follows.
fn alternative(conditions: &[Condition]) -> Vec<Instruction> {
    let mut code = vec![returning(RETURN_ALLOW)];
    for condition in conditions.iter().rev() {
        let mut tested = test(condition);
        tested.push(jump(code.len()));
        tested.extend(code);
        code = tested;
    }
    code
}

/// Skips the one instruction that follows it when the condition holds.
fn test(condition: &Condition) -> Vec<Instruction> {
    let mut code = vec![load(OFFSET_ARGUMENTS + 8 * u32::from(condition.argument))];
    if let Some(mask) = condition.mask {
        code.push(Instruction { code: AND, if_true: 0, if_false: 0, value: mask });
    }
    let count = condition.values.len();
    for (index, &value) in condition.values.iter().enumerate() {
        let to_the_end = u8::try_from(count - index).unwrap_or(u8::MAX);
        code.push(Instruction { code: JUMP_IF_EQUAL, if_true: to_the_end, if_false: 0, value });
    }
    code
}

fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD, if_true: 0, if_false: 0, value: offset }
}

fn jump(skipped: usize) -> Instruction {
    let value = u32::try_from(skipped).unwrap_or(u32::MAX);
    Instruction { code: JUMP, if_true: 0, if_false: 0, value }
}

fn returning(value: u32) -> Instruction {
    Instruction { code: RETURN, if_true: 0, if_false: 0, value }
}

fn errno(number: i32) -> u16 {
    u16::try_from(number).unwrap_or(1)
}

impl Instruction {
    pub fn to_bytes(self) -> [u8; 8] {
        let [c0, c1] = self.code.to_ne_bytes();
        let [v0, v1, v2, v3] = self.value.to_ne_bytes();
        [c0, c1, self.if_true, self.if_false, v0, v1, v2, v3]
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
