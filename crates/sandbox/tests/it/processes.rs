//! The processes of a sandbox, as the machine lists them.

use std::{collections::BTreeSet, fs};

use rustix::process::{Pid, Signal, kill_process};

/// Kills a process of this test's own sandbox, found by a word of its command line. Whether there was one.
pub fn try_kill(word: &str) -> bool {
    let found = family(std::process::id()).into_iter().find(|pid| command_of(*pid).contains(word));
    found
        .and_then(|pid| Pid::from_raw(pid.cast_signed()))
        .is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

pub fn kill(word: &str) {
    assert!(try_kill(word), "no {word} among this test's processes");
}

/// Every process that descends from this one.
pub fn family(root: u32) -> BTreeSet<u32> {
    let (mut all, mut parents) = (BTreeSet::new(), vec![root]);
    while let Some(parent) = parents.pop() {
        let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let children: Vec<u32> = lists
            .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
            .collect();
        parents.extend(&children);
        all.extend(children);
    }
    all
}

/// Whether any of this test's own sandbox is in this process's session, to which a terminal sends Ctrl-C. Threads of this process
/// aside, these are its only children.
pub fn any_in_own_session() -> bool {
    let session = |pid: u32| rustix::process::getsid(Pid::from_raw(pid.cast_signed())).ok();
    let own = session(std::process::id());
    family(std::process::id()).into_iter().any(|pid| session(pid) == own)
}

/// Processor time of one of this test's own sandbox, in hundredths of a second.
pub fn ticks_of(word: &str) -> u64 {
    let found = family(std::process::id()).into_iter().find(|pid| command_of(*pid).contains(word));
    let stat = found.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    let stat = stat.unwrap_or_else(|| panic!("no {word} among this test's processes"));
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    fields[11..13].iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

fn command_of(pid: u32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).into_owned()
}
