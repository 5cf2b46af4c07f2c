//! Word that a script uses one of its sockets.
//!
//! Handing each of a run's dozen sockets to the runtime and taking them back costs more than all else that a short run's
//! network needs. One `epoll` watches them all, and only it is handed over.

use std::{
    io,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::event::{
    Timespec,
    epoll::{CreateFlags, Event, EventData, EventFlags, add, create, wait},
};
use tokio::io::{Interest, unix::AsyncFd};

#[derive(Debug)]
pub(super) struct Doorbell {
    epoll: AsyncFd<OwnedFd>,
    /// The sockets are being served: what rang may have been taken already.
    answered: AtomicBool,
}

impl Doorbell {
    /// Watches the sockets for as long as they are open.
    ///
    /// # Errors
    /// When the process has too many files or watches.
    pub(super) fn hang<'s>(sockets: impl Iterator<Item = &'s OwnedFd>) -> io::Result<Self> {
        let epoll = create(CreateFlags::CLOEXEC)?;
        for socket in sockets {
            add(&epoll, socket, EventData::new_u64(0), EventFlags::IN)?;
        }
        // SAFETY: the descriptor is an `OwnedFd`, which gives the same one until it is dropped, and nobody closes it before.
        #[expect(unsafe_code, reason = "tokio can't know that the type keeps its descriptor")]
        let epoll = unsafe { AsyncFd::register_with_interest(epoll, Interest::READABLE)? };
        Ok(Self { epoll, answered: AtomicBool::new(false) })
    }

    /// Waits until a socket has something to take.
    pub(super) async fn rung(&self) -> io::Result<()> {
        let ready = self.epoll.readable().await;
        self.answered.store(true, Ordering::Release);
        ready.map(|_| ())
    }

    /// Whether a socket was used up to now. The kernel itself is asked, as its word may still be on the way.
    pub(super) fn was_rung(&self) -> bool {
        self.answered.load(Ordering::Acquire) || self.is_ringing()
    }

    fn is_ringing(&self) -> bool {
        let mut event = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match wait(self.epoll.get_ref(), &mut event[..], Some(&at_once)) {
            Ok(count) => count > 0,
            // Then it is taken to be used, which is only slower.
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, time::Duration};

    use tokio::time::timeout;

    use super::*;

    fn socket() -> (OwnedFd, std::net::SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("an address");
        (socket.into(), address)
    }

    #[tokio::test]
    async fn it_rings_when_any_socket_is_used() {
        let sockets = [socket(), socket()];
        let bell = Doorbell::hang(sockets.iter().map(|(socket, _)| socket)).expect("a bell");
        assert!(!bell.was_rung());
        assert!(timeout(Duration::from_millis(20), bell.rung()).await.is_err());
        let visitor = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        visitor.send_to(b"?", sockets[1].1).expect("sent");
        assert!(bell.was_rung());
        timeout(Duration::from_secs(5), bell.rung()).await.expect("rung").expect("readable");
        drop(sockets);
        assert!(bell.was_rung(), "it was answered before");
    }
}
