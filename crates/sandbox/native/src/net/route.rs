//! Loopback up, with an address per family and every address made local to it.

use core::ffi::c_int;

use super::netlink::{Failure, Netlink, Request};

/// Loopback is the first device of every namespace.
const LOOPBACK: u32 = 1;

/// The run's own addresses, from which it is seen to connect: the first of the ranges that names are given addresses
/// from. Resolvers that ask only for what the machine has an address of (`AI_ADDRCONFIG`) don't count 127.0.0.1.
const OWN_V4: [u8; 4] = [198, 18, 0, 1];
const OWN_V6: [u8; 16] = [0xfd, 0x45, 0x72, 0x72, 0x61, 0x6e, 0x64, 0, 0, 0, 0, 0, 0, 0, 0, 1];

const CREATE: c_int = libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_REPLACE;

pub(super) fn set_up_v4() -> Result<(), Failure> {
    let netlink = Netlink::open(libc::NETLINK_ROUTE, "opening a socket for routes")?;
    let mut request = Request::new();
    request.message(libc::RTM_NEWLINK, libc::NLM_F_ACK, &link_up());
    local_everywhere(&mut request, libc::AF_INET, &OWN_V4);
    netlink.ask(&request, "setting up loopback")
}

pub(super) fn set_up_v6() -> Result<(), Failure> {
    let netlink = Netlink::open(libc::NETLINK_ROUTE, "opening a socket for IPv6 routes")?;
    let mut request = Request::new();
    local_everywhere(&mut request, libc::AF_INET6, &OWN_V6);
    netlink.ask(&request, "setting up loopback for IPv6")
}

/// `ip address add OWN dev lo`, `ip route add local default dev lo src OWN`.
fn local_everywhere(request: &mut Request, family: c_int, own: &[u8]) {
    let family = family.to_ne_bytes()[if cfg!(target_endian = "little") { 0 } else { 3 }];
    let bits = u8::try_from(own.len() * 8).unwrap_or(u8::MAX);
    let [i0, i1, i2, i3] = LOOPBACK.to_ne_bytes();
    // ifaddrmsg: family, prefix, flags (no duplicate-address detection), scope (universe), device.
    let address = [family, bits, 0x02, libc::RT_SCOPE_UNIVERSE, i0, i1, i2, i3];
    request.message(libc::RTM_NEWADDR, CREATE, &address);
    request.attribute(libc::IFA_LOCAL, own);
    request.attribute(libc::IFA_ADDRESS, own);

    // rtmsg: family, destination and source prefix (all), TOS, table, protocol, scope, type, flags.
    let route = [
        family,
        0,
        0,
        0,
        libc::RT_TABLE_LOCAL,
        libc::RTPROT_STATIC,
        libc::RT_SCOPE_HOST,
        libc::RTN_LOCAL,
        0,
        0,
        0,
        0,
    ];
    request.message(libc::RTM_NEWROUTE, CREATE, &route);
    request.attribute(libc::RTA_OIF, &LOOPBACK.to_ne_bytes());
    request.attribute(libc::RTA_PREFSRC, own);
}

/// ifinfomsg: family, device type, device, flags, mask of the flags to change.
fn link_up() -> [u8; 16] {
    let up = u32::try_from(libc::IFF_UP).unwrap_or(1).to_ne_bytes();
    let mut message = [0; 16];
    message[4..8].copy_from_slice(&LOOPBACK.to_ne_bytes());
    message[8..12].copy_from_slice(&up);
    message[12..16].copy_from_slice(&up);
    message
}
