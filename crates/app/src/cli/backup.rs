//! `errand backup` and `errand restore`: the database of this machine's own server, whole, into a file and back.

use std::{
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use errand_engine::clock::Clock;
use errand_storage::{Db, Location, PoolSizes};
use serde_json::json;

use super::{
    action::confirm,
    context::Context,
    failure::{Exit, Failure},
    output::human_bytes,
};
use crate::serve;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The backup holds no master key: without the key file, its secrets can't be opened. Keep the two apart, since together they are all secrets in the clear. `errand backups` has a server make and hand over its own.\n\nExample:\n  errand backup errand-2026-11-30.db"
)]
pub struct BackupArgs {
    /// Where to write it; must not be there yet
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stop the server first. The present database is kept beside it, as `errand.db.before-restore`."
)]
pub struct RestoreArgs {
    /// A file that `errand backup` wrote
    file: PathBuf,
    /// Don't ask
    #[arg(long, short = 'y')]
    yes: bool,
}

/// Works while the server runs: what is committed when it begins is in it.
pub async fn backup(context: &Context, args: BackupArgs) -> Result<Exit, Failure> {
    let database = sqlite_file(context)?;
    if args.file.exists() {
        return Err(Failure::usage(
            format!("`{}` is there already.", args.file.display()),
            "Choose another name.",
        ));
    }
    if !database.exists() {
        return Err(Failure::new(
            "no_database",
            format!("There is no database at {}.", database.display()),
            "Name the server's data directory with `--data-dir`.",
        ));
    }
    drop(private_file(&args.file)?);
    let db = open(&database).await?;
    let spinner = context.output.spinner("Writing the backup");
    let written = db.back_up_to(&args.file).await;
    spinner.finish_and_clear();
    db.close().await;
    written.map_err(|error| Failure::of_report(&error.into()))?;
    let bytes = fs::metadata(&args.file).map(|file| file.len()).unwrap_or_default();
    context.output.show(&json!({ "file": args.file, "bytes": bytes, "holds_master_key": false }), || {
        context.output.line(format!("Wrote `{}` ({}).", args.file.display(), human_bytes(bytes)))?;
        context.output.hint(&format!(
            "It holds no master key; keep `{}` too, in another place.",
            context.config.master_key_file.display()
        ));
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Puts a backup in the database's place, while no server runs.
pub async fn restore(context: &Context, args: RestoreArgs) -> Result<Exit, Failure> {
    let database = sqlite_file(context)?;
    if !args.file.exists() {
        return Err(Failure::usage(
            format!("`{}` is not there.", args.file.display()),
            "Name a file that `errand backup` wrote.",
        ));
    }
    let _only = serve::lock_data_dir(&context.config.data_dir).map_err(|error| Failure::of_report(&error))?;
    if !args.yes {
        confirm(&format!("Replace the database in {}?", context.config.data_dir.display()))?;
    }
    // Opened as a copy: opening brings the schema up to date, and the backup is to stay as it is.
    let fresh = with_ending(&database, "restoring");
    copy(&args.file, &fresh)?;
    let db = open(&fresh).await?;
    db.close().await;
    let kept = with_ending(&database, "before-restore");
    if database.exists() {
        // What is in its log but not in the file belongs to it.
        let present = open(&database).await?;
        present.close().await;
        fs::rename(&database, &kept).map_err(|error| Failure::file("keep", &database, &error))?;
    }
    for ending in ["-wal", "-shm"] {
        for path in [&database, &fresh] {
            let mut name = path.clone().into_os_string();
            name.push(ending);
            let _ = fs::remove_file(name);
        }
    }
    fs::rename(&fresh, &database).map_err(|error| Failure::file("put in place", &database, &error))?;
    context.output.show(&json!({ "restored": args.file, "kept": kept }), || {
        context.output.line(format!("Restored `{}`.", args.file.display()))?;
        context.output.hint(&format!(
            "What was there is in `{}`. The secrets open with the master key of the backup's time.",
            kept.display()
        ));
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn sqlite_file(context: &Context) -> Result<PathBuf, Failure> {
    if context.config.database_url.is_some() {
        return Err(Failure::new(
            "postgres",
            "The database is a PostgreSQL, which has its own tools.",
            "Use `pg_dump` and `pg_restore`; docs/operations.md shows how.",
        ));
    }
    Ok(context.config.sqlite_file())
}

async fn open(path: &Path) -> Result<Db, Failure> {
    let location = Location::Sqlite(path.to_owned());
    let opened = Db::open(&location, PoolSizes::default(), Clock::System.now()).await;
    opened.map_err(|error| Failure::of_report(&error.into()))
}

/// An empty file that only its owner may read: what is written into it holds hashes and sealed secrets.
pub(super) fn private_file(path: &Path) -> Result<fs::File, Failure> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Failure::file("make", path, &error))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(|_| ()).map_err(|error| Failure::file("copy", from, &error))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".");
    name.push(ending);
    name.into()
}
