//! The processes of a sandbox, as the machine lists them.

use std::{collections::BTreeSet, fs, path::PathBuf, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

/// Kills a process of this test's own sandbox, found by a word of its command line. Whether there was one.
pub fn try_kill(word: &str) -> bool {
    find(word)
        .and_then(|pid| Pid::from_raw(pid.cast_signed()))
        .is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

pub fn kill(word: &str) {
    await_one(word, || try_kill(word).then_some(()));
}

fn find(word: &str) -> Option<u32> {
    family(std::process::id()).into_iter().find(|pid| command_of(*pid).contains(word))
}

/// Looks again for a while: a list of children that is read while some of them end may leave out others.
fn await_one<T>(word: &str, look: impl Fn() -> Option<T>) -> T {
    let mut looks = (0..200).map(|look_before| {
        if look_before > 0 {
            thread::sleep(Duration::from_millis(10));
        }
        look()
    });
    looks.find_map(|found| found).unwrap_or_else(|| panic!("no {word} among this test's processes"))
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
/// aside, these are its only children. Read from /proc, since in a container the session may be that of a process outside, whose
/// number is 0 here.
pub fn any_in_own_session() -> bool {
    const SESSION: usize = 3;
    let session = |pid: u32| stat_of(pid)?.get(SESSION)?.parse::<u32>().ok();
    let own = session(std::process::id()).expect("a session");
    family(std::process::id()).into_iter().any(|pid| session(pid) == Some(own))
}

/// Processor time of one of this test's own sandbox, in hundredths of a second.
pub fn ticks_of(word: &str) -> u64 {
    let fields = await_one(word, || find(word).and_then(stat_of));
    fields[11..13].iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The fields of a process's /proc/PID/stat from its state on, which is number 0.
fn stat_of(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit(") ").next()?.split_whitespace();
    Some(fields.map(str::to_owned).collect())
}

/// What a process may do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Real, effective, saved, and the one for files.
    pub users: Vec<u32>,
    /// The same of the group, and all others that it is in.
    pub groups: Vec<u32>,
    /// Every capability that it has, could take, could give on, or could get by starting a program.
    pub capabilities: u64,
    /// None where this test may not see it.
    pub network: Option<PathBuf>,
}

/// Of a process of this test's own sandbox; none while it doesn't run.
pub fn standing_of(word: &str) -> Option<Standing> {
    let pid = find(word)?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let network = fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let numbers = |name: &str| -> Option<Vec<u32>> {
        field(name)?.split_whitespace().map(|number| number.parse().ok()).collect()
    };
    let sets = ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"];
    let sets = sets.map(|name| u64::from_str_radix(field(name)?.trim(), 16).ok());
    Some(Standing {
        users: numbers("Uid:")?,
        groups: [numbers("Gid:")?, numbers("Groups:")?].concat(),
        capabilities: sets.into_iter().try_fold(0, |all, set| Some(all | set?))?,
        network,
    })
}

fn command_of(pid: u32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).into_owned()
}
