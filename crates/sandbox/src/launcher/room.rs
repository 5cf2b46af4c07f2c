//! The root in which zygotes live and from which children make theirs.
//!
//! ```text
//! /image    the folder that holds the image, read-only
//! /room     → image/<name of the image's root>: what a child takes as its root
//! /bin …    → the same in the room, so that paths are the same before and after
//! /proc     of the launcher's namespace; a child may only mount its own where one is visible
//! /errand   the zygote's program, native part, settings and filter
//! /tmp      the zygotes'
//! ```
//!
//! In the room, `/dev` holds the harmless devices, and a few files of `/etc` are replaced.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{PermissionsExt, symlink},
    },
    path::Path,
};

use rustix::{
    fs::{Mode, OFlags},
    mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, unmount},
};

use super::step;

const NATIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/native.so"));
const ZYGOTE_SOURCE: &str = include_str!("../zygote/zygote.py");
const HOOKS_SOURCE: &str = include_str!("../zygote/network_errors.py");
pub(super) const ZYGOTE: &str = "/errand/zygote.py";

const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
const DEVICE_LINKS: [(&str, &str); 4] =
    [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")];

/// Files of `/etc` that differ from the image's: who there is, and where names are asked for.
const ETC: [(&str, &str); 4] = [
    (
        "passwd",
        "root:x:0:0:root:/:/usr/sbin/nologin\nscript:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
    ),
    ("group", "root:x:0:\nscript:x:1000:\nnogroup:x:65534:\n"),
    ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"),
    ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:2 edns0\n"),
];

/// Where the new root is put together: any folder that every system has. It is covered in this namespace alone.
const WORKPLACE: &str = "/tmp";
const ROOT_OPTIONS: &str = "mode=755,size=16m";
const ZYGOTES_TMP_OPTIONS: &str = "mode=1777,size=16m";
const FREE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

/// What differs between machines and settings.
pub(super) struct Files<'a> {
    pub settings: &'a [u8],
    pub filter: &'a [u8],
}

pub(super) fn build(image: &Path, files: &Files<'_>) -> io::Result<()> {
    let (Some(folder), Some(name)) = (image.parent(), image.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the image has no folder"));
    };
    // Zygotes, who are somebody else, have to read what is made here.
    rustix::process::umask(Mode::WGRP | Mode::WOTH);
    // Opened before they are covered.
    let folder = open(folder)?;
    let devices: Vec<OwnedFd> =
        DEVICES.iter().map(|name| open(&Path::new("/dev").join(name))).collect::<Result<_, _>>()?;

    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| step("cutting mounts off from the host's", error))?;
    mount_new("tmpfs", WORKPLACE, FREE, ROOT_OPTIONS)?;
    rustix::process::chdir(WORKPLACE)?;
    for name in ["image", "errand", "proc", "tmp"] {
        fs::create_dir(name)?;
    }
    bind(&folder, "image")?;
    protect("image", READ_ONLY | NO_SUID | NO_DEVICES)?;
    symlink(Path::new("image").join(name), "room")?;
    link_like_the_room()?;
    mount_new("proc", "proc", FREE | MountFlags::NOEXEC, "")?;
    mount_new("tmpfs", "tmp", FREE | MountFlags::NOEXEC, ZYGOTES_TMP_OPTIONS)?;
    put_devices(&devices)?;
    write_files(files)?;
    replace_etc()?;
    enter()
}

/// The new root takes the place of the old, which is let go.
fn enter() -> io::Result<()> {
    let entered = rustix::process::pivot_root(".", ".").and_then(|()| unmount(".", UnmountFlags::DETACH));
    entered.map_err(|error| step("entering the image", error))?;
    rustix::process::chdir("/")?;
    protect("/", READ_ONLY | NO_SUID | NO_DEVICES)
}

fn link_like_the_room() -> io::Result<()> {
    for entry in fs::read_dir("room").map_err(|error| step("reading the image", error))? {
        let name = entry?.file_name();
        if !Path::new(&name).exists() {
            symlink(Path::new("room").join(&name), &name)?;
        }
    }
    Ok(())
}

fn put_devices(devices: &[OwnedFd]) -> io::Result<()> {
    let dev = Path::new("room/dev");
    mount_new("tmpfs", "room/dev", MountFlags::NOSUID | MountFlags::NOEXEC, ROOT_OPTIONS)?;
    fs::create_dir(dev.join("shm"))?;
    for (name, device) in DEVICES.iter().zip(devices) {
        let place = dev.join(name);
        fs::write(&place, "")?;
        bind(device, &place)?;
    }
    for (name, target) in DEVICE_LINKS {
        symlink(target, dev.join(name))?;
    }
    protect("room/dev", READ_ONLY | NO_SUID | NO_PROGRAMS)
}

fn write_files(files: &Files<'_>) -> io::Result<()> {
    let all: [(&str, &[u8]); 5] = [
        ("errand/zygote.py", ZYGOTE_SOURCE.as_bytes()),
        ("errand/network_errors.py", HOOKS_SOURCE.as_bytes()),
        ("errand/native.so", NATIVE),
        ("errand/settings.json", files.settings),
        ("errand/filter.bpf", files.filter),
    ];
    for (path, bytes) in all {
        fs::write(path, bytes)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o555))?;
    }
    Ok(())
}

fn replace_etc() -> io::Result<()> {
    for (name, text) in ETC {
        let source = Path::new("errand").join(name);
        fs::write(&source, text)?;
        fs::set_permissions(&source, fs::Permissions::from_mode(0o444))?;
        let target = Path::new("room/etc").join(name);
        mount_bind(&source, &target)
            .map_err(|error| step(&format!("replacing the image's /etc/{name}"), error))?;
        protect(target, READ_ONLY | NO_SUID | NO_DEVICES | NO_PROGRAMS)?;
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| step(&format!("opening {}", path.display()), error))
}

fn bind(source: &OwnedFd, target: impl AsRef<Path>) -> io::Result<()> {
    let target = target.as_ref();
    mount_bind(format!("/proc/self/fd/{}", source.as_raw_fd()), target)
        .map_err(|error| step(&format!("mounting {}", target.display()), error))
}

fn mount_new(kind: &str, target: &str, flags: MountFlags, options: &str) -> io::Result<()> {
    let options = std::ffi::CString::new(options)?;
    mount(kind, target, kind, flags, Some(options.as_c_str()))
        .map_err(|error| step(&format!("mounting a {kind} at {target}"), error))
}

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
const NO_SUID: u64 = libc::MOUNT_ATTR_NOSUID;
const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
const NO_PROGRAMS: u64 = libc::MOUNT_ATTR_NOEXEC;

/// Adds restrictions and takes none away, which an ordinary user's namespace would not be allowed.
fn protect(target: impl AsRef<Path>, restrictions: u64) -> io::Result<()> {
    let target = target.as_ref();
    let path = std::ffi::CString::new(target.as_os_str().as_encoded_bytes())?;
    let attributes = libc::mount_attr { attr_set: restrictions, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the path is a C string and the attributes are live, with their size beside them.
    #[expect(unsafe_code, reason = "one system call")]
    let set = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            0,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if set < 0 {
        return Err(step(&format!("protecting {}", target.display()), io::Error::last_os_error()));
    }
    Ok(())
}
