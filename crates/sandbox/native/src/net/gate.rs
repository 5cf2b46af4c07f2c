//! The queue of first packets: `nfnetlink_queue`, bound here and read by the supervisor.

#![expect(unsafe_code, reason = "sets an option of a socket")]

use core::ffi::c_int;

use super::netlink::{Failure, Netlink, Request};

pub(super) const QUEUE: u16 = 0;

/// The subsystem's number, and that of a message of its settings.
const QUEUE_CONFIG: u16 = 3 << 8 | 2;
const COMMAND: u16 = 1;
const PARAMETERS: u16 = 2;
const LENGTH_MAX: u16 = 3;

/// Headers of IPv6 and TCP with all its options.
const COPIED_BYTES: u32 = 128;
/// Connections that may wait for a verdict; the first packets of others are dropped and sent again by the kernel.
const WAITING_MAX: u32 = 512;

pub(super) fn open() -> Result<c_int, Failure> {
    let netlink = Netlink::open(libc::NETLINK_NETFILTER, "opening the gate")?;
    let mut request = Request::new();
    let [high, low] = QUEUE.to_be_bytes();
    request.message(QUEUE_CONFIG, libc::NLM_F_ACK, &[0, 0, high, low]);
    request.attribute(COMMAND, &[1, 0, 0, 0]);
    let [c0, c1, c2, c3] = COPIED_BYTES.to_be_bytes();
    request.attribute(PARAMETERS, &[c0, c1, c2, c3, 2]);
    request.attribute(LENGTH_MAX, &WAITING_MAX.to_be_bytes());
    netlink.ask(&request, "binding the gate")?;

    // When packets come faster than they are read, the kernel drops the surplus; that is no error of the socket.
    let on: c_int = 1;
    // SAFETY: the pointer and length are those of a live integer.
    unsafe {
        libc::setsockopt(
            netlink.fd(),
            libc::SOL_NETLINK,
            libc::NETLINK_NO_ENOBUFS,
            (&raw const on).cast(),
            libc::socklen_t::try_from(size_of_val(&on)).unwrap_or(4),
        )
    };
    Ok(netlink.into_fd())
}
