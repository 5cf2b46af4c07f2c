//! Messages with descriptors, over Unix sockets.

#![expect(unsafe_code, reason = "sends and receives descriptors, in buffers of its own")]

use core::{ffi::c_int, mem, ptr};

use crate::call::{Failure, check};

/// Descriptors in one message. The kernel's own limit is 253.
pub const DESCRIPTORS_MAX: usize = 96;

/// Room for the descriptors with their header, aligned as the header must be.
#[repr(C, align(8))]
struct Control([u8; 24 + 4 * DESCRIPTORS_MAX]);

pub fn send(socket: c_int, bytes: &[u8], descriptors: &[c_int]) -> Result<(), Failure> {
    let mut control = Control([0; 24 + 4 * DESCRIPTORS_MAX]);
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: an empty message is all zeroes.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    let descriptors = descriptors.get(..DESCRIPTORS_MAX).unwrap_or(descriptors);
    if !descriptors.is_empty() {
        let length = u32::try_from(size_of_val(descriptors)).unwrap_or(0);
        message.msg_control = (&raw mut control).cast();
        // SAFETY: pure arithmetic.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(length) } as _;
        // SAFETY: the message has a control buffer that is large enough for the header and every descriptor.
        unsafe {
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(length) as _;
            ptr::copy_nonoverlapping(
                descriptors.as_ptr().cast::<u8>(),
                libc::CMSG_DATA(header),
                size_of_val(descriptors),
            );
        }
    }
    // SAFETY: every pointer in the message is to a live buffer of the length beside it.
    let sent = unsafe { libc::sendmsg(socket, &raw const message, libc::MSG_NOSIGNAL) };
    check("sending to the supervisor", i64::try_from(sent).unwrap_or(-1)).map(drop)
}

/// One message of at most `bytes.len()`: how much came, and the descriptors with it. `(0, _)` is the end of the line.
pub fn receive(socket: c_int, bytes: &mut [u8]) -> Result<(usize, Vec<c_int>), Failure> {
    let mut control = Control([0; 24 + 4 * DESCRIPTORS_MAX]);
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: an empty message is all zeroes.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast();
    message.msg_controllen = size_of::<Control>() as _;
    let length = loop {
        // SAFETY: every pointer in the message is to a live buffer of the length beside it.
        let got = unsafe { libc::recvmsg(socket, &raw mut message, libc::MSG_CMSG_CLOEXEC) };
        match check("hearing from the supervisor", i64::try_from(got).unwrap_or(-1)) {
            Err(failure) if failure.errno == libc::EINTR => {}
            other => break other?,
        }
    };
    // SAFETY: the kernel filled the control buffer and its length.
    let descriptors = unsafe { descriptors_of(&message) };
    Ok((usize::try_from(length).unwrap_or(0), descriptors))
}

/// # Safety
/// The message was filled by `recvmsg`.
unsafe fn descriptors_of(message: &libc::msghdr) -> Vec<c_int> {
    // SAFETY: the caller promises a message of the kernel's.
    let header = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: a header within the message's control buffer, or none.
    let Some(found) = (unsafe { header.as_ref() }) else {
        return Vec::new();
    };
    if found.cmsg_level != libc::SOL_SOCKET || found.cmsg_type != libc::SCM_RIGHTS {
        return Vec::new();
    }
    // SAFETY: pure arithmetic.
    let head = unsafe { libc::CMSG_LEN(0) } as usize;
    #[allow(clippy::unnecessary_cast, reason = "its type differs between C libraries")]
    let count = (found.cmsg_len as usize).saturating_sub(head) / size_of::<c_int>();
    // SAFETY: that many descriptors follow the header.
    let one =
        |at: usize| unsafe { libc::CMSG_DATA(header).add(at * size_of::<c_int>()).cast::<[u8; 4]>().read() };
    (0..count).map(|at| c_int::from_ne_bytes(one(at))).collect()
}
