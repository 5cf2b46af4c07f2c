//! Groups that a supervisor left when it was killed. Its processes died with its launcher; the folders stay.

use std::{fs, path::Path};

use super::Layout;

/// A number alone may be taken again by another process: its start time tells them apart.
pub(super) fn name_of_process(pid: u32) -> String {
    format!("{pid}-{}", start_time(pid).unwrap_or(0))
}

pub(super) fn sweep(layout: &Layout) {
    for base in layout.bases() {
        let names = fs::read_dir(base).into_iter().flatten().flatten();
        for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
            let folder = base.join(&name);
            if is_left_over(&name) && !is_inhabited(&folder) {
                remove_tree(&folder);
            }
        }
    }
}

/// Of a supervisor that no longer runs.
fn is_left_over(name: &str) -> bool {
    let numbers: Option<Vec<u64>> = name.split('-').map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some([pid, started, _]) => {
            u32::try_from(*pid).ok().and_then(start_time).is_none_or(|now| now != *started)
        }
        _ => false,
    }
}

/// In a container, the processes of others have no number here: whether their launcher stands tells that they live.
fn is_inhabited(folder: &Path) -> bool {
    fs::read_to_string(folder.join("zygotes/cgroup.procs")).is_ok_and(|processes| !processes.is_empty())
}

/// The innermost first. What still holds a process stays for the next sweep.
pub(super) fn remove_tree(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}

/// In ticks since the machine started; the 22nd field, counted after the name, which may hold spaces.
fn start_time(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}
