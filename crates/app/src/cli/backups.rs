//! `errand backups`: what a server saves of its own database, made and fetched from anywhere.

use std::{fs, io::Write as _, path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::json;

use super::{
    backup::private_file,
    context::Context,
    failure::{Exit, Failure},
    output::{human_bytes, human_time, plain},
};
use crate::client::{Client, read};

const LOOK_AGAIN: Duration = Duration::from_millis(300);

#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "A backup holds no master key: without the key file, its secrets can't be opened. Keep the two apart, since together they are all secrets in the clear.\n\nExamples:\n  errand backups make\n  errand backups download errand-2026-11-30T14-03-22.104Z.db"
)]
pub enum BackupsCommand {
    /// List them, newest first
    #[command(visible_alias = "ls")]
    List,
    /// Have the server make one, and wait for it
    Make,
    /// Fetch one into a file here
    Download {
        /// As `errand backups list` shows it
        name: String,
        /// Where to write it; must not be there yet [default: its name]
        file: Option<PathBuf>,
    },
    /// Delete one
    #[command(visible_alias = "delete")]
    Rm {
        /// As `errand backups list` shows it
        name: String,
    },
}

#[derive(Deserialize)]
struct Backups {
    folder: String,
    items: Vec<Backup>,
    making: Option<Making>,
    failed: Option<Failed>,
}

#[derive(Deserialize)]
struct Backup {
    name: String,
    bytes: u64,
    made_at: String,
}

#[derive(Deserialize)]
struct Making {
    name: String,
    bytes: u64,
    bytes_expected: u64,
}

#[derive(Deserialize)]
struct Failed {
    name: String,
    reason: String,
}

const PATH: [&str; 2] = ["system", "backups"];

pub async fn run(context: &Context, command: BackupsCommand) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        BackupsCommand::List => list(context, &client).await?,
        BackupsCommand::Make => make(context, &client).await?,
        BackupsCommand::Download { name, file } => {
            let file = file.unwrap_or_else(|| PathBuf::from(&name));
            download(context, &client, &name, file).await?;
        }
        BackupsCommand::Rm { name } => {
            client.delete(&["system", "backups", &name]).await?;
            context.output.show(&json!({ "deleted": name }), || {
                Ok(context.output.line(format!("Deleted `{}`.", plain(&name)))?)
            })?;
        }
    }
    Ok(Exit::Done)
}

async fn list(context: &Context, client: &Client) -> Result<(), Failure> {
    let reply = client.get(&PATH).await?;
    context.output.show(&reply, || {
        let backups: Backups = read(&reply)?;
        if backups.items.is_empty() {
            context.output.line("There is no backup yet. Make one with `errand backups make`.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["name", "made", "size"]);
        table.add_rows(
            backups
                .items
                .iter()
                .map(|one| [plain(&one.name).into_owned(), human_time(&one.made_at), human_bytes(one.bytes)]),
        );
        context.output.print_table(&table)?;
        context.output.hint(&format!("On the server's machine: {}", plain(&backups.folder)));
        Ok(())
    })
}

async fn make(context: &Context, client: &Client) -> Result<(), Failure> {
    let begun: Backups = read(&client.post(&PATH, None).await?)?;
    let name = begun.making.map(|making| making.name);
    let bar = context.output.byte_bar("Writing the backup", 0);
    let ended = loop {
        let reply = client.get(&PATH).await?;
        let now: Backups = read(&reply)?;
        match &now.making {
            Some(making) if name.as_deref().is_none_or(|name| name == making.name) => {
                bar.set_length(making.bytes_expected);
                bar.set_position(making.bytes.min(making.bytes_expected));
            }
            _ => break now,
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    bar.finish_and_clear();
    if let Some(failed) = ended.failed.filter(|failed| name.as_ref().is_none_or(|name| *name == failed.name))
    {
        return Err(Failure::new(
            "backup_failed",
            format!("The backup could not be written: {}.", failed.reason),
            "Mend that on the server's machine and try again.",
        ));
    }
    // One so small that it was done before the first answer is the newest.
    let is_it = |one: &&Backup| name.as_ref().is_none_or(|name| *name == one.name);
    let Some(made) = ended.items.iter().find(is_it) else {
        return Err(Failure::new(
            "backup_gone",
            "The backup was made and is gone already.",
            "`errand backups list` shows what there is.",
        ));
    };
    let path = format!("{}/{}", ended.folder, made.name);
    context.output.show(&json!({ "name": made.name, "path": path, "bytes": made.bytes }), || {
        context.output.line(format!("Wrote `{}` ({}).", plain(&path), human_bytes(made.bytes)))?;
        context.output.hint(&format!(
            "It is on the server's machine; fetch it with `errand backups download {}`.",
            plain(&made.name)
        ));
        Ok(())
    })
}

async fn download(context: &Context, client: &Client, name: &str, path: PathBuf) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::usage(
            format!("`{}` is there already.", path.display()),
            "Choose another name.",
        ));
    }
    let mut file = private_file(&path)?;
    let bar = context.output.byte_bar("Fetching the backup", 0);
    let mut bytes = 0;
    let fetched = client
        .download(&["system", "backups", name], |piece, all| {
            bytes += piece.len() as u64;
            bar.set_length(all.unwrap_or(bytes));
            bar.set_position(bytes);
            file.write_all(piece).map_err(|error| Failure::file("write", &path, &error))
        })
        .await;
    bar.finish_and_clear();
    if let Err(failure) = fetched {
        // A part of a backup is none.
        let _ = fs::remove_file(&path);
        return Err(failure);
    }
    file.sync_all().map_err(|error| Failure::file("write", &path, &error))?;
    context.output.show(&json!({ "file": path, "bytes": bytes }), || {
        Ok(context.output.line(format!("Wrote `{}` ({}).", path.display(), human_bytes(bytes)))?)
    })
}
