//! Who runs are, on the host and in the launcher's user namespace.

use std::{fs, io, path::Path, process::Stdio};

use rustix::thread::{CapabilitySet, capabilities};
use tokio::process::Command;

use crate::{SandboxSettings, wire::ZygoteSettings};

/// Who a run is in the launcher's namespace when an ordinary user has subordinate ids.
const INNER_ID: u32 = 1000;
/// The same where a container's root gives it one id.
const CONFINED_ID: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// Root needs no user namespace for the launcher; each run has one.
    Root { run_id: u32 },
    /// Root that may not mount, as in a container, needs one like anybody else, and may give it ids.
    Confined { run_id: u32 },
    /// An ordinary user: root in the namespace is the user, the others are subordinate.
    Subordinate { uid: u32, gid: u32, uids: Span, gids: Span },
    /// Without subordinate ids there is one: runs are the user, walled in all the same.
    Single { uid: u32, gid: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    first: u32,
    count: u32,
}

/// Who this process is on the machine, as far as it can know: in a container of an ordinary user, root is that user.
pub fn outer_uid() -> u32 {
    let uid = rustix::process::geteuid().as_raw();
    outer_of(uid, &fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
}

fn outer_of(uid: u32, map: &str) -> u32 {
    let line = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (inner, outer, count) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        let offset = uid.checked_sub(inner).filter(|offset| *offset < count)?;
        outer.checked_add(offset)
    };
    map.lines().find_map(line).unwrap_or(uid)
}

/// Whether namespaces and mounts are this process's for the asking.
pub fn is_privileged() -> bool {
    rustix::process::geteuid().is_root() && has_capability(CapabilitySet::SYS_ADMIN)
}

fn has_capability(capability: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
}

impl Ids {
    pub fn of_this_process(settings: &SandboxSettings) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let run_id = settings.run_id;
        if is_privileged() {
            return Self::Root { run_id };
        }
        if has_capability(CapabilitySet::SETUID) && has_capability(CapabilitySet::SETGID) {
            return Self::Confined { run_id };
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let span = |file: &str| find_span(&fs::read_to_string(file).unwrap_or_default(), &passwd, uid);
        match (span("/etc/subuid"), span("/etc/subgid")) {
            (Some(uids), Some(gids)) if has_tools() => Self::Subordinate { uid, gid, uids, gids },
            _ => Self::Single { uid, gid },
        }
    }

    pub fn needs_user_namespace(&self) -> bool {
        !matches!(self, Self::Root { .. })
    }

    /// Gives the launcher's new user namespace its ids.
    pub async fn map(&self, pid: u32) -> io::Result<()> {
        match self {
            Self::Root { .. } => Ok(()),
            Self::Confined { run_id } => {
                let map = format!("0 0 1\n{CONFINED_ID} {run_id} 1\n");
                fs::write(format!("/proc/{pid}/uid_map"), &map)?;
                fs::write(format!("/proc/{pid}/gid_map"), &map)
            }
            Self::Subordinate { uid, gid, uids, gids } => {
                map_with("newuidmap", pid, *uid, *uids).await?;
                map_with("newgidmap", pid, *gid, *gids).await
            }
            Self::Single { uid, gid } => {
                fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
                fs::write(format!("/proc/{pid}/uid_map"), format!("0 {uid} 1"))?;
                fs::write(format!("/proc/{pid}/gid_map"), format!("0 {gid} 1"))
            }
        }
    }

    /// `cgroup_version` matters for who may move a process: in version 1, who has its id.
    pub fn zygote_settings(&self, settings: &SandboxSettings, cgroup_version: u8) -> ZygoteSettings {
        // The machine's root moves whom it likes.
        let keep = cgroup_version == 1 && outer_uid() != 0;
        let (id, change_id, keep_saved_id) = match self {
            Self::Root { run_id } => (*run_id, true, keep),
            Self::Confined { .. } => (CONFINED_ID, true, keep),
            Self::Subordinate { uids, gids, .. } => {
                let id = if uids.count.min(gids.count) > INNER_ID { INNER_ID } else { 1 };
                (id, true, keep)
            }
            Self::Single { .. } => (0, false, false),
        };
        ZygoteSettings {
            uid: id,
            gid: id,
            keep_saved_id: u32::from(keep_saved_id),
            change_id: u32::from(change_id),
            tmp_bytes_max: settings.limits.tmp_bytes_max,
            shm_bytes_max: settings.shm_bytes_max,
            open_files_max: settings.open_files_max,
        }
    }
}

async fn map_with(tool: &str, pid: u32, own: u32, span: Span) -> io::Result<()> {
    let mut command = Command::new(tool);
    for number in [pid, 0, own, 1, 1, span.first, span.count] {
        command.arg(number.to_string());
    }
    let output = command.stdin(Stdio::null()).output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{tool}: {}", said.trim())))
}

fn has_tools() -> bool {
    let is_there = |tool: &str| {
        ["/usr/bin", "/bin", "/usr/local/bin"].iter().any(|folder| Path::new(folder).join(tool).exists())
    };
    is_there("newuidmap") && is_there("newgidmap")
}

/// The first span of a user, who is named or numbered.
fn find_span(spans: &str, passwd: &str, uid: u32) -> Option<Span> {
    let number = uid.to_string();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then_some(name)
    });
    spans.lines().find_map(|line| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let is_own = owner == number || name == Some(owner);
        let span = Span { first: fields.next()?.parse().ok()?, count: fields.next()?.trim().parse().ok()? };
        is_own.then_some(span)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_followed_out_of_a_namespace() {
        let check = |uid, map, expect| assert_eq!(outer_of(uid, map), expect, "{uid} {map}");
        check(0, "         0          0 4294967295\n", 0);
        check(0, "0 1001 1\n1 100000 65536\n", 1001);
        check(1000, "0 1001 1\n1 100000 65536\n", 100_999);
        check(70_000, "0 1001 1\n1 100000 65536\n", 70_000);
        check(7, "", 7);
    }

    #[test]
    fn spans_are_found_by_name_and_number() {
        let passwd = "root:x:0:0::/:/bin/sh\nada:x:1001:1001::/home/ada:/bin/sh\n";
        let check = |spans: &str, expect: Option<(u32, u32)>| {
            let expect = expect.map(|(first, count)| Span { first, count });
            assert_eq!(find_span(spans, passwd, 1001), expect, "{spans}");
        };
        check("ada:100000:65536\n", Some((100_000, 65_536)));
        check("bob:5:5\n1001:200000:1000\n", Some((200_000, 1000)));
        check("bob:100000:65536\n", None);
        check("ada:x:y\n", None);
    }
}
