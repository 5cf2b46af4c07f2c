//! The file operations, on a tree of plain files: the machine that runs the tests has one version at most.

use std::time::Duration;

use super::*;

fn limits() -> RunLimits {
    RunLimits { memory_bytes_max: 1 << 20, cpu_millicores: 1500, processes_max: 7, ..RunLimits::default() }
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_default()
}

/// The kernel makes a group's files with its folder.
fn make(folder: &Path, files: &[&str]) {
    fs::create_dir_all(folder).expect("a folder");
    for file in files {
        fs::write(folder.join(file), "").expect("a file");
    }
}

#[test]
fn version_2_is_limited_and_read() {
    let tree = tempfile::tempdir().expect("a folder");
    let base = tree.path().join("errand");
    let groups = Groups::open(Layout::V2 { base: base.clone(), is_own: false }).expect("groups");
    assert_eq!(read(base.join("cgroup.subtree_control")), "+memory +cpu +pids");
    let folder = base.join(&groups.instance).join("run-3");
    make(&folder, &["memory.swap.max", "cpu.stat", "memory.peak", "memory.events", "pids.events"]);
    let group = groups.run(3, &limits()).expect("a group");
    let written = |file: &str| read(folder.join(file));
    assert_eq!(written("memory.max"), "1048576");
    assert_eq!(written("memory.swap.max"), "0");
    assert_eq!(written("memory.oom.group"), "1");
    assert_eq!(written("cpu.max"), "150000 100000");
    assert_eq!(written("pids.max"), "7");
    group.add(42).expect("a member");
    assert_eq!(written("cgroup.procs"), "42");
    assert_eq!(group.doors().expect("doors").len(), 0, "nobody moves by itself");
    for (file, text) in [
        ("cpu.stat", "usage_usec 1500\nuser_usec 9\n"),
        ("memory.peak", "77\n"),
        ("memory.events", "low 0\noom 2\noom_kill 1\noom_group_kill 1\n"),
        ("pids.events", "max 4\n"),
    ] {
        fs::write(folder.join(file), text).expect("a file");
    }
    let expect = Spent {
        cpu: Some(Duration::from_micros(1500)),
        memory_peak_bytes: Some(77),
        killed_for_memory: 1,
        refused_processes: 4,
    };
    assert_eq!(group.spent(), expect);
}

#[test]
fn version_1_is_limited_and_read() {
    let tree = tempfile::tempdir().expect("a folder");
    let [memory, cpu, pids] = ["memory", "cpu", "pids"].map(|name| tree.path().join(name));
    let layout =
        Layout::V1 { memory: memory.clone(), cpu: cpu.clone(), cpuacct: cpu.clone(), pids: pids.clone() };
    let groups = Groups::open(layout).expect("groups");
    let inside = |base: &Path| base.join(&groups.instance).join("run-1");
    let folder = inside(&memory);
    make(&folder, &["memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes", "memory.oom_control"]);
    make(&inside(&cpu), &["cpuacct.usage"]);
    let group = groups.run(1, &limits()).expect("a group");
    assert_eq!(read(folder.join("memory.limit_in_bytes")), "1048576");
    assert_eq!(read(folder.join("memory.memsw.limit_in_bytes")), "1048576");
    assert_eq!(read(folder.join("memory.kmem.tcp.limit_in_bytes")), "131072");
    assert_eq!(read(inside(&cpu).join("cpu.cfs_quota_us")), "150000");
    assert_eq!(read(inside(&pids).join("pids.max")), "7");
    group.add(42).expect("a member");
    assert_eq!(read(inside(&pids).join("tasks")), "42");
    assert_eq!(group.doors().expect("doors").len(), 3, "memory, processor, processes");
    fs::write(inside(&cpu).join("cpuacct.usage"), "2000000\n").expect("a file");
    fs::write(folder.join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
        .expect("a file");
    let spent = group.spent();
    assert_eq!((spent.cpu, spent.killed_for_memory), (Some(Duration::from_millis(2)), 3));
}

#[test]
fn mounts_tell_the_version() {
    let v2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
    let found = Layout::from_mounts(v2, "0::/", Some("errand")).expect("a layout");
    assert_eq!(found, Layout::V2 { base: "/sys/fs/cgroup/errand".into(), is_own: false });

    let v1 = "1 2 0:1 / /c/memory rw - cgroup cgroup rw,memory\n2 2 0:1 / /c/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
              3 2 0:1 / /c/pids rw - cgroup cgroup rw,pids\n4 2 0:1 / /c/unified rw - cgroup2 cgroup2 rw";
    let found = Layout::from_mounts(v1, "0::/", Some("e")).expect("a layout");
    assert_eq!(found.version(), 1);
    assert_eq!(found.bases(), [Path::new("/c/cpu/e"), Path::new("/c/memory/e"), Path::new("/c/pids/e")]);

    let none = Layout::from_mounts("1 2 0:1 / / rw - ext4 /dev/vda rw", "", None);
    assert!(matches!(none, Err(SandboxError::Unavailable { .. })), "{none:?}");
}

/// What version 2 shows of a process's own group, and which groups are then made for runs.
#[test]
fn version_2_has_a_place_for_runs() {
    let tree = tempfile::tempdir().expect("a folder");
    let mount = tree.path();
    let line = format!("30 23 0:26 / {} rw - cgroup2 cgroup2 rw", mount.display());
    let group = |path: &str, processes: &str, is_whole_tree: bool| {
        let folder = mount.join(path);
        fs::create_dir_all(&folder).expect("a folder");
        let files = [
            ("cgroup.procs", processes),
            ("cgroup.subtree_control", ""),
            ("cgroup.controllers", "cpu io memory pids"),
        ];
        for (file, text) in files {
            fs::write(folder.join(file), text).expect("a file");
        }
        let kind = folder.join("cgroup.type");
        if is_whole_tree {
            let _ = fs::remove_file(kind);
        } else {
            fs::write(kind, "domain\n").expect("a file");
        }
    };
    let check = |own: &str, expect: Option<&str>| {
        let found = Layout::from_mounts(&line, &format!("0::/{own}"), None).expect("a layout");
        let expect = match expect {
            Some(base) => Layout::V2 { base: mount.join(base), is_own: true },
            None => Layout::V2 { base: mount.join(layout::default_name()), is_own: false },
        };
        assert_eq!(found, expect, "{own}");
    };
    let me = format!("{}\n", std::process::id());
    group("", "1\n2\n", true);
    check("", None);
    group("errand.service", &me, false);
    check("errand.service", Some("errand.service"));
    // A service for which no limits were asked.
    group("bare.service", &me, false);
    fs::write(mount.join("bare.service/cgroup.controllers"), "memory pids").expect("a file");
    check("bare.service", None);
    // A session holds a shell too, which has its limits from elsewhere.
    group("session.scope", &format!("7\n{me}"), false);
    check("session.scope", None);
    check("gone", None);
    // Where an Errand was started before, the next is at home, alone or beside others.
    group("handed-over", "", false);
    group("handed-over/supervisor", &me, false);
    check("handed-over/supervisor", Some("handed-over"));
    group("handed-over/supervisor", &format!("7\n{me}"), false);
    check("handed-over/supervisor", Some("handed-over"));
    // Somebody else's group of that name: what is above it has processes that would have to move.
    group("theirs", "7\n", false);
    group("theirs/supervisor", &format!("8\n{me}"), false);
    check("theirs/supervisor", None);
    // What a container sees as the whole is a part of it.
    group("", &format!("1\n{me}"), false);
    check("", Some(""));
}

/// Groups of a supervisor that is gone are removed; those of one that lives, and what isn't ours, stay.
#[test]
fn left_over_groups_are_swept() {
    let tree = tempfile::tempdir().expect("a folder");
    let base = tree.path().to_path_buf();
    let alive = format!("{}-1", sweep::name_of_process(1));
    let elsewhere = "999999999-6-1";
    for name in ["999999999-5-1/run-1", "1-1-1", &alive, "theirs", "999999999-6-1/zygotes"] {
        fs::create_dir_all(base.join(name)).expect("a folder");
    }
    fs::write(base.join(elsewhere).join("zygotes/cgroup.procs"), "0\n").expect("a file");
    sweep::sweep(&Layout::V2 { base: base.clone(), is_own: false });
    let stays = |name: &str| base.join(name).exists();
    let names = ["999999999-5-1", "1-1-1", &alive, "theirs", elsewhere];
    assert_eq!(names.map(stays), [false, false, true, true, true]);
}
