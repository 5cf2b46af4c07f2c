"""The interpreter's side of a sandbox: warms up, is cloned, and runs one script in each clone.

Runs as a file of its own in the image's Python; needs nothing but the standard library. Everything that has to be
right for the walls to hold is in the native part; this side is trusted until the first line of the script.
"""

import ctypes
import gc
import json
import os
import sys
import types

SETTINGS_PATH = "/errand/settings.json"
NATIVE_PATH = "/errand/native.so"
FILTER_PATH = "/errand/filter.bpf"
HOOKS_PATH = "/errand/network_errors.py"

# Standard modules that most scripts import; loaded once, before the clones.
BARE_MODULES = (
    "asyncio", "base64", "collections", "concurrent.futures", "csv", "dataclasses", "datetime", "decimal", "email",
    "enum", "functools", "hashlib", "hmac", "html", "http.client", "io", "itertools", "linecache", "logging", "math",
    "multiprocessing", "pathlib", "random", "re", "secrets", "shutil", "socket", "sqlite3", "ssl", "statistics",
    "string", "subprocess", "tempfile", "textwrap", "threading", "time", "traceback", "typing", "unicodedata",
    "urllib.parse", "urllib.request", "uuid", "zoneinfo",
)
# One that the image lacks is left out.
DATA_MODULES = (
    "numpy", "pandas", "requests", "httpx", "openai", "pydantic", "bs4", "lxml.etree", "yaml", "dateutil.parser",
    "jinja2", "openpyxl", "stripe", "slack_sdk",
)

# Standard modules that put their locks and generators in order after a fork. A zygote has one thread and holds no lock
# when it is cloned, so there is nothing to put in order in a child, and doing it costs as much as a short script. Forks
# that a script makes have these handlers as ever.
FORK_HANDLERS_OF = frozenset(("asyncio.events", "concurrent.futures.thread", "logging", "random", "threading"))

# How CPython 3.13 counts references: the lower half of the first word, all bits set where nobody counts any more.
IMMORTAL = 0xFFFF_FFFF
MORTAL_MAX = 1 << 31

# What a child does once before it stands ready, so that a run finds its memory at hand.
REHEARSAL = """import json, sys
print(end="", flush=True)
"""

# The supervisor's word to run what it has sent. Until then nothing of the script has run, and it may never come.
GO = b"G"
# How a child ends that was not told to run, should anybody ask.
EXIT_NOT_RUN = 72


class Settings(ctypes.Structure):
    """As `native/src/lib.rs` lays it out."""

    _fields_ = [
        ("uid", ctypes.c_uint32),
        ("gid", ctypes.c_uint32),
        ("keep_saved_id", ctypes.c_uint32),
        ("change_id", ctypes.c_uint32),
        ("tmp_bytes_max", ctypes.c_uint64),
        ("shm_bytes_max", ctypes.c_uint64),
        ("open_files_max", ctypes.c_uint64),
        ("before_fork", ctypes.c_void_p),
        ("after_fork_parent", ctypes.c_void_p),
        ("filter", ctypes.c_char_p),
        ("filter_bytes", ctypes.c_size_t),
    ]


def main():
    tier = sys.argv[1]
    # For this start alone; scripts and what they start do without.
    del os.environ["LD_BIND_NOW"]
    native = ctypes.PyDLL(NATIVE_PATH)
    native.errand_gather(ctypes.c_void_p(address_of(ctypes.pythonapi.PyObject_SetArenaAllocator)))
    held = hold_fork_handlers()
    warm_up(tier)
    settings, kept = read_settings()
    gc.collect()
    keep_forever()
    gc.freeze()
    served = native.errand_serve(ctypes.byref(settings))
    if served != 1:
        os._exit(0 if served == 0 else 71)
    del kept
    ctypes.pythonapi.PyOS_AfterFork_Child()
    reseed()
    register_fork_handlers(held)
    rehearse()
    run_script(native.errand_ready(ctypes.byref(settings)))


def keep_forever():
    """Makes what the interpreter holds now immortal (PEP 683): nobody counts references to it any more.

    Each count is a write, and each first write to a page of the zygote's is a copy of that page. Nothing in a child
    misses the counts: what it inherited lives as long as it does. An interpreter that lays them out differently than
    this one's version goes on counting.
    """
    if sys.implementation.name != "cpython" or sys.version_info[:2] != (3, 13) or sys.maxsize < 2**32:
        return
    # What is running now has an end.
    passing = (types.FrameType, types.GeneratorType, types.CoroutineType)
    count, found = sys.getrefcount, gc.get_objects()
    while found:
        new = [thing for thing in found if count(thing) < MORTAL_MAX and type(thing) not in passing]
        for thing in new:
            ctypes.c_uint32.from_address(id(thing)).value = IMMORTAL
        found = gc.get_referents(*new)


def hold_fork_handlers():
    """Keeps the handlers of `FORK_HANDLERS_OF` back while the modules are imported. Returns where they are put."""
    held, register = [], os.register_at_fork

    def hold(**handlers):
        if sys._getframe(1).f_globals.get("__name__") in FORK_HANDLERS_OF:
            held.append(handlers)
        else:
            register(**handlers)

    os.register_at_fork = hold
    return held


def register_fork_handlers(held):
    import threading

    import posix

    # The only thing that the handlers would have had to do: the thread's number is another one.
    threading.main_thread()._set_native_id()
    os.register_at_fork = posix.register_at_fork
    for handlers in held:
        os.register_at_fork(**handlers)


def warm_up(tier):
    modules = BARE_MODULES + (DATA_MODULES if tier == "data" else ())
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            pass
    # The first use of OpenSSL costs milliseconds; paid here once.
    import logging
    import ssl

    ssl.RAND_bytes(8)
    ssl.create_default_context()
    # Handlers that libraries made and that write nothing would be closed one by one at each script's end.
    logging._handlerList.clear()
    install_hooks()


def install_hooks():
    """Exceptions of refused connections say what the policy says."""
    if os.path.exists(HOOKS_PATH):
        scope = {"__name__": "errand_network_errors"}
        with open(HOOKS_PATH, encoding="utf-8") as file:
            exec(compile(file.read(), "<errand>", "exec"), scope)
        scope["install"]()


def read_settings():
    with open(SETTINGS_PATH, encoding="utf-8") as file:
        told = json.load(file)
    with open(FILTER_PATH, "rb") as file:
        program = file.read()
    settings = Settings(
        filter=program,
        filter_bytes=len(program),
        before_fork=address_of(ctypes.pythonapi.PyOS_BeforeFork),
        after_fork_parent=address_of(ctypes.pythonapi.PyOS_AfterFork_Parent),
        **told,
    )
    return settings, program


def address_of(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def reseed():
    """What was drawn before the clone must not be drawn again in every clone."""
    import random
    import ssl

    random.seed()

    ssl.RAND_add(os.urandom(32), 32.0)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def rehearse():
    """Goes through all that a run goes through, with a script that does and leaves nothing.

    Each page that a clone writes to is copied by the kernel at that moment, and nearly all of what a short script takes
    is such copies; here nobody waits for them yet.
    """
    import linecache

    program = json.loads(json.dumps({"name": "<rehearsal>", "code": REHEARSAL, "environment": [["REHEARSAL", "1"]]}))
    for name, value in program["environment"]:
        os.environ[name] = value
        del os.environ[name]
    execute(program["name"], program["code"])
    del linecache.cache[program["name"]]


def run_script(line):
    program, word = receive(line)
    program = json.loads(program)
    for name, value in program["environment"]:
        os.environ[name] = value
    if any(name == "TZ" for name, _ in program["environment"]):
        import time

        time.tzset()
    # Looked up now: the script may put something else in its place.
    leave = os._exit
    leave(finish(execute(program["name"], program["code"], line, lambda: await_go(line, word))))


def receive(line):
    """The program, which is one line, and what has come behind it."""
    parts = []
    while part := os.read(line, 65536):
        head, end, rest = part.partition(b"\n")
        parts.append(head)
        if end:
            return b"".join(parts), rest
    os._exit(EXIT_NOT_RUN)


def await_go(line, word):
    if (word or os.read(line, 1)) != GO:
        os._exit(EXIT_NOT_RUN)


def execute(name, code, line=None, await_word=lambda: None):
    """Runs the script as `__main__`, once the word is given. Returns the exit code; what the script left to do at its end
    is not done yet."""
    module = types.ModuleType("__main__")
    module.__file__ = name
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    sys.argv = [name]
    show_lines(name, code)
    status = 0
    try:
        try:
            script = compile(code, name, "exec", dont_inherit=True)
        finally:
            await_word()
        exec(script, module.__dict__)
    except SystemExit as leaving:
        status = status_of(leaving.code)
    except BaseException as error:
        status = 1
        report(error, name, line)
    return status


def show_lines(name, code):
    """Tracebacks quote the script's lines though no such file exists."""
    import linecache

    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)


def status_of(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def report(error, name, line):
    """The traceback goes to stderr without our frames; a short form goes to the supervisor, as a hint to the builder."""
    import traceback

    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != name:
        frames = frames.tb_next
    if frames is not None or not isinstance(error, SyntaxError):
        error.__traceback__ = frames
    else:
        error.__traceback__ = None
    try:
        sys.stdout.flush()
    except BaseException:
        pass
    sys.excepthook(type(error), error, error.__traceback__)
    numbers = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == name]
    if not numbers and isinstance(error, SyntaxError) and error.filename == name:
        numbers = [error.lineno]
    hint = {
        "exception": type(error).__qualname__,
        "message": str(error)[:2000],
        "line": numbers[-1] if numbers else None,
        "errno": getattr(error, "errno", None),
    }
    try:
        os.write(line, json.dumps(hint).encode()[:16384])
    except BaseException:
        pass


def finish(status):
    """What the interpreter does at its end, short of tearing itself down: threads, exit handlers, buffers."""
    import atexit
    import threading

    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException:
        pass
    for stream, failed in ((sys.stdout, 120), (sys.stderr, status)):
        try:
            stream.flush()
        except BaseException:
            status = status or failed
    return status


main()
