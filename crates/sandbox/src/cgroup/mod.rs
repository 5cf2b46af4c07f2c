//! Control groups, version 1 and 2: the memory, processor time and processes of each run.
//!
//! ```text
//! <base>/<pid>-<start time>-<number>/zygotes     the launcher and the zygotes
//!                                    run-1 …     one per child, made before it and removed after it
//! ```
//!
//! Version 1 has such a tree per controller, version 2 one for all. Children move themselves where they can
//! ([`Group::doors`]). All of it may block: the kernel has one lock for all groups of the machine.

mod group;
mod layout;
mod sweep;

pub use group::{Group, Spent};
pub use layout::{Layout, delegate};

use std::{fs, io, path::Path, time::Duration};

use crate::{RunLimits, SandboxError};

const INSTANCES_MAX: u32 = 1000;
const REMOVALS_MAX: u32 = 6000;
const REMOVAL_PAUSE: Duration = Duration::from_millis(10);

/// The groups of one supervisor.
#[derive(Debug)]
pub struct Groups {
    layout: Layout,
    instance: String,
}

impl Groups {
    /// Sweeps what dead supervisors left and makes this one's groups.
    pub fn open(layout: Layout) -> Result<Self, SandboxError> {
        layout.prepare()?;
        sweep::sweep(&layout);
        let process = sweep::name_of_process(std::process::id());
        let mut groups = Self { layout, instance: String::new() };
        // One process may have several sandboxes, as tests do.
        for number in 1..=INSTANCES_MAX {
            groups.instance = format!("{process}-{number}");
            if !groups.layout.bases().iter().any(|base| base.join(&groups.instance).exists()) {
                break;
            }
        }
        groups.make_folders(&groups.instance).map_err(|error| groups.layout.refused(&error))?;
        Ok(groups)
    }

    /// For the launcher and the zygotes, which have no limits: they are counted.
    pub fn zygotes(&self) -> io::Result<Group> {
        let name = format!("{}/zygotes", self.instance);
        self.make_folders(&name)?;
        Ok(Group::new(&self.layout, &name))
    }

    pub fn run(&self, number: u64, limits: &RunLimits) -> io::Result<Group> {
        let name = format!("{}/run-{number}", self.instance);
        self.make_folders(&name)?;
        let mut group = Group::new(&self.layout, &name);
        group.limit(limits)?;
        group.open_meters();
        Ok(group)
    }

    pub fn version(&self) -> u8 {
        self.layout.version()
    }

    /// What to do where they can't be used.
    pub fn remedy(&self) -> String {
        self.layout.remedy()
    }

    /// Once everything in them is gone, which the kernel may take a moment to see.
    pub async fn remove(&self) {
        for _ in 0..REMOVALS_MAX {
            for base in self.layout.bases() {
                sweep::remove_tree(&base.join(&self.instance));
            }
            if self.layout.bases().iter().all(|base| !base.join(&self.instance).exists()) {
                return;
            }
            tokio::time::sleep(REMOVAL_PAUSE).await;
        }
        tracing::warn!(
            instance = self.instance,
            "control groups could not be removed; the next start sweeps them"
        );
    }

    /// Of zygotes and runs together.
    pub fn memory_bytes(&self) -> Option<u64> {
        Group::new(&self.layout, &self.instance).memory_bytes()
    }

    fn make_folders(&self, name: &str) -> io::Result<()> {
        for base in self.layout.bases() {
            let folder = base.join(name);
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(at(&folder, &error));
                }
                _ => {}
            }
            if !name.contains('/') {
                self.layout.enable_controllers(&folder)?;
            }
        }
        Ok(())
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for base in self.layout.bases() {
            sweep::remove_tree(&base.join(&self.instance));
        }
    }
}

/// A file error carries its path.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text).map_err(|error| at(path, &error))
}

#[cfg(test)]
mod tests;
