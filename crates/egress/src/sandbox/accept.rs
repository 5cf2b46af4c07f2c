//! Connections that the script has made, taken over from inside its namespace.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use super::{
    Destination,
    relay::{closed, relay},
    run::Run,
};
use crate::address::canonical;

/// After a failure to accept, which is one of this machine (too many open files).
const RETRY_AFTER: Duration = Duration::from_millis(20);
/// Connections that wait for a decision or for their host, beside those that a run may have: each is a descriptor of this
/// process. Further ones wait in the kernel.
const UNDECIDED_MAX: usize = 128;

#[derive(Clone)]
pub(super) struct Door {
    pub(super) run: Arc<Run>,
    pub(super) destination: Destination,
    pub(super) closes: watch::Receiver<bool>,
}

/// Serves a listener until closing is said; connections that were waiting by then are still taken.
pub(super) async fn accept(door: Door, listener: TcpListener) {
    let mut closes = door.closes.clone();
    let mut connections = JoinSet::new();
    let taken_max = door.run.limits().connections_max.saturating_add(UNDECIDED_MAX);
    loop {
        tokio::select! {
            biased;
            accepted = listener.accept(), if connections.len() < taken_max => match accepted {
                Ok((script, peer)) => { connections.spawn(serve(door.clone(), script, peer)); }
                Err(_) => sleep(RETRY_AFTER).await,
            },
            Some(_) = connections.join_next() => {}
            () = closed(&mut closes) => break,
        }
    }
    while let Some((script, peer)) = waiting(&listener) {
        connections.spawn(serve(door.clone(), script, peer));
    }
    while connections.join_next().await.is_some() {}
}

/// A connection that the script made just before its end. The kernel itself is asked: word that a connection waits may
/// not have come yet, and its data would be lost.
fn waiting(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    let (socket, peer) = SockRef::from(listener).accept().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((TcpStream::from_std(socket.into()).ok()?, peer.as_socket()?))
}

async fn serve(door: Door, script: TcpStream, peer: SocketAddr) {
    let Ok(meant) = destination(&script, door.destination) else {
        return reset(&script);
    };
    let opened = match door.run.take_prepared(plain(peer), meant) {
        Some(opened) => Ok(opened),
        None => door.run.open(meant).await,
    };
    match opened {
        Ok(opened) => {
            // Small writes go on at once; a failure to say so only costs speed.
            let _ = script.set_nodelay(true);
            relay(script, opened, door.closes).await;
        }
        Err(_) => reset(&script),
    }
}

/// The script learns at once that there is nothing, rather than read an end of data.
fn reset(script: &TcpStream) {
    let _ = script.set_zero_linger();
}

fn destination(script: &TcpStream, told_by: Destination) -> io::Result<SocketAddr> {
    let local = script.local_addr()?;
    if told_by == Destination::SocketName {
        return Ok(plain(local));
    }
    let socket = SockRef::from(script);
    let original = if local.is_ipv4() { socket.original_dst_v4()? } else { socket.original_dst_v6()? };
    original.as_socket().map(plain).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

/// Without the parts of an IPv6 address that don't say where it is.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(canonical(address.ip()), address.port())
}
