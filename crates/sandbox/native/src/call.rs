//! The result of a system call, with the step that it belongs to.

use core::ffi::c_long;

pub use crate::net::Failure;

/// What `libc` returned, or the step that failed.
pub fn check<N: Into<i64> + Copy>(step: &'static str, returned: N) -> Result<i64, Failure> {
    let returned: i64 = returned.into();
    if returned < 0 { Err(Failure::last(step)) } else { Ok(returned) }
}

/// A call that libc has no name for, with up to five numbers or addresses.
pub fn raw(step: &'static str, number: c_long, arguments: [usize; 5]) -> Result<i64, Failure> {
    let [first, second, third, fourth, fifth] = arguments;
    // SAFETY: callers pass addresses of live values of the sizes that the call reads.
    #[expect(unsafe_code, reason = "a system call")]
    check(step, unsafe { libc::syscall(number, first, second, third, fourth, fifth) })
}
