"""Lying about how the run ended, and reaching the supervisor through what it shares with the run."""

import gc
import socket as sockets


def descriptors():
    own = os.open("/proc/self/fd", os.O_RDONLY)
    names = [int(name) for name in os.listdir(own) if int(name) not in (own,)]
    os.close(own)
    return names


def forge_success():
    """Says `bye, 0` and everything like it on every descriptor, then fails."""
    lies = [
        b"\0\0\0\0", b"bye\0\0\0\0", b'{"bye":0}', b'{"exit":0}\n', b"B\0\0\0\0", b"\1\0\0\0\0\0\0\0", b"bye 0\n", b"exit 0\n",
    ]
    for descriptor in descriptors():
        if descriptor in (0, 1, 2):
            continue
        for lie in lies:
            try:
                os.write(descriptor, lie)
            except OSError:
                break
    os._exit(3)


def forge_success_and_hang():
    """The hint alone must not end a run that goes on; the time limit does."""
    import time

    for descriptor in descriptors():
        if descriptor > 2:
            try:
                os.write(descriptor, b"\0\0\0\0")
            except OSError:
                continue
    while True:
        time.sleep(1)


def forge_a_descriptor_message():
    """Sends descriptors of its own over every socket it finds; the supervisor must not take them."""
    for descriptor in descriptors():
        if descriptor in (0, 1, 2):
            continue
        try:
            with sockets.socket(fileno=os.dup(descriptor)) as channel:
                channel.sendmsg([b"bye\0\0\0\0"], [(sockets.SOL_SOCKET, sockets.SCM_RIGHTS, struct.pack("i", 1))])
        except OSError:
            continue
    sys.exit(4)


def flood_the_channel():
    for descriptor in descriptors():
        if descriptor in (0, 1, 2):
            continue
        try:
            os.set_blocking(descriptor, False)
            for _ in range(10_000):
                os.write(descriptor, b"\xff" * 65_536)
        except OSError:
            continue
    sys.exit(5)


def close_everything():
    os.closerange(3, 1024)
    print("held: the run goes on without its channel", flush=True)
    sys.exit(6)


def close_even_stdout():
    os.closerange(0, 1024)
    os._exit(7)


def rewrite_the_exit():
    """Whatever the interpreter is told to do at its end, the process's own status counts."""
    sys.exit = os._exit = lambda *_: None
    sys.excepthook = lambda *_: None
    raise RuntimeError("the hook was taken away")


def forge_a_traceback():
    """What stderr says is the script's word, not the supervisor's."""
    sys.stderr.write("Traceback (most recent call last):\n  File \"script.py\", line 1, in <module>\nSystemExit: 0\n")
    os._exit(8)


def find_the_runtime():
    """Objects of the runtime that started the script must hold nothing of use."""
    found = [value for value in gc.get_objects() if isinstance(value, sockets.socket)]
    check("no socket object lies about", not found, found)
    caller = sys._getframe()
    while caller.f_back is not None:
        caller = caller.f_back
    for name, value in list(caller.f_globals.items()) + list(caller.f_locals.items()):
        text = repr(value)
        check(f"`{name}` of the outermost frame holds no other run's secret", "planted-secret" not in text or name == "environ", text[:200])


def environment_is_exactly_given():
    """Nothing of the supervisor's environment, and nothing of an earlier run's."""
    allowed = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME", "PWD", "SHLVL"}
    extra = {name for name in os.environ if name not in allowed and not name.startswith(("PYTHON", "OPENBLAS_", "OMP_", "MKL_", "SSL_", "REQUESTS_", "CURL_", "GIT_", "GURUBASE_"))}
    extra -= set(os.environ.get("GIVEN", "").split(",")) | {"GIVEN"}
    check("the environment is what was given", not extra, extra)


def execute_in_place_of_the_script():
    """Another program becomes the first process; its exit code is the run's."""
    os.execv("/bin/sh", ["sh", "-c", "ls -l /proc/self/fd; exit 9"])


def exit_past_the_interpreter():
    os.write(3, b'{"exception":"Forged","message":"it went well","line":1}')
    numbers = {"x86_64": 231, "aarch64": 94}
    _libc.syscall(ctypes.c_long(numbers[platform.machine()]), ctypes.c_long(11))


def end_the_first_thread_alone():
    """The run ends with its last thread, whatever the first one ended with."""
    import threading
    import time

    def late():
        time.sleep(0.5)
        os._exit(12)

    threading.Thread(target=late).start()
    numbers = {"x86_64": 60, "aarch64": 93}
    _libc.syscall(ctypes.c_long(numbers[platform.machine()]), ctypes.c_long(0))


def execute_from_another_thread():
    """The kernel ends the first thread, with code 0, and the other takes its number."""
    import threading
    import time

    threading.Thread(target=os.execv, args=("/bin/sh", ["sh", "-c", "sleep 0.3; exit 14"])).start()
    time.sleep(10)


def leave_the_session():
    """The launcher hears of the end of each child, whatever group it is in."""
    for leave in (os.setsid, os.setpgrp):
        try:
            leave()
        except OSError:
            continue
    sys.exit(13)


def hostile_hints():
    """The supervisor reads what stands in the line at the end; none of it may be more than a hint."""
    os.write(3, b"[" * 4_000 + b"\0\xff" + b'{"exception":' * 500)
    os._exit(1)
