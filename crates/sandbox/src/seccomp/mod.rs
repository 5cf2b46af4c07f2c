//! The system-call filter: from the list in `seccomp/calls.json` to instructions that the kernel runs on each call.

mod assemble;
mod list;

pub use list::ListError;

const CALLS: &str = include_str!("../../seccomp/calls.json");

/// The filter of this machine's architecture, in the kernel's own layout.
pub fn filter() -> Result<Vec<u8>, ListError> {
    let decisions = list::read(CALLS)?;
    let instructions = assemble::filter(&decisions);
    Ok(instructions.into_iter().flat_map(assemble::Instruction::to_bytes).collect())
}
