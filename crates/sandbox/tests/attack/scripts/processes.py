"""Reaching other processes, and becoming more than the run's own unprivileged user."""

import pathlib
import resource
import signal
import subprocess


def supervisor():
    return int(os.environ["SUPERVISOR_PID"])


def see_other_processes():
    seen = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    check("only the run's own processes are seen", len(seen) <= 2 and os.getpid() in seen, seen)


def environments_of_others():
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    # The test tells the mark backwards, so that the script's own environment doesn't hold it.
    mark = os.environ["SUPERVISOR_MARK_REVERSED"][::-1].encode()
    check("no environment holds the supervisor's", not any(mark in text for text in found))
    check("none holds the caller's", not any(b"CARGO_" in text or b"HOME=/root" in text for text in found), found)


def signal_the_supervisor():
    for pid in (supervisor(), supervisor() + 1):
        held(f"signal {pid}", os.kill, pid, 0)
    held("the process group of the supervisor", os.killpg, supervisor(), 0)


def trace_others():
    held("trace the supervisor", call, "ptrace", 16, supervisor(), 0, 0)
    held("trace the first process", call, "ptrace", 16, 1, 0, 0)
    held("seize the parent", call, "ptrace", 0x4206, os.getppid(), 0, 0)


def memory_of_others():
    buffer = ctypes.create_string_buffer(16)
    vector = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(buffer), 16))
    for pid in (supervisor(), os.getppid() or 1):
        held(f"read the memory of {pid}", call, "process_vm_readv", pid, vector, 1, vector, 1, 0)
        held(f"write the memory of {pid}", call, "process_vm_writev", pid, vector, 1, vector, 1, 0)
    held("the supervisor's memory file", readable, f"/proc/{supervisor()}/mem")


def descriptors_of_others():
    held("a handle of the supervisor", call, "pidfd_open", supervisor(), 0)
    held("a descriptor of the first process", call, "pidfd_getfd", 0, 0, 0)
    held("descriptors by /proc", os.listdir, f"/proc/{supervisor()}/fd")
    held("compare with the supervisor", call, "kcmp", os.getpid(), supervisor(), 0, 0, 0)


def enter_other_namespaces():
    for name in ("mnt", "pid", "net", "ipc", "uts", "user", "cgroup"):
        for pid in ("self", "1"):
            try:
                descriptor = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
            except OSError as error:
                check(f"no handle of /proc/{pid}/ns/{name} ({errno.errorcode[error.errno]})", True)
                continue
            held(f"enter {name} of {pid}", call, "setns", descriptor, 0)
            held(f"the parent of {name}", call, "ioctl", descriptor, 0xB702, 0)
            held(f"the user namespace of {name}", call, "ioctl", descriptor, 0xB701, 0)


def make_namespaces():
    flags = {
        "mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
        "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x00000080,
    }
    for name, flag in flags.items():
        held(f"unshare {name}", call, "unshare", flag)
    for name, flag in flags.items():
        if flag != 0x80:
            held(f"clone into a new {name} namespace", call, "clone", flag | signal.SIGCHLD, 0, 0, 0, 0)


def make_namespaces_by_clone3():
    arguments = ctypes.create_string_buffer(struct.pack("11Q", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0))
    held("clone3", call, "clone3", arguments, 88)


def become_root():
    for name, attempt in {
        "setuid": lambda: os.setuid(0),
        "setgid": lambda: os.setgid(0),
        "setresuid": lambda: os.setresuid(0, 0, 0),
        "setgroups": lambda: os.setgroups([0]),
        "setreuid": lambda: os.setreuid(0, 0),
    }.items():
        held(name, attempt)
    check("the user is not root", os.getuid() != 0 and os.geteuid() != 0, os.getresuid())


def gain_capabilities():
    for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(f"{field} is empty", int(status_field(field), 16) == 0, status_field(field))
    prctl = _libc.prctl

    def raise_ambient():
        if prctl(47, 2, 21, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    held("raise an ambient capability", raise_ambient)
    check("privileges can't be unlocked again", prctl(38, 0, 0, 0, 0) != 0)


def loosen_the_filter():
    check("a filter is in force", status_field("Seccomp") == "2", status_field("Seccomp"))
    # A filter of the script's own may be added; it can't allow what the first refuses.
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
    _libc.prctl(22, 2, program, 0, 0)
    held("unshare after an own filter", call, "unshare", 0x10000000)
    held("a listener for the filter", call, "seccomp", 1, 8, program)


def other_abi():
    if platform.machine() != "x86_64":
        check("there is no other ABI here", True)
        return
    pid = os.fork()
    if pid == 0:
        # getpid as x32 numbers it; a filter that only knew 64-bit numbers would let x32 pass.
        result = _libc.syscall(ctypes.c_long(0x40000000 + 39))
        os._exit(7 if result == os.getpid() else 9)
    _, status = os.waitpid(pid, 0)
    check("x32 calls are refused", not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7), status)


def old_interrupt_abi():
    """`int 0x80` enters the kernel with 32-bit numbers, which mean other calls. It must not get past the filter."""
    if platform.machine() != "x86_64":
        check("there is no other ABI here", True)
        return
    import mmap

    # mov eax, 20 (getpid in 32-bit numbering); int 0x80; ret
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    pid = os.fork()
    if pid == 0:
        try:
            page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        except (OSError, ValueError):
            os._exit(9)
        page.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        result = ctypes.CFUNCTYPE(ctypes.c_long)(address)()
        os._exit(7 if result == os.getpid() else 9)
    _, status = os.waitpid(pid, 0)
    check("the 32-bit entry is shut", not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7), status)


def keyrings():
    held("add a key", call, "add_key", b"user", b"planted", b"value", 5, -3)
    held("ask for a key", call, "request_key", b"user", b"planted", 0, -3)
    held("read the session's keyring", call, "keyctl", 0, -3, 0, 0, 0)


def programs_in_the_kernel():
    held("bpf", call, "bpf", 0, ctypes.create_string_buffer(128), 128)
    held("perf_event_open", call, "perf_event_open", ctypes.create_string_buffer(128), 0, -1, -1, 0)
    held("init_module", call, "init_module", b"x", 1, b"")
    held("finit_module", call, "finit_module", 0, b"", 0)
    held("delete_module", call, "delete_module", b"x", 0)
    held("kexec_load", call, "kexec_load", 0, 0, 0, 0)
    held("kexec_file_load", call, "kexec_file_load", 0, 0, 0, b"", 0)


def calls_with_a_history():
    held("io_uring_setup", call, "io_uring_setup", 8, ctypes.create_string_buffer(256))
    held("io_uring_enter", call, "io_uring_enter", 0, 0, 0, 0, 0)
    held("userfaultfd", call, "userfaultfd", 1)
    held("memfd_secret", call, "memfd_secret", 0)
    held("modify_ldt", call, "modify_ldt", 1, ctypes.create_string_buffer(16), 16)
    held("iopl", call, "iopl", 3)
    held("ioperm", call, "ioperm", 0, 1, 1)
    held("move_pages", call, "move_pages", 1, 1, 0, 0, 0, 0)
    held("fanotify_init", call, "fanotify_init", 0, 0)
    held("name_to_handle_at", call, "name_to_handle_at", -100, b"/", ctypes.create_string_buffer(128), ctypes.create_string_buffer(8), 0)


def the_machine_itself():
    held("reboot", call, "reboot", 0xFEE1DEAD - (1 << 32), 672274793, 0, 0)
    held("swapon", call, "swapon", b"/tmp/swap", 0)
    held("acct", call, "acct", b"/tmp/acct")
    held("quotactl", call, "quotactl", 0x800002, b"/dev/vda", 0, 0)
    held("the kernel's log", call, "syslog", 3, ctypes.create_string_buffer(64), 64)
    held("vhangup", call, "vhangup")


def clocks_and_names():
    import time

    held("clock_settime", time.clock_settime, time.CLOCK_REALTIME, 0)
    held("settimeofday", call, "settimeofday", ctypes.create_string_buffer(16), 0)
    held("adjtimex", call, "adjtimex", ctypes.create_string_buffer(b"\x01" + bytes(255)))
    held("clock_adjtime", call, "clock_adjtime", 0, ctypes.create_string_buffer(b"\x01" + bytes(255)))
    held("sethostname", call, "sethostname", b"planted", 7)
    held("setdomainname", call, "setdomainname", b"planted", 7)
    check("the host's name is hidden", socket.gethostname() != os.environ["HOST_NAME"], socket.gethostname())


def personality_of_the_process():
    held("read implies execute", call, "personality", 0x0400000)
    held("no randomised addresses", call, "personality", 0x0040000)


def raise_limits():
    for name in ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK", "RLIMIT_FSIZE"):
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY:
            check(f"{name} is left to the control group", name not in ("RLIMIT_CORE", "RLIMIT_MEMLOCK"), hard)
            continue
        try:
            resource.setrlimit(kind, (hard + 1, hard + 1))
        except (OSError, ValueError) as error:
            check(f"{name}: {error}", True)
        else:
            check(name, False, hard)
    held("limits of the supervisor", call, "prlimit64", supervisor(), 7, 0, ctypes.create_string_buffer(16))


def dump_core():
    pid = os.fork()
    if pid == 0:
        os.chdir("/tmp")
        os.abort()
    _, status = os.waitpid(pid, 0)
    # Zero would not keep it from a program of the host that takes dumps.
    check("no program of the host gets one", resource.getrlimit(resource.RLIMIT_CORE) == (1, 1), resource.getrlimit(resource.RLIMIT_CORE))
    check("no core was dumped", not os.WCOREDUMP(status), status)
    check("no file either", not [name for name in os.listdir("/tmp") if name.startswith("core")], os.listdir("/tmp"))


def raise_priority():
    held("a higher priority", os.setpriority, os.PRIO_PROCESS, 0, -20)
    held("a higher priority of the session", write_as_it_is, "/proc/self/autogroup", "-10")
    held("real-time scheduling", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(10))
    held("real-time disk access", call, "ioprio_set", 1, 0, (1 << 13) | 0)


def lock_memory():
    _libc.mlockall.restype = ctypes.c_int

    def lock():
        if _libc.mlockall(3) != 0:
            raise OSError(ctypes.get_errno(), "mlockall")

    held("mlockall", lock)


def push_input_into_a_terminal():
    import fcntl

    held("the controlling terminal", os.open, "/dev/tty", os.O_RDWR)
    for descriptor in (0, 1, 2):
        held(f"push a character into descriptor {descriptor}", fcntl.ioctl, descriptor, 0x5412, b"x")


def escape_by_the_oom_score():
    held("never be chosen when memory is short", write_as_it_is, "/proc/self/oom_score_adj", "-1000")


def signal_the_group():
    """A process group spans namespaces of process numbers: shared with the launcher, it would reach every run."""
    check("the group and the session are the run's own", os.getpgrp() == os.getsid(0) == os.getpid(), (os.getpgrp(), os.getsid(0)))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.kill(0, signal.SIGTERM)
    held("a group outside", os.killpg, supervisor(), 0)


def reach_the_peer_of_the_line():
    """Who made a socket can be asked for, and given as a handle of the process since Linux 6.5."""
    peers = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            with socket.socket(fileno=os.dup(int(name))) as line:
                pid = struct.unpack("iII", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                check("the peer has no number here", pid == 0, pid)
                peer = struct.unpack("i", line.getsockopt(socket.SOL_SOCKET, 77, 4))[0]
        except OSError:
            continue
        peers += 1
        held("signal the peer", call, "pidfd_send_signal", peer, signal.SIGKILL, 0, 0)
        held("take a descriptor of the peer", call, "pidfd_getfd", peer, 0, 0)
        held("enter the peer's namespaces", call, "setns", peer, 0x10000000)
        held("a handle of the peer's namespace", call, "ioctl", peer, 0xFF01, 0)
    print(f"held: {peers} handles of peers")


def message_queues():
    held("a message queue", call, "mq_open", b"planted", os.O_CREAT | os.O_RDWR, 0o600, 0)


def huge_pages_of_the_machine():
    """Reserved by the operator for somebody else, and counted by no group."""
    import mmap

    no_reserve, huge = 0x4000, 0x40000
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve | huge
    held("map huge pages", lambda: mmap.mmap(-1, 1 << 21, flags=flags))


def signals_under_way():
    """Counted per user, and all runs are one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    queue, information = _libc.sigqueue, 0
    sent = 0
    while sent < 20_000 and queue(os.getpid(), signal.SIGRTMIN, information) == 0:
        sent += 1
    check("signals that wait have an end", sent < 2_000, sent)


def own_maps_of_ids():
    for name in ("uid_map", "gid_map"):
        held(f"write {name}", write_as_it_is, f"/proc/self/{name}", "0 0 1")
    held("allow groups again", write_as_it_is, "/proc/self/setgroups", "allow")


def other_schedulers():
    held("deadlines", call, "sched_setattr", 0, ctypes.create_string_buffer(struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**6, 10**7, 10**7)), 0)
    held("processors of others", os.sched_setaffinity, supervisor(), {0})
