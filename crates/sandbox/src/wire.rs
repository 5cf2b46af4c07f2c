//! Messages between supervisor, launcher and zygotes: packets over Unix sockets, with descriptors beside them.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};
use tokio::io::{Interest, unix::AsyncFd};

use crate::Tier;

/// Descriptors with one message; a child hands over some forty at most.
const DESCRIPTORS_MAX: usize = 96;
const PACKET_BYTES_MAX: usize = 16 * 1024;

/// Supervisor to launcher.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// To the launcher's first stage, before it has entered its namespaces.
    Begin { user_namespace: bool },
    /// Its user namespace has its ids.
    Mapped,
    /// To the second stage. The filter follows in a packet of its own.
    Furnish(Furnishing),
    /// Start a zygote; its end of the line comes with this.
    Zygote { tier: Tier },
    /// Tell early how this child ends, before its memory is taken apart.
    Watch { pid: i32 },
    /// Its end was heard: its memory may go.
    Release { pid: i32 },
}

/// Launcher to supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    /// The user namespace waits for its ids.
    Unshared,
    /// The room stands; zygotes can be started.
    Furnished,
    Failed {
        step: String,
        error: i32,
    },
    /// What was tried, and is forbidden here.
    Missing {
        walls: Walls,
        error: i32,
    },
    /// A child ended: `status` as `wait` gives it. Not `gone` while its memory is still being taken apart.
    Ended {
        pid: i32,
        status: i32,
        gone: bool,
    },
}

/// What walls a run in, as far as a machine or a container around us may forbid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walls {
    UserNamespace,
    Namespaces,
    Mounts,
    Proc,
    Root,
}

/// What the launcher needs to know of the image and the runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Furnishing {
    pub image: std::path::PathBuf,
    pub zygote: ZygoteSettings,
}

/// Read by the launcher, and by `zygote.py`, which hands it on to the native part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZygoteSettings {
    pub uid: u32,
    pub gid: u32,
    pub keep_saved_id: u32,
    pub change_id: u32,
    pub tmp_bytes_max: u64,
    pub shm_bytes_max: u64,
    pub open_files_max: u64,
}

/// Two ends of a line that keeps packets apart.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Two ends of a line for a program of any length.
pub fn stream_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// One packet with its descriptors. An empty one is the end of the line.
pub fn receive(socket: impl AsFd, flags: RecvFlags) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = vec![0; PACKET_BYTES_MAX];
    let got =
        recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut beside, flags | RecvFlags::CMSG_CLOEXEC)?;
    bytes.truncate(got.bytes);
    let mut descriptors = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    Ok((bytes, descriptors))
}

pub fn send_message<M: Serialize>(
    socket: impl AsFd,
    message: &M,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    send(socket, &serde_json::to_vec(message)?, descriptors)
}

pub fn parse<M: for<'a> Deserialize<'a>>(bytes: &[u8]) -> io::Result<M> {
    if bytes.is_empty() {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(serde_json::from_slice(bytes)?)
}

/// A line as the supervisor holds it.
#[derive(Debug)]
pub struct AsyncLine(AsyncFd<OwnedFd>);

impl AsyncLine {
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        // SAFETY: an `OwnedFd` keeps its descriptor open until it is dropped.
        #[expect(unsafe_code, reason = "registers a descriptor")]
        let registered = unsafe { AsyncFd::register(socket) };
        Ok(Self(registered?))
    }

    pub async fn send(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.0.async_io(Interest::WRITABLE, |socket| send(socket, bytes, descriptors)).await
    }

    pub async fn send_message<M: Serialize>(
        &self,
        message: &M,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        self.send(&serde_json::to_vec(message)?, descriptors).await
    }

    pub async fn receive(&self) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
        self.0.async_io(Interest::READABLE, |socket| receive(socket, RecvFlags::empty())).await
    }

    pub fn into_inner(self) -> OwnedFd {
        self.0.into_inner()
    }

    pub async fn receive_message<M: for<'a> Deserialize<'a>>(&self) -> io::Result<M> {
        parse(&self.receive().await?.0)
    }
}
