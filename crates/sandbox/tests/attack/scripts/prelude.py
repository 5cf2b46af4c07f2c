"""What every attack starts with. An attempt that fails as it must prints `held: …`, one that works prints `ESCAPED: …`."""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

# Numbers as in the kernel's tables; those above 424 are the same everywhere.
_X86_64 = {
    "ioctl": 16, "mremap": 25, "shmget": 29, "clone": 56, "ptrace": 101, "syslog": 103, "personality": 135,
    "uselib": 134, "ustat": 136, "sysfs": 139, "sched_setscheduler": 144, "mlockall": 151, "vhangup": 153,
    "modify_ldt": 154, "pivot_root": 155, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164,
    "mount": 165, "umount2": 166, "swapon": 167, "reboot": 169, "sethostname": 170, "setdomainname": 171,
    "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179, "clock_settime": 227,
    "mbind": 237, "mq_open": 240, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "ioprio_set": 251, "migrate_pages": 256, "mknodat": 259, "unshare": 272, "move_pages": 279, "perf_event_open": 298,
    "fanotify_init": 300, "prlimit64": 302, "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305,
    "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
    "seccomp": 317, "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "execveat": 322, "userfaultfd": 323,
    "process_madvise": 440, "sched_setattr": 314,
}
_AARCH64 = {
    "ioctl": 29, "mremap": 216, "shmget": 194, "clone": 220, "ptrace": 117, "syslog": 116, "personality": 92,
    "sched_setscheduler": 119, "mlockall": 230, "vhangup": 58, "pivot_root": 41, "adjtimex": 171, "chroot": 51,
    "acct": 89, "settimeofday": 170, "mount": 40, "umount2": 39, "swapon": 224, "reboot": 142, "sethostname": 161,
    "setdomainname": 162, "init_module": 105, "delete_module": 106, "quotactl": 60, "clock_settime": 112,
    "mbind": 235, "mq_open": 180, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219,
    "ioprio_set": 30, "migrate_pages": 238, "mknodat": 33, "unshare": 97, "move_pages": 239, "perf_event_open": 241,
    "fanotify_init": 262, "prlimit64": 261, "name_to_handle_at": 264, "open_by_handle_at": 265, "clock_adjtime": 266,
    "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273,
    "seccomp": 277, "memfd_create": 279, "kexec_file_load": 294, "bpf": 280, "execveat": 281, "userfaultfd": 282,
    "process_madvise": 440, "sched_setattr": 274,
}
_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "landlock_create_ruleset": 444, "memfd_secret": 447, "set_mempolicy_home_node": 450,
    "statmount": 457, "listmount": 458,
}
NUMBERS = (_X86_64 if platform.machine() == "x86_64" else _AARCH64) | _EVERYWHERE


def call(name, *arguments):
    """The system call itself, around every wrapper; raises OSError as Python's own functions do."""
    # Not every machine has every call (iopl is x86's alone).
    if name not in NUMBERS:
        raise OSError(errno.ENOSYS, "not on this machine")
    converted = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = _libc.syscall(ctypes.c_long(NUMBERS[name]), *converted)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def held(what, attempt, *arguments):
    """Runs an attempt that must fail."""
    try:
        result = attempt(*arguments)
    except OSError as error:
        print(f"held: {what}: {errno.errorcode.get(error.errno, error)}", flush=True)
    else:
        print(f"ESCAPED: {what}: {result!r}", flush=True)


def check(what, holds, seen=None):
    """States something that must be true inside."""
    if holds:
        print(f"held: {what}", flush=True)
    else:
        print(f"ESCAPED: {what}: {seen!r}", flush=True)


def readable(path):
    with open(path, "rb") as file:
        return file.read(64)


def writable(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.close(descriptor)
    return path


def write_as_it_is(path, text):
    """Without emptying it first, which is a right of its own."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def status_field(name):
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    return None
