//! The section `[sandbox]`: what a run of a Python action may use, and how many there are at once.

use std::{fmt::Display, path::PathBuf, str::FromStr, time::Duration};

use color_eyre::eyre::{Result, eyre};
use errand_domain::limits::Limits;
use errand_egress::NetworkLimits;
use errand_sandbox::{RunLimits, SandboxSettings};
use serde::Deserialize;

use super::variable;

/// As the file has it; every field may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    pub enabled: bool,
    memory_bytes_max: u64,
    cpu_millicores: u32,
    processes_max: u32,
    tmp_bytes_max: u64,
    stdout_bytes_max: usize,
    stderr_bytes_max: usize,
    ready_children: usize,
    runs_at_once_max: usize,
    waiting_max: usize,
    wait_ms_max: u64,
    zygote_children_max: u32,
    shm_bytes_max: u64,
    open_files_max: u64,
    run_id: u32,
    cgroup: Option<String>,
    connections_max: usize,
    connection_attempts_max: u32,
    names_max: u16,
}

impl Default for SandboxSection {
    fn default() -> Self {
        let SandboxSettings {
            limits,
            ready_children,
            runs_at_once_max,
            waiting_max,
            wait_max,
            zygote_children_max,
            shm_bytes_max,
            open_files_max,
            run_id,
            cgroup,
            ..
        } = SandboxSettings::default();
        let network = NetworkLimits::default();
        Self {
            enabled: true,
            memory_bytes_max: limits.memory_bytes_max,
            cpu_millicores: limits.cpu_millicores,
            processes_max: limits.processes_max,
            tmp_bytes_max: limits.tmp_bytes_max,
            stdout_bytes_max: limits.stdout_bytes_max,
            stderr_bytes_max: limits.stderr_bytes_max,
            ready_children,
            runs_at_once_max,
            waiting_max,
            wait_ms_max: u64::try_from(wait_max.as_millis()).unwrap_or(u64::MAX),
            zygote_children_max,
            shm_bytes_max,
            open_files_max,
            run_id,
            cgroup,
            connections_max: network.connections_max,
            connection_attempts_max: network.attempts_max,
            names_max: network.names_max,
        }
    }
}

impl SandboxSection {
    /// The same with what the environment sets, checked.
    pub(super) fn with_variables(self) -> Result<Self> {
        let enabled = match variable("ERRAND_SANDBOX").as_deref() {
            None => self.enabled,
            Some("on") => true,
            Some("off") => false,
            Some(other) => return Err(eyre!("ERRAND_SANDBOX is `{other}`; choose `on` or `off`")),
        };
        let section = Self {
            enabled,
            memory_bytes_max: number("MEMORY_BYTES_MAX", self.memory_bytes_max)?,
            cpu_millicores: number("CPU_MILLICORES", self.cpu_millicores)?,
            processes_max: number("PROCESSES_MAX", self.processes_max)?,
            tmp_bytes_max: number("TMP_BYTES_MAX", self.tmp_bytes_max)?,
            stdout_bytes_max: number("STDOUT_BYTES_MAX", self.stdout_bytes_max)?,
            stderr_bytes_max: number("STDERR_BYTES_MAX", self.stderr_bytes_max)?,
            ready_children: number("READY_CHILDREN", self.ready_children)?,
            runs_at_once_max: number("RUNS_AT_ONCE_MAX", self.runs_at_once_max)?,
            waiting_max: number("WAITING_MAX", self.waiting_max)?,
            wait_ms_max: number("WAIT_MS_MAX", self.wait_ms_max)?,
            zygote_children_max: number("ZYGOTE_CHILDREN_MAX", self.zygote_children_max)?,
            shm_bytes_max: number("SHM_BYTES_MAX", self.shm_bytes_max)?,
            open_files_max: number("OPEN_FILES_MAX", self.open_files_max)?,
            run_id: number("RUN_ID", self.run_id)?,
            cgroup: variable("ERRAND_SANDBOX_CGROUP").or(self.cgroup),
            connections_max: number("CONNECTIONS_MAX", self.connections_max)?,
            connection_attempts_max: number("CONNECTION_ATTEMPTS_MAX", self.connection_attempts_max)?,
            names_max: number("NAMES_MAX", self.names_max)?,
        };
        section.check()?;
        Ok(section)
    }

    /// Below these, no script could run at all.
    fn check(&self) -> Result<()> {
        let least = [
            ("memory_bytes_max", self.memory_bytes_max, MEMORY_BYTES_MIN),
            ("cpu_millicores", u64::from(self.cpu_millicores), CPU_MILLICORES_MIN),
            ("processes_max", u64::from(self.processes_max), 1),
            ("tmp_bytes_max", self.tmp_bytes_max, TMP_BYTES_MIN),
            ("runs_at_once_max", self.runs_at_once_max as u64, 1),
            ("zygote_children_max", u64::from(self.zygote_children_max), 1),
            ("shm_bytes_max", self.shm_bytes_max, TMP_BYTES_MIN),
            ("open_files_max", self.open_files_max, OPEN_FILES_MIN),
            // 0 would be root.
            ("run_id", u64::from(self.run_id), 1),
        ];
        match least.into_iter().find(|(_, given, least)| given < least) {
            Some((name, given, least)) => Err(eyre!("`sandbox.{name}` is {given}; choose at least {least}")),
            None => Ok(()),
        }
    }

    /// What each run may use; how long it may take is its action's setting, within the operator's.
    pub fn run_limits(&self, limits: &Limits) -> RunLimits {
        RunLimits {
            memory_bytes_max: self.memory_bytes_max,
            cpu_millicores: self.cpu_millicores,
            processes_max: self.processes_max,
            timeout: Duration::from_millis(limits.action_timeout_ms_max),
            tmp_bytes_max: self.tmp_bytes_max,
            stdout_bytes_max: self.stdout_bytes_max,
            stderr_bytes_max: self.stderr_bytes_max,
        }
    }

    /// What each run may do on the network, within the policy and its action's hosts.
    pub fn network_limits(&self) -> NetworkLimits {
        NetworkLimits {
            connections_max: self.connections_max,
            attempts_max: self.connection_attempts_max,
            names_max: self.names_max,
            ..NetworkLimits::default()
        }
    }

    pub fn settings(&self, image: PathBuf, limits: &Limits) -> SandboxSettings {
        SandboxSettings {
            image,
            limits: self.run_limits(limits),
            ready_children: self.ready_children,
            runs_at_once_max: self.runs_at_once_max,
            waiting_max: self.waiting_max,
            wait_max: Duration::from_millis(self.wait_ms_max),
            zygote_children_max: self.zygote_children_max,
            shm_bytes_max: self.shm_bytes_max,
            open_files_max: self.open_files_max,
            run_id: self.run_id,
            cgroup: self.cgroup.clone(),
            ..SandboxSettings::default()
        }
    }
}

const MEMORY_BYTES_MIN: u64 = 64 * 1024 * 1024;
const CPU_MILLICORES_MIN: u64 = 10;
const TMP_BYTES_MIN: u64 = 64 * 1024;
/// The interpreter has some twenty open to begin with.
const OPEN_FILES_MIN: u64 = 64;

/// A variable's number, else what the file says.
fn number<T: FromStr<Err: Display>>(name: &str, file: T) -> Result<T> {
    let name = format!("ERRAND_SANDBOX_{name}");
    match variable(&name) {
        None => Ok(file),
        Some(text) => text.parse().map_err(|error| eyre!("{name} is `{text}`, not a number: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(), &str>) {
        let section: SandboxSection = toml::from_str(text).expect("a section");
        let got = section.check().map_err(|error| error.to_string());
        assert_eq!(got, expect.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn limits_under_which_nothing_runs_are_refused() {
        check("", Ok(()));
        check("ready_children = 0", Ok(()));
        check("processes_max = 0", Err("`sandbox.processes_max` is 0; choose at least 1"));
        check("memory_bytes_max = 1000", Err("`sandbox.memory_bytes_max` is 1000; choose at least 67108864"));
        check("run_id = 0", Err("`sandbox.run_id` is 0; choose at least 1"));
        check("open_files_max = 3", Err("`sandbox.open_files_max` is 3; choose at least 64"));
        assert!(toml::from_str::<SandboxSection>("memory = 1").is_err());
    }

    #[test]
    fn the_network_of_a_run_has_limits_of_its_own() {
        let check = |text: &str, expect: NetworkLimits| {
            let section: SandboxSection = toml::from_str(text).expect("a section");
            assert_eq!(section.network_limits(), expect, "{text}");
        };
        check("", NetworkLimits::default());
        check("connections_max = 0", NetworkLimits { connections_max: 0, ..NetworkLimits::default() });
        check(
            "connection_attempts_max = 50\nnames_max = 3",
            NetworkLimits { attempts_max: 50, names_max: 3, ..NetworkLimits::default() },
        );
    }

    #[test]
    fn a_run_may_take_as_long_as_an_action_may() {
        let limits = Limits { action_timeout_ms_max: 1_500, ..Limits::default() };
        let settings = SandboxSection::default().settings("/image".into(), &limits);
        assert_eq!(settings.limits.timeout, Duration::from_millis(1_500));
        assert_eq!(settings.limits.memory_bytes_max, 512 * 1024 * 1024);
    }
}
