//! Backups of an SQLite database: made while everybody goes on working, into a folder of the server's own, and fetched
//! from there. A PostgreSQL has its own tools.

use std::{
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use errand_domain::{Problem, UnixMillis};
use errand_secrets::Masker;
use serde::Serialize;
use tokio::fs;

use super::Change;
use crate::{
    Engine, EngineError,
    access::{InstancePermit, Manage},
    error::{Result, error_chain},
};

/// Each is as large as the database: more are not made until some are deleted.
pub const BACKUPS_KEPT_MAX: usize = 20;
/// What is not whole yet.
const UNFINISHED: &str = "part";

/// A backup's file name, `errand-2026-11-30T14-03-22.104Z.db`: the moment is all that tells them apart, and no path hides in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupName(UnixMillis);

impl BackupName {
    pub const fn made_at(self) -> UnixMillis {
        self.0
    }
}

impl std::fmt::Display for BackupName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "errand-{}.db", self.0.to_rfc3339().replace(':', "-"))
    }
}

impl FromStr for BackupName {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let moment = text.strip_prefix("errand-").and_then(|rest| rest.strip_suffix(".db")).ok_or(())?;
        let (day, time) = moment.split_once('T').ok_or(())?;
        let name = Self(UnixMillis::from_rfc3339(&format!("{day}T{}", time.replace('-', ":"))).ok_or(())?);
        // Only as it is written here.
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

/// One that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    pub name: BackupName,
    pub bytes: u64,
}

/// One under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Making {
    pub name: BackupName,
    pub bytes: u64,
    /// What the database takes now; the backup is a little smaller.
    pub bytes_expected: u64,
}

/// One that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub name: BackupName,
    pub reason: String,
}

/// What there is.
#[derive(Debug, Clone)]
pub struct Backups {
    /// Where they lie on the server's machine.
    pub folder: PathBuf,
    /// Newest first.
    pub items: Vec<Backup>,
    pub making: Option<Making>,
    /// The last one, when it failed.
    pub failed: Option<Failed>,
}

/// Where backups lie, and what is under way.
#[derive(Debug)]
pub(crate) struct Room {
    folder: PathBuf,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    making: Option<(BackupName, u64)>,
    failed: Option<Failed>,
}

impl Room {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, now: Mutex::default() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // It is changed in single steps, so a panic elsewhere does not spoil it.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: BackupName) -> PathBuf {
        self.folder.join(name.to_string())
    }
}

#[derive(Serialize)]
struct Shown {
    bytes: u64,
}

impl Engine {
    pub async fn list_backups(&self, _permit: &InstancePermit<Manage>) -> Result<Backups> {
        let room = &self.0.backups;
        let items = whole_ones(&room.folder).await?;
        let (making, failed) = {
            let now = room.now();
            (now.making, now.failed.clone())
        };
        let making = match making {
            Some((name, bytes_expected)) => {
                Some(Making { name, bytes: size(&unfinished(&room.path(name))).await, bytes_expected })
            }
            None => None,
        };
        Ok(Backups { folder: room.folder.clone(), items, making, failed })
    }

    /// Begins one; [`Engine::list_backups`] tells how far it is and how it ended.
    pub async fn start_backup(&self, permit: &InstancePermit<Manage>) -> Result<Backups> {
        let room = &self.0.backups;
        let bytes_expected = self.db().sqlite_bytes().await?.ok_or_else(postgres)?;
        if whole_ones(&room.folder).await?.len() >= BACKUPS_KEPT_MAX {
            return Err(EngineError::Conflict(Problem::new(
                "too_many_backups",
                format!("There are {BACKUPS_KEPT_MAX} backups already."),
                "Delete one that you no longer need.",
            )));
        }
        let name = BackupName(self.clock().now());
        {
            let mut now = room.now();
            if let Some((other, _)) = now.making {
                return Err(EngineError::Conflict(Problem::new(
                    "backup_under_way",
                    format!("`{other}` is being written."),
                    "Wait until it is done.",
                )));
            }
            *now = Now { making: Some((name, bytes_expected)), failed: None };
        }
        if let Err(error) = self.note_backup(permit, "backup.create", (name, None)).await {
            *room.now() = Now::default();
            return Err(error);
        }
        let engine = self.clone();
        self.spawn_work(async move { engine.make_backup(name).await });
        self.list_backups(permit).await
    }

    /// The file of a backup, to be sent; who fetched it is noted.
    pub async fn open_backup(
        &self,
        permit: &InstancePermit<Manage>,
        name: BackupName,
    ) -> Result<(fs::File, u64)> {
        let file = fs::File::open(self.0.backups.path(name)).await.map_err(|error| gone(name, error))?;
        let bytes = file.metadata().await.map_err(|error| gone(name, error))?.len();
        self.note_backup(permit, "backup.download", (name, Some(bytes))).await?;
        Ok((file, bytes))
    }

    pub async fn delete_backup(&self, permit: &InstancePermit<Manage>, name: BackupName) -> Result<()> {
        let path = self.0.backups.path(name);
        let bytes = fs::metadata(&path).await.map_err(|error| gone(name, error))?.len();
        self.note_backup(permit, "backup.delete", (name, Some(bytes))).await?;
        fs::remove_file(&path).await.map_err(|error| gone(name, error))
    }

    async fn note_backup(
        &self,
        permit: &InstancePermit<Manage>,
        verb: &'static str,
        (name, bytes): (BackupName, Option<u64>),
    ) -> Result<()> {
        let shown = bytes.map(|bytes| Shown { bytes });
        let (before, after) = if verb == "backup.delete" { (shown, None) } else { (None, shown) };
        let change =
            Change { actor: permit.actor(), verb, object: name.to_string(), guru_id: None, before, after };
        let mut tx = self.db().writer.begin().await?;
        self.audit(&mut tx, &Masker::default(), change).await?;
        Ok(tx.commit().await?)
    }

    async fn make_backup(&self, name: BackupName) {
        let room = &self.0.backups;
        let path = room.path(name);
        let failed = self.write_backup(&room.folder, &path).await.err();
        if let Some(reason) = &failed {
            tracing::error!(backup = %name, reason, "a backup could not be written");
            let _ = fs::remove_file(unfinished(&path)).await;
        }
        *room.now() = Now { making: None, failed: failed.map(|reason| Failed { name, reason }) };
    }

    /// Under another name until it is whole, so that nobody takes a part for a backup.
    async fn write_backup(&self, folder: &Path, path: &Path) -> std::result::Result<(), String> {
        let part = unfinished(path);
        private_folder(folder).await.map_err(|error| format!("{}: {error}", folder.display()))?;
        drop_unfinished(folder).await;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = fs::OpenOptions::from(options).open(&part).await;
        let file = file.map_err(|error| format!("{}: {error}", part.display()))?;
        self.db().back_up_to(&part).await.map_err(|error| error_chain(&error))?;
        let kept = async {
            file.sync_all().await?;
            fs::rename(&part, path).await
        };
        kept.await.map_err(|error| format!("{}: {error}", path.display()))
    }
}

async fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).await
}

/// What a process left behind that ended in the middle.
async fn drop_unfinished(folder: &Path) {
    let Ok(mut entries) = fs::read_dir(folder).await else { return };
    while let Ok(Some(entry)) = entries.next_entry().await {
        if entry.path().extension().is_some_and(|ending| ending == UNFINISHED) {
            let _ = fs::remove_file(entry.path()).await;
        }
    }
}

async fn whole_ones(folder: &Path) -> Result<Vec<Backup>> {
    let failed = |error| EngineError::internal("listing backups", error);
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        // Making one makes the folder, and says so when it can't.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        if let Some(name) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push(Backup { name, bytes: size(&entry.path()).await });
        }
    }
    found.sort_by_key(|backup| std::cmp::Reverse(backup.name));
    Ok(found)
}

async fn size(path: &Path) -> u64 {
    fs::metadata(path).await.map(|file| file.len()).unwrap_or_default()
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension(format!("db.{UNFINISHED}"))
}

fn gone(name: BackupName, error: std::io::Error) -> EngineError {
    match error.kind() {
        ErrorKind::NotFound => EngineError::not_found("backup", name),
        _ => EngineError::internal("reading a backup", error),
    }
}

fn postgres() -> EngineError {
    EngineError::Conflict(Problem::new(
        "postgres",
        "The database is a PostgreSQL, which has its own tools.",
        "Use `pg_dump` and `pg_restore`; docs/operations.md shows how.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(text.parse::<BackupName>().ok().map(|name| name.made_at().0), expect, "{text}");
    }

    #[test]
    fn a_name_is_a_moment_and_no_path() {
        let name = BackupName(UnixMillis(1_764_511_402_789)).to_string();
        assert_eq!(name, "errand-2025-11-30T14-03-22.789Z.db");
        check(&name, Some(1_764_511_402_789));
        for odd in [
            "errand-.db",
            "errand-2025-11-30T14-03-22.789Z.db.part",
            "errand-2025-11-30T14:03:22.789Z.db",
            "errand-2025-11-30T14-03-22Z.db",
            "errand-2025-11-30T14-03-22.789+00-00.db",
            "../errand-2025-11-30T14-03-22.789Z.db",
            "errand-2025-13-30T14-03-22.789Z.db",
            "errand.db",
            "",
        ] {
            check(odd, None);
        }
    }
}
