//! The group of one run: limits in, what was spent out.

use std::{
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::fs::FileExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::RunLimits;

use super::{Layout, at, write};

const PERIOD_US: u64 = 100_000;
/// What is looked for stands in the first few hundred.
const METER_BYTES_MAX: usize = 4096;
/// Version 1 counts what waits in sockets apart from other memory: this part of the limit on that, on top of it. Without, one
/// run's sockets fill what the whole machine has for its own.
const SOCKETS_PART: u64 = 8;

#[derive(Debug)]
pub struct Group {
    version: u8,
    memory: PathBuf,
    cpu: PathBuf,
    cpuacct: PathBuf,
    pids: PathBuf,
    meters: Meters,
}

/// Files that are read when a run has ended and somebody waits for its result: they are opened before.
#[derive(Debug, Default)]
struct Meters {
    cpu: Option<File>,
    memory_peak: Option<File>,
    memory_events: Option<File>,
    pids_events: Option<File>,
}

/// What the kernel counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub cpu: Option<Duration>,
    pub memory_peak_bytes: Option<u64>,
    /// Processes that were killed because the memory was used up.
    pub killed_for_memory: u64,
    /// Processes that were not made because there were too many.
    pub refused_processes: u64,
}

impl Group {
    pub(super) fn new(layout: &Layout, name: &str) -> Self {
        let of = |base: &Path| base.join(name);
        match layout {
            Layout::V1 { memory, cpu, cpuacct, pids } => {
                Self::of_folders(1, [of(memory), of(cpu), of(cpuacct), of(pids)])
            }
            Layout::V2 { base, .. } => Self::of_folders(2, [of(base), of(base), of(base), of(base)]),
        }
    }

    fn of_folders(version: u8, [memory, cpu, cpuacct, pids]: [PathBuf; 4]) -> Self {
        Self { version, memory, cpu, cpuacct, pids, meters: Meters::default() }
    }

    /// Opens what [`Group::spent`] reads. A kernel may lack one of the files; its figure is then missing.
    pub(super) fn open_meters(&mut self) {
        let (cpu, peak, memory_events) = if self.version == 1 {
            (self.cpuacct.join("cpuacct.usage"), "memory.max_usage_in_bytes", "memory.oom_control")
        } else {
            (self.cpu.join("cpu.stat"), "memory.peak", "memory.events")
        };
        let open = |path: PathBuf| File::open(path).ok();
        self.meters = Meters {
            cpu: open(cpu),
            memory_peak: open(self.memory.join(peak)),
            memory_events: open(self.memory.join(memory_events)),
            pids_events: open(self.pids.join("pids.events")),
        };
    }

    pub fn limit(&self, limits: &RunLimits) -> io::Result<()> {
        let memory = limits.memory_bytes_max.to_string();
        let quota_us = u64::from(limits.cpu_millicores) * PERIOD_US / 1000;
        if self.version == 1 {
            self.limit_memory_v1(&memory)?;
            // A kernel without the accounting of sockets lacks the file.
            let sockets = self.memory.join("memory.kmem.tcp.limit_in_bytes");
            if sockets.exists() {
                write(&sockets, &(limits.memory_bytes_max / SOCKETS_PART).to_string())?;
            }
            write(&self.cpu.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
            write(&self.cpu.join("cpu.cfs_quota_us"), &quota_us.to_string())?;
        } else {
            write(&self.memory.join("memory.max"), &memory)?;
            // A kernel without swap lacks the file.
            let swap = self.memory.join("memory.swap.max");
            if swap.exists() {
                write(&swap, "0")?;
            }
            write(&self.memory.join("memory.oom.group"), "1")?;
            write(&self.cpu.join("cpu.max"), &format!("{quota_us} {PERIOD_US}"))?;
        }
        write(&self.pids.join("pids.max"), &limits.processes_max.to_string())
    }

    /// Memory and swap together may never be less than memory alone: which is written first depends on the direction.
    fn limit_memory_v1(&self, memory: &str) -> io::Result<()> {
        let both = self.memory.join("memory.memsw.limit_in_bytes");
        let alone = self.memory.join("memory.limit_in_bytes");
        if !both.exists() {
            write(&self.memory.join("memory.swappiness"), "0")?;
            return write(&alone, memory);
        }
        if write(&alone, memory).is_err() {
            write(&both, memory)?;
            return write(&alone, memory);
        }
        write(&both, memory)
    }

    /// Moves a process.
    pub fn add(&self, pid: i32) -> io::Result<()> {
        let file = if self.version == 1 { "tasks" } else { "cgroup.procs" };
        self.folders().into_iter().try_for_each(|folder| write(&folder.join(file), &pid.to_string()))
    }

    /// Files to which a process of one thread writes `0` to move itself; none where it has to be moved by [`Group::add`].
    ///
    /// Moving *another* process takes a lock that every clone and exit on the machine holds, and the kernel first waits
    /// until all processors have let go of it: tens of milliseconds. A thread that moves itself needs no such lock, but
    /// only version 1 lets it do so alone.
    pub fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        if self.version != 1 {
            return Ok(Vec::new());
        }
        let open = |folder: &Path| {
            let file = folder.join("tasks");
            fs::OpenOptions::new()
                .write(true)
                .open(&file)
                .map(OwnedFd::from)
                .map_err(|error| at(&file, &error))
        };
        self.folders().into_iter().map(open).collect()
    }

    pub fn spent(&self) -> Spent {
        let Meters { cpu, memory_peak, memory_events, pids_events } = &self.meters;
        let cpu = if self.version == 1 {
            read(cpu.as_ref()).and_then(|text| number(&text)).map(Duration::from_nanos)
        } else {
            read(cpu.as_ref()).and_then(|text| field(&text, "usage_usec")).map(Duration::from_micros)
        };
        Spent {
            cpu,
            memory_peak_bytes: read(memory_peak.as_ref()).and_then(|text| number(&text)),
            killed_for_memory: read(memory_events.as_ref())
                .and_then(|text| field(&text, "oom_kill"))
                .unwrap_or(0),
            refused_processes: read(pids_events.as_ref()).and_then(|text| field(&text, "max")).unwrap_or(0),
        }
    }

    pub fn memory_bytes(&self) -> Option<u64> {
        let file = if self.version == 1 { "memory.usage_in_bytes" } else { "memory.current" };
        number(&fs::read_to_string(self.memory.join(file)).ok()?)
    }

    /// Fails while a process is in it.
    pub fn remove(&self) -> io::Result<()> {
        for folder in self.folders() {
            match fs::remove_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn folders(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = vec![&self.memory, &self.cpu, &self.cpuacct, &self.pids];
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// From its beginning, whatever was read of it before.
fn read(meter: Option<&File>) -> Option<String> {
    let mut bytes = [0; METER_BYTES_MAX];
    let length = meter?.read_at(&mut bytes, 0).ok()?;
    Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn field(text: &str, field: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(' ')?.trim().parse().ok())
}
