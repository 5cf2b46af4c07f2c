"""Using up what the machine has, and staying longer than allowed. Most of these end the run: the test says how."""

import pathlib
import signal
import subprocess
import threading
import time


def fork_bomb():
    """Stops at the process limit; the script itself sees an error and goes on."""
    children = 0
    try:
        while children < 10_000:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            children += 1
    except OSError as error:
        check(f"stopped after some children: {errno.errorcode[error.errno]}", children < 200, children)
    else:
        check("stopped at all", False, children)


def fork_bomb_without_mercy():
    """Every child forks on; the run must end by its time or its own end, and the machine stay whole."""
    while True:
        try:
            os.fork()
        except OSError:
            pass


def thread_bomb():
    started = 0
    try:
        while started < 10_000:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            started += 1
    except RuntimeError as error:
        check(f"stopped after some threads: {error}", started < 200, started)
    else:
        check("stopped at all", False, started)
    sys.stdout.flush()
    os._exit(0)


def memory_bomb():
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def memory_bomb_by_a_subprocess():
    code = "k = []\nwhile True: k.append(bytearray(16 * 1024 * 1024))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    check("the subprocess was ended", done.returncode != 0, done.returncode)


def memory_bomb_in_shared_memory():
    with open("/dev/shm/fill", "wb") as file:
        try:
            for _ in range(1024):
                file.write(bytes(1024 * 1024))
        except OSError as error:
            check(f"/dev/shm is small: {errno.errorcode[error.errno]}", True)
            return
    check("/dev/shm is small", False)


def fill_tmp():
    written = 0
    try:
        with open("/tmp/fill", "wb", buffering=0) as file:
            while written < 1024:
                file.write(bytes(1024 * 1024))
                written += 1
    except OSError as error:
        check(f"/tmp is full after {written} MB: {errno.errorcode[error.errno]}", written <= 100, written)
    else:
        check("/tmp has an end", False, written)


def fill_tmp_with_names():
    """Empty files take memory of the kernel too."""
    made = 0
    try:
        while made < 300_000:
            os.close(os.open(f"/tmp/{made}", os.O_CREAT))
            made += 1
    except OSError as error:
        check(f"stopped after {made} names: {errno.errorcode[error.errno]}", True)
    else:
        check("names have an end", False, made)


def open_everything():
    kept = []
    try:
        while len(kept) < 100_000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        check(f"stopped after {len(kept)} descriptors: {errno.errorcode[error.errno]}", True)
        for descriptor in kept:
            os.close(descriptor)
    else:
        check("descriptors have an end", False, len(kept))


def flood_stdout():
    line = "x" * 65_536
    while True:
        print(line)


def flood_stderr():
    for _ in range(64):
        sys.stderr.write("x" * 65_536)
    print("held: a flood of stderr is cut and the script goes on")


def flood_without_newlines():
    while True:
        os.write(1, b"\0" * 1_048_576)


def ignore_every_signal():
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    while True:
        time.sleep(1)


def stop_oneself():
    os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        time.sleep(1)


def sleep_in_a_thread_that_never_ends():
    threading.Thread(target=time.sleep, args=(10_000,)).start()


def daemonise():
    """Twice forked, in a session of its own, with nothing open: it must be gone with the run all the same."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            while True:
                time.sleep(1)
        os._exit(0)
    print("held: the parent ends")


def hold_the_output_open():
    """A grandchild keeps stdout after the script ended; nobody may wait for it."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(10_000)
    print("held: the parent ends")


def write_after_the_end():
    if os.fork() == 0:
        os.setsid()
        while True:
            time.sleep(0.5)
            os.write(1, b"ESCAPED: written after the end\n")
    os.write(1, b"held: the parent ends\n")


def leave_zombies():
    for _ in range(50):
        if os.fork() == 0:
            os._exit(0)
    print("held: nobody reaps them here")


def overflow_the_stack():
    ctypes.string_at(8)


def catch_the_end():
    """An `atexit` handler and a signal handler that never return."""
    import atexit

    atexit.register(lambda: time.sleep(10_000))
    signal.signal(signal.SIGTERM, lambda *_: time.sleep(10_000))
    print("held: the last line")


def a_very_large_sparse_file():
    def grow():
        with open("/tmp/sparse", "wb") as file:
            file.truncate(1 << 50)

    held("a petabyte in /tmp", grow)


def fill_sockets():
    """What waits in sockets is memory too; some kernels count it apart."""
    server = socket.create_server(("127.0.0.1", 0), backlog=1000)
    kept, waiting, piece = [], 0, bytes(1 << 20)
    try:
        while len(kept) < 200 and waiting < 700 << 20:
            client = socket.create_connection(server.getsockname())
            kept += [client, server.accept()[0]]
            for end in kept[-2:]:
                end.setblocking(False)
                try:
                    while True:
                        waiting += end.send(piece)
                except BlockingIOError:
                    pass
    except OSError as error:
        print(f"held: no more sockets: {error}", flush=True)
    check("sockets are full before memory is", waiting < 600 << 20, f"{waiting >> 20} MB")


def flood_past_the_end():
    """What a script left floods stderr while its end is told; a full pipe is filled again without copying a byte."""
    import fcntl

    fcntl.fcntl(2, fcntl.F_SETPIPE_SZ, 1 << 20)
    for _ in range(8):
        if os.fork() == 0:
            source, sink = os.pipe()
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 1 << 20)
            os.write(sink, bytes(1 << 20))
            while True:
                _libc.tee(source, 2, 1 << 20, 0)
    time.sleep(0.2)
    print("held: the parent ends", flush=True)
    os._exit(0)


def signal_oneself_without_end():
    """Each signal wakes the launcher while it follows the child."""
    heard = 0

    def hear(*_):
        nonlocal heard
        heard += 1

    signal.signal(signal.SIGUSR1, hear)
    for _ in range(20_000):
        os.kill(os.getpid(), signal.SIGUSR1)
    check("every signal came", heard == 20_000, heard)


def many_arguments():
    held("ten megabytes of arguments", os.execv, "/bin/true", ["x" * 100_000] * 100)
