"""Reaching files that are not the run's own, or making its own do more than they may."""

import pathlib
import shutil
import stat
import subprocess


def read_host_files():
    # The test put a file on the host and says where.
    held("the host's marker", readable, os.environ["HOST_MARKER"])
    held("the host's marker by way of /proc/1/root", readable, "/proc/1/root" + os.environ["HOST_MARKER"])
    # `/root` is the image's, as fresh as it was built.
    check("root's home is not the host's", set(os.listdir("/root")) <= {".bashrc", ".profile"}, os.listdir("/root"))
    held("/etc/shadow", readable, "/etc/shadow")


def read_what_the_host_is():
    for path in ("/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger", "/dev/mem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda"):
        held(path, readable, path)
    lines = pathlib.Path("/proc/self/mountinfo").read_text() if os.path.exists("/proc/self/mountinfo") else ""
    check("no path of the host in mountinfo", os.environ["HOST_IMAGE"] not in lines, lines)


def climb_out_by_dots():
    check("the root's parent is the root", os.stat("/").st_ino == os.stat("/..").st_ino)
    for depth in (1, 5, 50):
        path = "/tmp/" + "../" * depth + os.environ["HOST_MARKER"].lstrip("/")
        held(f"{depth} levels up", readable, path)


def climb_out_by_chroot():
    os.makedirs("/tmp/cell")
    held("chroot", call, "chroot", b"/tmp/cell")
    held("pivot_root", call, "pivot_root", b"/tmp/cell", b"/tmp/cell")


def open_by_handle():
    handle = struct.pack("II", 8, 1) + struct.pack("II", 2, 0)
    held("open_by_handle_at", call, "open_by_handle_at", os.open("/tmp", os.O_RDONLY), ctypes.create_string_buffer(handle), os.O_RDONLY)


def write_anywhere():
    """Tries every directory there is: only /tmp and /dev/shm may take a file."""
    found = []
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys")]
        if folder in ("/tmp", "/dev/shm"):
            folders[:] = []
            continue
        try:
            os.close(os.open(os.path.join(folder, "planted"), os.O_WRONLY | os.O_CREAT))
        except OSError:
            continue
        found.append(folder)
    check("no other directory takes a file", not found, found)


def change_existing_files():
    for path in ("/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/usr/bin/python3", "/usr/lib/python3.13/os.py"):
        held(f"write {path}", os.open, path, os.O_WRONLY)
        held(f"truncate {path}", os.truncate, path, 0)
        held(f"chmod {path}", os.chmod, path, 0o777)
        held(f"unlink {path}", os.unlink, path)
        held(f"rename {path}", os.rename, path, path + ".old")
        held(f"xattr of {path}", os.setxattr, path, "user.planted", b"1")


def link_out_of_tmp():
    os.symlink("/etc/passwd", "/tmp/link")
    held("write through a symlink", os.open, "/tmp/link", os.O_WRONLY)
    os.symlink(os.environ["HOST_MARKER"], "/tmp/marker")
    held("read through a symlink", readable, "/tmp/marker")
    held("hard link into /tmp", os.link, "/etc/passwd", "/tmp/passwd")
    held("hard link out of /tmp", os.link, "/tmp/link", "/etc/planted")


def swap_tmp_for_a_symlink():
    held("rename /tmp", os.rename, "/tmp", "/tmp2")
    held("remove /tmp", os.rmdir, "/tmp")
    held("symlink in the root", os.symlink, "/tmp", "/planted")


def execute_from_tmp():
    shutil.copy("/bin/true", "/tmp/true")
    os.chmod("/tmp/true", 0o755)
    held("execute in /tmp", subprocess.run, ["/tmp/true"])
    pathlib.Path("/tmp/script").write_text("#!/bin/sh\necho ran\n")
    os.chmod("/tmp/script", 0o755)
    held("execute a script in /tmp", subprocess.run, ["/tmp/script"])


def execute_from_shared_memory():
    shutil.copy("/bin/true", "/dev/shm/true")
    os.chmod("/dev/shm/true", 0o755)
    held("execute in /dev/shm", subprocess.run, ["/dev/shm/true"])


def execute_by_the_loader():
    shutil.copy("/bin/true", "/tmp/true")
    loader = next(path for path in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1") if os.path.exists(path))
    done = subprocess.run([loader, "/tmp/true"], capture_output=True)
    check("the loader maps nothing executable from /tmp", done.returncode != 0, done)


def load_a_library_from_tmp():
    library = next(pathlib.Path("/usr/lib").rglob("libz.so.1*"), None) or next(pathlib.Path("/usr/lib").rglob("libm.so.6"))
    shutil.copy(library, "/tmp/lib.so")
    held("dlopen from /tmp", ctypes.CDLL, "/tmp/lib.so")


def execute_from_memory():
    try:
        descriptor = call("memfd_create", b"planted", 0)
    except OSError as error:
        check(f"no anonymous files ({errno.errorcode[error.errno]})", True)
        return
    with open("/bin/true", "rb") as source:
        os.write(descriptor, source.read())

    def run():
        pid = os.posix_spawn(f"/proc/self/fd/{descriptor}", ["true"], {})
        return os.waitpid(pid, 0)

    held("execute an anonymous file", run)
    held("execveat of an anonymous file", call, "execveat", descriptor, b"", 0, 0, 0x1000)


def mount_something():
    os.makedirs("/tmp/here")
    held("mount tmpfs", call, "mount", b"none", b"/tmp/here", b"tmpfs", 0, 0)
    held("mount proc", call, "mount", b"proc", b"/tmp/here", b"proc", 0, 0)
    held("mount cgroup", call, "mount", b"none", b"/tmp/here", b"cgroup", 0, b"memory")
    held("mount cgroup2", call, "mount", b"none", b"/tmp/here", b"cgroup2", 0, 0)
    held("bind the root", call, "mount", b"/", b"/tmp/here", 0, 4096, 0)
    held("make the root writable", call, "mount", b"none", b"/", 0, 32 | 4096, 0)
    held("make /tmp executable", call, "mount", b"none", b"/tmp", 0, 32, 0)


def mount_by_the_new_calls():
    held("fsopen", call, "fsopen", b"tmpfs", 0)
    held("open_tree", call, "open_tree", -100, b"/", 1)
    held("mount_setattr", call, "mount_setattr", -100, b"/", 0x8000, ctypes.create_string_buffer(32), 32)
    held("move_mount", call, "move_mount", -100, b"/tmp", -100, b"/etc", 0)
    held("fspick", call, "fspick", -100, b"/", 0)


def unmount_something():
    for path in (b"/tmp", b"/proc", b"/dev", b"/dev/shm", b"/"):
        held(f"unmount {path.decode()}", call, "umount2", path, 2)


def make_device_nodes():
    held("a block device", os.mknod, "/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(254, 0))
    held("a memory device", os.mknod, "/tmp/memory", stat.S_IFCHR | 0o600, os.makedev(1, 1))
    nodes = sorted(name for name in os.listdir("/dev"))
    wanted = {"null", "zero", "full", "random", "urandom", "fd", "stdin", "stdout", "stderr", "shm", "tty", "ptmx", "pts"}
    check("/dev holds nothing else", set(nodes) <= wanted, nodes)


def set_user_id_programs():
    pathlib.Path("/tmp/x").write_text("")
    os.chmod("/tmp/x", 0o4755)
    for program in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/newgrp", "/usr/bin/passwd"):
        if os.path.exists(program):
            done = subprocess.run([program, "-c", "id -u"], capture_output=True, stdin=subprocess.DEVNULL)
            check(f"{program} gives nothing", b"0\n" != done.stdout, done)
    check("no new privileges", status_field("NoNewPrivs") == "1", status_field("NoNewPrivs"))


def inherited_descriptors():
    kept = {}
    own = os.open("/proc/self/fd", os.O_RDONLY)
    for name in os.listdir(own):
        if int(name) not in (0, 1, 2, own):
            try:
                kept[name] = os.readlink(f"/proc/self/fd/{name}")
            except OSError:
                continue
    foreign = {name: target for name, target in kept.items() if target.startswith("/") or target.startswith("anon_inode")}
    check("no descriptor leads outside", not foreign, foreign)
    for name in kept:
        held(f"leave by descriptor {name}", os.fchdir, int(name))


def kernel_settings():
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/user/max_user_namespaces",
    ):
        held(f"write {path}", os.open, path, os.O_WRONLY)


def cgroup_files():
    held("list the control groups", os.listdir, "/sys/fs/cgroup")
    found = [entry for entry in pathlib.Path("/").glob("*/**/cgroup.procs")] if os.path.isdir("/sys") else []
    check("no control group within reach", not found, found)
    text = pathlib.Path("/proc/self/cgroup").read_text() if os.path.exists("/proc/self/cgroup") else ""
    paths = {line.split(":", 2)[2] for line in text.splitlines()}
    check("the own control group is the root that is seen", paths <= {"/"}, paths)


def allocate_more_than_there_is():
    with open("/tmp/large", "wb") as file:
        held("allocate a gigabyte", os.posix_fallocate, file.fileno(), 0, 1 << 30)
    held("punch through to another file system", os.link, "/tmp/large", "/dev/shm/large")


def execute_a_nameless_file():
    descriptor = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o700)
    with open("/bin/true", "rb") as source:
        os.write(descriptor, source.read())
    held("execveat of a nameless file", call, "execveat", descriptor, b"", 0, 0, 0x1000)
    held("execute it by its link in /proc", os.execv, f"/proc/self/fd/{descriptor}", ["true"])


def preload_a_library():
    library = next(pathlib.Path("/usr/lib").rglob("libm.so.6"))
    shutil.copy(library, "/tmp/planted.so")
    done = subprocess.run(["/bin/cat", "/proc/self/maps"], env={"LD_PRELOAD": "/tmp/planted.so"}, capture_output=True, text=True)
    executable = [line for line in done.stdout.splitlines() if "planted.so" in line and "x" in line.split()[1]]
    check("nothing in /tmp is preloaded", not executable and done.stdout, done)


def listen_to_the_file_system():
    import fcntl

    def start():
        if _libc.inotify_init1(0) < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")

    held("events of files", start)
    held("events of whole mounts", call, "fanotify_init", 0x200, 0)
    held("signals of a folder's use", fcntl.fcntl, os.open("/usr/bin", os.O_RDONLY), 1026, 1)
    held("a lease", fcntl.fcntl, os.open("/etc/hosts", os.O_RDONLY), 1024, 0)
    held("new layers of rules", call, "landlock_create_ruleset", 0, 0, 1)
