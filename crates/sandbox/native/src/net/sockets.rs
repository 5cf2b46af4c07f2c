//! The sockets that are handed to the supervisor.

#![expect(unsafe_code, reason = "opens sockets")]

use core::ffi::c_int;

use super::netlink::Failure;

/// Both families on each port without rules, and the name server.
const SOCKETS_MAX: usize = 80;
const BACKLOG: c_int = 256;

/// What a socket is for. The number goes over the wire beside the descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Every connection is turned here; `SO_ORIGINAL_DST` tells where it meant to go.
    TurnedTcp = 1,
    /// Bound to any address; `getsockname` of an accepted connection tells where it meant to go.
    AnyAddressTcp = 2,
    DnsUdp = 3,
    DnsTcp = 4,
    /// The netlink socket of first packets.
    Gate = 5,
}

#[derive(Debug, Clone, Copy)]
pub struct Handed {
    pub fd: c_int,
    pub role: Role,
}

/// At most [`SOCKETS_MAX`] sockets, without allocating. They are closed by whoever takes them.
#[derive(Debug)]
pub struct Sockets {
    all: [Handed; SOCKETS_MAX],
    count: usize,
}

impl Default for Sockets {
    fn default() -> Self {
        Self { all: [Handed { fd: -1, role: Role::DnsUdp }; SOCKETS_MAX], count: 0 }
    }
}

impl Sockets {
    pub fn as_slice(&self) -> &[Handed] {
        self.all.get(..self.count).unwrap_or_default()
    }

    pub(super) fn add(&mut self, fd: c_int, role: Role) {
        if let Some(place) = self.all.get_mut(self.count) {
            *place = Handed { fd, role };
            self.count += 1;
        }
    }

    /// A socket per family that the namespace has.
    pub(super) fn listen(&mut self, port: u16, role: Role, v6: bool) -> Result<(), Failure> {
        let any = role == Role::AnyAddressTcp;
        let fd = open(libc::AF_INET, role)?;
        self.add(fd, role);
        bind_v4(fd, if any { libc::INADDR_ANY } else { libc::INADDR_LOOPBACK }, port)?;
        start(fd, role)?;
        if v6 {
            let fd = open(libc::AF_INET6, role)?;
            self.add(fd, role);
            let mut address = [0; 16];
            address[15] = u8::from(!any);
            bind_v6(fd, address, port)?;
            start(fd, role)?;
        }
        Ok(())
    }
}

fn open(family: c_int, role: Role) -> Result<c_int, Failure> {
    let kind = if role == Role::DnsUdp { libc::SOCK_DGRAM } else { libc::SOCK_STREAM };
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0) };
    if fd < 0 { Err(Failure::last("opening a listener")) } else { Ok(fd) }
}

fn bind_v4(fd: c_int, address: u32, port: u16) -> Result<(), Failure> {
    let name = libc::sockaddr_in {
        sin_family: family(libc::AF_INET),
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: address.to_be() },
        sin_zero: [0; 8],
    };
    // SAFETY: the pointer and length are those of a live address.
    let bound = unsafe { libc::bind(fd, (&raw const name).cast(), length_of(&name)) };
    if bound < 0 { Err(Failure::last("binding a listener")) } else { Ok(()) }
}

/// Bound for IPv6 alone: the other family has a socket of its own on the same port.
fn bind_v6(fd: c_int, address: [u8; 16], port: u16) -> Result<(), Failure> {
    let only: c_int = 1;
    // SAFETY: the pointer and length are those of a live integer.
    let set = unsafe {
        libc::setsockopt(
            fd,
            libc::IPPROTO_IPV6,
            libc::IPV6_V6ONLY,
            (&raw const only).cast(),
            length_of(&only),
        )
    };
    if set < 0 {
        return Err(Failure::last("binding a listener for IPv6 alone"));
    }
    let name = libc::sockaddr_in6 {
        sin6_family: family(libc::AF_INET6),
        sin6_port: port.to_be(),
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: address },
        sin6_scope_id: 0,
    };
    // SAFETY: the pointer and length are those of a live address.
    let bound = unsafe { libc::bind(fd, (&raw const name).cast(), length_of(&name)) };
    if bound < 0 { Err(Failure::last("binding an IPv6 listener")) } else { Ok(()) }
}

fn start(fd: c_int, role: Role) -> Result<(), Failure> {
    if role == Role::DnsUdp {
        return Ok(());
    }
    // SAFETY: takes numbers only.
    let listening = unsafe { libc::listen(fd, BACKLOG) };
    if listening < 0 { Err(Failure::last("listening")) } else { Ok(()) }
}

fn family(number: c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).unwrap_or(0)
}

fn length_of<T>(value: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of_val(value)).unwrap_or(0)
}
