//! What a script may rely on.

use errand_sandbox::{RunLimits, SandboxSettings};

use crate::harness::with_sandbox;

#[test]
fn scripts_run_as_main_with_their_environment() {
    with_sandbox(|house| {
        house.prints("print(1)", "1\n");
        house.prints(
            "print(__name__, __file__)\nimport sys; print(sys.argv)",
            "__main__ script.py\n['script.py']\n",
        );
        house.prints(
            "import os; print(os.getcwd(), os.environ['HOME'], os.getuid(), os.environ['PATH'])",
            "/tmp /tmp 1000 /usr/local/bin:/usr/bin:/bin\n",
        );
        house.prints("import sys; print(sys.stdin.read() == '')", "True\n");
        house.prints(
            "import getpass, pwd, os; print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir)",
            "script /tmp\n",
        );
        let script =
            "import os; print(os.environ['ORDER'], os.environ.get('MISSING'), os.environ['EMPTY'] == '')";
        let ran = house.run_with(script, &[("ORDER", "zwölf €\n"), ("EMPTY", "")], &RunLimits::default());
        assert_eq!(ran.stdout, "zwölf €\n None True\n", "{ran:?}");
        // A subprocess has them too.
        let ran =
            house.run_with("import os; os.system('echo $ORDER')", &[("ORDER", "12")], &RunLimits::default());
        assert_eq!(ran.stdout, "12\n", "{ran:?}");
        house.prints("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nimport pickle; print(pickle.loads(pickle.dumps(A(3))))", "A(x=3)\n");
    });
}

#[test]
fn the_data_libraries_are_there() {
    with_sandbox(|house| {
        house.prints("import pandas as pd; print(pd.DataFrame({'a': [1, 2]}).a.sum())", "3\n");
        house.prints("import numpy, requests, openai, httpx, pydantic, bs4, lxml, yaml, dateutil, jinja2, openpyxl, stripe, slack_sdk; print('ok')", "ok\n");
        house
            .prints("import numpy as np; a = np.random.rand(300, 300); print((a @ a).shape)", "(300, 300)\n");
    });
}

#[test]
fn what_is_random_differs_between_runs() {
    with_sandbox(|house| {
        let script = "import os, random, secrets, ssl, uuid, tempfile, numpy\n\
                      print(random.random(), secrets.token_hex(8), ssl.RAND_bytes(8).hex(), uuid.uuid4(), numpy.random.rand(), numpy.random.default_rng().random(), os.urandom(8).hex(), tempfile.mktemp(), sep='\\n')";
        let runs: Vec<String> = (0..6).map(|_| house.run(script).stdout).collect();
        let mut drawn: Vec<&str> = runs.iter().flat_map(|run| run.lines()).collect();
        assert_eq!(drawn.len(), 48, "{runs:?}");
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 48, "something was drawn twice: {runs:?}");
    });
}

/// All runs of one zygote share it, and no zygote makes more children than it may.
#[test]
fn the_hash_seed_changes_with_the_zygote() {
    let settings = SandboxSettings { zygote_children_max: 1, ..crate::harness::settings() };
    crate::harness::with_settings(settings, |house| {
        let mut seen: Vec<String> = (0..4).map(|_| house.run("print(hash('errand'))").stdout).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4, "a seed served twice: {seen:?}");
    });
}

/// Not counted, it is not copied; what a script makes itself is counted and freed as ever.
#[test]
fn what_a_zygote_holds_is_immortal() {
    with_sandbox(|house| {
        house.prints(
            "import json, sys, weakref\nclass Own: pass\nown = Own()\ngone = weakref.ref(own)\n\
             print(all(sys.getrefcount(held) >= 2**31 for held in (json, json.dumps, json.dumps.__code__, json.__dict__)), sys.getrefcount(own))\n\
             del own\nprint(gone())",
            "True 2\nNone\n",
        );
    });
}

#[test]
fn concurrency_works() {
    with_sandbox(|house| {
        house.prints("import threading\ndone = []\nall = [threading.Thread(target=done.append, args=(n,)) for n in range(20)]\n[t.start() for t in all]; [t.join() for t in all]; print(len(done))", "20\n");
        // Threads that still run at the script's end are waited for, as the interpreter does.
        house.prints("import threading, time\ndef late():\n    time.sleep(0.2); print('late')\nthreading.Thread(target=late).start(); print('main')", "main\nlate\n");
        house.prints("import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01); return n\nasync def main():\n    print(sum(await asyncio.gather(*map(f, range(10)))))\nasyncio.run(main())", "45\n");
        house.prints("import asyncio\nasync def main():\n    p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=asyncio.subprocess.PIPE)\n    print((await p.communicate())[0])\nasyncio.run(main())", "b'hi\\n'\n");
        house.prints("import multiprocessing as m\ndef f(x): return x * x\nwith m.Pool(3) as p: print(p.map(f, range(5)))", "[0, 1, 4, 9, 16]\n");
        house.prints("from concurrent.futures import ProcessPoolExecutor as P\ndef f(x): return x + 1\nwith P(2) as p: print(list(p.map(f, range(3))))", "[1, 2, 3]\n");
        house.prints("import multiprocessing as m\nq = m.Queue()\np = m.Process(target=q.put, args=('from the child',))\np.start(); print(q.get()); p.join(); print(p.exitcode)", "from the child\n0\n");
        house.prints("from multiprocessing import shared_memory as s\na = s.SharedMemory(create=True, size=100); a.buf[0] = 7\nb = s.SharedMemory(a.name); print(b.buf[0]); b.close(); a.close(); a.unlink()", "7\n");
    });
}

#[test]
fn programs_and_files_work() {
    with_sandbox(|house| {
        house.prints("import subprocess; print(subprocess.run(['sh', '-c', 'echo a | tr a b; exit 3'], capture_output=True))", "CompletedProcess(args=['sh', '-c', 'echo a | tr a b; exit 3'], returncode=3, stdout=b'b\\n', stderr=b'')\n");
        house.prints("import subprocess; print(subprocess.run(['git', '--version'], capture_output=True, text=True).stdout.split()[:2])", "['git', 'version']\n");
        house.prints("import os; os.system('cd /tmp && git init -q r && cd r && git -c user.name=a -c user.email=b commit -q --allow-empty -m x && git log --format=%s')", "x\n");
        house.prints("import tempfile, os, pathlib\nwith tempfile.TemporaryDirectory() as d:\n    p = pathlib.Path(d) / 'a'; p.write_text('x'); p.rename(p.with_name('b')); print(os.listdir(d))\nwith tempfile.NamedTemporaryFile('w+') as f:\n    f.write('y'); f.seek(0); print(f.read())", "['b']\ny\n");
        house.prints("import sqlite3\nc = sqlite3.connect('/tmp/a.db'); c.execute('create table t (x)'); c.execute('insert into t values (4)'); c.commit(); print(c.execute('select x from t').fetchall())", "[(4,)]\n");
        house.prints("import sys, subprocess; print(subprocess.run([sys.executable, '-c', 'print(2)'], capture_output=True, text=True).stdout)", "2\n\n");
        house.prints("import shutil, os; open('/tmp/a', 'w').write('1'); shutil.copy2('/tmp/a', '/tmp/b'); os.symlink('/tmp/b', '/tmp/c'); print(open('/tmp/c').read())", "1\n");
        // What one run wrote, the next doesn't see.
        house.prints("import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'))", "[] []\n");
    });
}

#[test]
fn exit_handlers_and_buffers_are_heeded() {
    with_sandbox(|house| {
        house.prints("import atexit; atexit.register(print, 'bye'); print('hi')", "hi\nbye\n");
        house.prints("import sys; sys.stdout.write('no newline')", "no newline");
        house.prints("import os; os.write(1, b'raw\\n')", "raw\n");
        house.prints("import sys; sys.stdout.buffer.write(bytes(range(65, 70)))", "ABCDE");
        let ran = house.run("import sys; print('out'); print('err', file=sys.stderr)");
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
        // A big output comes whole, also when nobody flushes.
        let ran = house.run("print('x' * 900_000)");
        assert_eq!(ran.stdout.len(), 900_001, "{:?}", ran.report);
    });
}
