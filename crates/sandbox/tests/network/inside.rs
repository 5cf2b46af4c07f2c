//! A program of this machine in a network namespace of its own, set up by the very code that sets up a sandbox's.

#![expect(unsafe_code, reason = "enters namespaces between fork and exec, and passes descriptors")]

use std::{
    ffi::{CStr, CString},
    io,
    mem::zeroed,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{ffi::OsStringExt, fs::MetadataExt, net::UnixDatagram, process::CommandExt},
    },
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::net;

const SOCKETS_MAX: usize = 96;
const NOBODY: u32 = 65534;

/// How the namespace is come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As root, directly.
    Root,
    /// As an ordinary user, by way of a user namespace.
    User,
}

impl Way {
    /// Whether this test may take it: an ordinary user has one way only.
    pub(crate) fn is_open(self) -> bool {
        self == Self::User || own_uid() == 0
    }
}

fn own_uid() -> u32 {
    std::fs::metadata("/proc/self").expect("/proc is there").uid()
}

/// A command that will run inside, and the sockets of its network by role.
pub(crate) struct Inside {
    pub(crate) child: std::process::Child,
    pub(crate) sockets: Vec<(u8, OwnedFd)>,
}

pub(crate) fn start((way, means): (Way, net::Means), program: &[&str]) -> Inside {
    let (ours, theirs) = UnixDatagram::pair().expect("a socket pair");
    let passing = theirs.as_raw_fd();
    // One that hangs is ended, so that the test fails with what it printed.
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=1", "20"])
        .args(program)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command
        .env("HOME", "/tmp")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let give_up = own_uid() == 0;
    let map =
        CString::new(format!("0 {} 1", if give_up { NOBODY } else { own_uid() })).expect("no zero bytes");
    let own = Own { way, means, give_up, map };
    let image = image().and_then(|path| CString::new(path.into_os_string().into_vec()).ok());
    // SAFETY: between fork and exec the child makes system calls only.
    unsafe {
        command.pre_exec(move || {
            enter(&own, passing)?;
            use_files(image.as_deref())
        })
    };
    let child = command.spawn().expect("starts inside");
    drop(theirs);
    Inside { child, sockets: receive(&ours).expect("sockets are handed over") }
}

/// The image of the sandbox, where there is one; its programs are the ones that scripts use.
pub(crate) fn image() -> Option<PathBuf> {
    std::env::var_os("ERRAND_IMAGE_DIR")
        .map(|images| PathBuf::from(images).join("current/root"))
        .filter(|path| path.join("usr/bin/python3").exists())
}

/// How this child gets its namespace, made ready before the fork.
struct Own {
    way: Way,
    means: net::Means,
    /// Root plays an ordinary user.
    give_up: bool,
    /// A line of `uid_map`; the number is that of the group too.
    map: CString,
}

fn enter(own: &Own, passing: RawFd) -> io::Result<()> {
    if own.way == Way::User {
        if own.give_up {
            become_nobody()?;
        }
        // SAFETY: takes numbers only.
        check(unsafe { libc::unshare(libc::CLONE_NEWUSER) })?;
        write(c"/proc/self/setgroups", b"deny")?;
        write(c"/proc/self/gid_map", own.map.as_bytes())?;
        write(c"/proc/self/uid_map", own.map.as_bytes())?;
    }
    // SAFETY: takes numbers only.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET | libc::CLONE_NEWNS) })?;
    let sockets = net::set_up(own.means).map_err(|failure| io::Error::from_raw_os_error(failure.errno))?;
    send(passing, sockets.as_slice())
}

fn become_nobody() -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::setresgid(NOBODY, NOBODY, NOBODY) })?;
    // SAFETY: takes numbers only.
    check(unsafe { libc::setresuid(NOBODY, NOBODY, NOBODY) })?;
    // SAFETY: takes numbers only. A process that may not be dumped can't map its ids.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) })
}

/// Goes into the image, when there is one, and puts `nameserver 127.0.0.1` over `/etc/resolv.conf`.
fn use_files(image: Option<&CStr>) -> io::Result<()> {
    let none = std::ptr::null();
    // SAFETY: the texts end with a zero byte.
    check(unsafe { libc::mount(none, c"/".as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, none.cast()) })?;
    // SAFETY: the texts end with a zero byte.
    check(unsafe { libc::mount(c"tmpfs".as_ptr(), c"/mnt".as_ptr(), c"tmpfs".as_ptr(), 0, none.cast()) })?;
    if let Some(image) = image {
        enter_image(image)?;
    }
    write(c"/mnt/resolv.conf", b"nameserver 127.0.0.1\n")?;
    let (from, to) = (c"/mnt/resolv.conf".as_ptr(), c"/etc/resolv.conf".as_ptr());
    // SAFETY: the texts end with a zero byte.
    check(unsafe { libc::mount(from, to, none, libc::MS_BIND, none.cast()) })
}

/// The image as the root, with this machine's devices and the folder of `use_files` in it.
fn enter_image(image: &CStr) -> io::Result<()> {
    // SAFETY: the path ends with a zero byte.
    check(unsafe { libc::chdir(image.as_ptr()) })?;
    for (from, to) in [(c"/dev", c"dev"), (c"/mnt", c"mnt")] {
        let (from, to, none) = (from.as_ptr(), to.as_ptr(), std::ptr::null());
        // SAFETY: the texts end with a zero byte.
        check(unsafe { libc::mount(from, to, none, libc::MS_BIND | libc::MS_REC, none.cast()) })?;
    }
    // SAFETY: the text ends with a zero byte.
    check(unsafe { libc::chroot(c".".as_ptr()) })
}

fn write(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the path ends with a zero byte.
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CREAT | libc::O_CLOEXEC, 0o644) };
    check(fd)?;
    // SAFETY: the pointer and length are those of a live slice.
    let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    // SAFETY: the descriptor was opened above.
    unsafe { libc::close(fd) };
    if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn send(passing: RawFd, sockets: &[net::Handed]) -> io::Result<()> {
    let mut roles = [0_u8; SOCKETS_MAX];
    let mut control = [0_u64; SOCKETS_MAX];
    let count = sockets.len();
    let bytes = u32::try_from(count * size_of::<RawFd>()).unwrap_or(0);
    for (place, socket) in roles.iter_mut().zip(sockets) {
        *place = socket.role as u8;
    }
    let mut data = libc::iovec { iov_base: roles.as_mut_ptr().cast(), iov_len: count };
    // SAFETY: the header points at live buffers of the lengths it names, and the control buffer is large enough.
    let sent = unsafe {
        let mut header: libc::msghdr = zeroed();
        header.msg_iov = &raw mut data;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = libc::CMSG_SPACE(bytes) as usize;
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(bytes) as usize;
        let places = libc::CMSG_DATA(first).cast::<[u8; 4]>();
        for (index, socket) in sockets.iter().enumerate() {
            places.add(index).write(socket.fd.to_ne_bytes());
        }
        libc::sendmsg(passing, &raw const header, 0)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn receive(ours: &UnixDatagram) -> io::Result<Vec<(u8, OwnedFd)>> {
    let mut roles = [0_u8; SOCKETS_MAX];
    let mut control = [0_u64; SOCKETS_MAX];
    let mut data = libc::iovec { iov_base: roles.as_mut_ptr().cast(), iov_len: roles.len() };
    // SAFETY: the header points at live buffers of the lengths it names.
    unsafe {
        let mut header: libc::msghdr = zeroed();
        header.msg_iov = &raw mut data;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        let read = libc::recvmsg(ours.as_raw_fd(), &raw mut header, libc::MSG_CMSG_CLOEXEC);
        let Ok(count) = usize::try_from(read) else {
            return Err(io::Error::last_os_error());
        };
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        assert!(!first.is_null(), "descriptors came");
        let places = libc::CMSG_DATA(first).cast::<[u8; 4]>();
        let fds =
            (0..count).map(|index| OwnedFd::from_raw_fd(RawFd::from_ne_bytes(places.add(index).read())));
        Ok(roles.into_iter().zip(fds).collect())
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
