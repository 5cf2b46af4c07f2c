//! `errand secret`: values go in unseen and never come out.

use std::{
    fs::File,
    io::{IsTerminal as _, Read},
    path::PathBuf,
};

use errand_domain::SecretName;
use errand_secrets::{SecretText, add_new_key_to_file, check_secret_value};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    action::confirm,
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{Tone, human_time, plain},
};
use crate::client::{Call, Client, read};

#[derive(Debug, clap::Subcommand)]
pub enum SecretCommand {
    /// Store a value, or replace it; it is typed unseen, piped in or read from a file
    #[command(
        after_help = "A value is never an argument: other users of a machine see those. One line break at its end is taken away.\n\nExamples:\n  errand secret set STRIPE_API_KEY\n  pass show stripe | errand secret set STRIPE_API_KEY\n  errand secret set SIGNING_KEY --from-file key.pem"
    )]
    Set(SetArgs),
    /// List names, dates and the actions that use them; never values
    #[command(visible_alias = "ls")]
    List,
    /// Bind a secret to hosts: it is used in requests to these and no others
    Bind(BindArgs),
    /// Delete a secret; actions that use it are disabled, and named before
    #[command(visible_alias = "delete")]
    Rm(RemoveArgs),
    /// Change the master key that protects all secrets; no downtime
    #[command(
        after_help = "A rotation takes three steps:\n  1. errand secret rotate --new-key   on the server's machine, then restart the server\n  2. errand secret rotate             seals what is stored under the new key\n  3. take the older keys out of the key file, and keep them as long as backups from before exist"
    )]
    Rotate(RotateArgs),
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Name of the secret, such as `STRIPE_API_KEY`
    name: SecretName,
    /// Read the value from this file
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// A host that it may be sent to, such as `api.stripe.com` or `*.zendesk.com`; any when none is given
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand secret bind STRIPE_API_KEY api.stripe.com\n  errand secret bind STRIPE_API_KEY --any"
)]
pub struct BindArgs {
    /// Name of the secret
    name: SecretName,
    /// The only hosts that it may be sent to
    #[arg(value_name = "HOST", required_unless_present = "any")]
    hosts: Vec<String>,
    /// Let it go wherever its actions may
    #[arg(long, conflicts_with = "hosts")]
    any: bool,
}

#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// Name of the secret
    name: SecretName,
    /// Don't ask
    #[arg(long, short = 'y')]
    yes: bool,
}

#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    /// First step: put a fresh master key before the others in this machine's key file
    #[arg(long)]
    new_key: bool,
}

#[derive(Deserialize)]
struct Secrets {
    items: Vec<Secret>,
}

#[derive(Deserialize)]
struct Secret {
    name: String,
    version: u32,
    updated_at: String,
    used_by: Vec<String>,
    #[serde(default)]
    disables: Vec<String>,
    #[serde(default)]
    used_elsewhere: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    last_used_at: Option<String>,
    last_used_by: Option<String>,
}

pub async fn run(context: &Context, command: SecretCommand) -> Result<Exit, Failure> {
    match command {
        SecretCommand::Set(args) => set(context, args).await,
        SecretCommand::List => list(context, &context.door().await?).await,
        SecretCommand::Bind(args) => bind(context, &context.door().await?, args).await,
        SecretCommand::Rm(args) => remove(context, &context.door().await?, args).await,
        SecretCommand::Rotate(args) if args.new_key => add_key(context),
        SecretCommand::Rotate(_) => rotate(context).await,
    }
}

async fn set(context: &Context, args: SetArgs) -> Result<Exit, Failure> {
    let value = read_value(&args)?;
    check_secret_value(&value)?;
    let door = context.door().await?;
    let mut body = json!({ "name": args.name.as_str(), "value": value.expose() });
    if !args.hosts.is_empty() {
        body["hosts"] = json!(args.hosts);
    }
    let reply = door.client.post(&[&door.guru, "secrets"], Some(&body)).await?;
    context.output.show(&reply, || {
        let secret: Secret = read(&reply)?;
        let verb = if secret.version > 1 { "Replaced" } else { "Stored" };
        let used = if secret.used_by.is_empty() {
            String::new()
        } else {
            format!(" Used by {}.", plain(&secret.used_by.join(", ")))
        };
        Ok(context.output.line(format!("{verb} `{}` in `{}`.{used}", args.name, door.guru))?)
    })?;
    Ok(Exit::Done)
}

fn read_value(args: &SetArgs) -> Result<SecretText, Failure> {
    if let Some(path) = &args.from_file {
        let file = File::open(path).map_err(|error| Failure::file("open", path, &error))?;
        return read_all(file).map_err(|error| Failure::file("read the value in", path, &error));
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return read_all(stdin.lock()).map_err(|error| {
            Failure::usage(format!("The value could not be read: {error}."), "Send UTF-8 text.")
        });
    }
    let terminal = console::Term::stderr();
    terminal.write_str(&format!("Value of {} (unseen): ", args.name))?;
    let typed = terminal.read_secure_line()?;
    if typed.is_empty() {
        return Err(Failure::usage(
            "No value was given.",
            "Type it, pipe it in, or name a file with `--from-file`.",
        ));
    }
    Ok(SecretText::new(typed))
}

/// One byte more than a secret may have, so that a longer one is refused rather than cut.
const READ_BYTES_MAX: usize = errand_domain::limits::SECRET_BYTES_MAX + 3;

fn read_all(source: impl Read) -> std::io::Result<SecretText> {
    let mut text = Zeroizing::new(String::with_capacity(READ_BYTES_MAX));
    source.take(READ_BYTES_MAX as u64).read_to_string(&mut text)?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(SecretText::new(value.strip_suffix('\r').unwrap_or(value).to_owned()))
}

async fn list(context: &Context, door: &Door) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "secrets"]).await?;
    context.output.show(&reply, || {
        let secrets: Secrets = read(&reply)?;
        if secrets.items.is_empty() {
            context
                .output
                .line(format!("`{}` has no secrets. Store one with `errand secret set NAME`.", door.guru))?;
            return Ok(());
        }
        let mut table =
            context.output.table(&["secret", "version", "changed", "hosts", "used by", "last used"]);
        table.add_rows(secrets.items.iter().map(row));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

fn row(secret: &Secret) -> [String; 6] {
    let users: Vec<_> = secret.used_by.iter().chain(&secret.used_elsewhere).map(String::as_str).collect();
    let last = match (&secret.last_used_at, &secret.last_used_by) {
        (Some(at), Some(by)) => format!("{} by {}", human_time(at), plain(by)),
        (Some(at), None) => human_time(at),
        _ => "never".to_owned(),
    };
    let or = |list: Vec<&str>, none: &str| {
        if list.is_empty() { none.to_owned() } else { plain(&list.join(", ")).into_owned() }
    };
    [
        plain(&secret.name).into_owned(),
        secret.version.to_string(),
        human_time(&secret.updated_at),
        or(secret.hosts.iter().map(String::as_str).collect(), "any"),
        or(users, "nothing"),
        last,
    ]
}

async fn bind(context: &Context, door: &Door, args: BindArgs) -> Result<Exit, Failure> {
    let body = json!({ "hosts": args.hosts });
    let path = [door.guru.as_str(), "secrets", args.name.as_str()];
    let call = Call { method: reqwest::Method::PATCH, path: &path, query: &[], body: Some(&body) };
    let reply = door.client.call(call).await?;
    context.output.show(&reply, || {
        let secret: Secret = read(&reply)?;
        Ok(context.output.line(if secret.hosts.is_empty() {
            format!("`{}` goes wherever its actions may.", args.name)
        } else {
            format!("`{}` goes to {} and nowhere else.", args.name, plain(&secret.hosts.join(", ")))
        })?)
    })?;
    Ok(Exit::Done)
}

/// What deleting it brings with it.
fn consequences(secret: &Secret) -> String {
    let disables = match secret.disables.as_slice() {
        [] => String::new(),
        actions => format!(" It disables {}.", plain(&actions.join(", "))),
    };
    match secret.used_elsewhere.as_slice() {
        [] => disables,
        others => format!("{disables} It is also used by {}.", plain(&others.join(", "))),
    }
}

#[derive(Deserialize)]
struct Removed {
    disabled_actions: Vec<String>,
}

async fn remove(context: &Context, door: &Door, args: RemoveArgs) -> Result<Exit, Failure> {
    if !args.yes {
        let secrets: Secrets = read(&door.client.get(&[&door.guru, "secrets"]).await?)?;
        let found = secrets.items.iter().find(|secret| secret.name == args.name.as_str());
        let consequences = found.map_or_else(String::new, consequences);
        confirm(&format!("Delete the secret `{}` of `{}`?{consequences}", args.name, door.guru))?;
    }
    let reply = door.client.delete(&[&door.guru, "secrets", args.name.as_str()]).await?;
    context.output.show(&reply, || {
        let removed: Removed = read(&reply)?;
        context.output.line(format!("Deleted `{}`.", args.name))?;
        for action in &removed.disabled_actions {
            context.output.line(format!(
                "{} `{}`",
                context.output.paint(Tone::Warning, "disabled:"),
                plain(action)
            ))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// The server reads its keys at its start: adding one here is only the first half.
fn add_key(context: &Context) -> Result<Exit, Failure> {
    if context.config.master_key.is_some() {
        return Err(Failure::new(
            "key_in_environment",
            "The master keys are in ERRAND_MASTER_KEY, which this command can't change.",
            "Put a new key (`openssl rand -base64 32`) and a comma before them, restart the server, then run `errand secret rotate`.",
        ));
    }
    let server = context.server();
    if !context.is_own_server(&server) {
        return Err(Failure::new(
            "not_here",
            format!("The keys of {server} are not on this machine."),
            "Run this on the server's machine.",
        ));
    }
    let path = &context.config.master_key_file;
    let keyring =
        add_new_key_to_file(path).map_err(|error| Failure::new("key_file", error.to_string(), ""))?;
    let older = keyring.older.len();
    context.output.show(&json!({ "key_file": path, "older_keys": older, "next": "restart the server, then run `errand secret rotate`" }), || {
        context.output.line(format!("Put a new master key before {older} older in `{}`. Now:", path.display()))?;
        context.output.line("  1. Back the key file up, apart from the database.")?;
        context.output.line("  2. Restart the server: new secrets use the new key, old ones still open.")?;
        Ok(context.output.line("  3. Run `errand secret rotate`: what is stored is sealed under the new key.")?)
    })?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Gurus {
    items: Vec<GuruName>,
}

#[derive(Deserialize)]
struct GuruName {
    slug: String,
}

#[derive(Deserialize)]
struct Rewrapped {
    rewrapped: u32,
}

/// Every guru that the caller may use, unless one is named.
async fn rotate(context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let gurus = match context.remote.guru.clone().filter(|guru| !guru.is_empty()) {
        Some(guru) => vec![guru],
        None => {
            read::<Gurus>(&client.get(&["gurus"]).await?)?.items.into_iter().map(|guru| guru.slug).collect()
        }
    };
    let mut done = Vec::new();
    for guru in gurus {
        let rewrapped = rewrap(&client, &guru).await?;
        done.push((guru, rewrapped));
    }
    let items: Vec<Value> =
        done.iter().map(|(guru, rewrapped)| json!({ "guru": guru, "rewrapped": rewrapped })).collect();
    context.output.show(&json!({ "items": items }), || {
        for (guru, rewrapped) in &done {
            context.output.line(format!("`{}`: {rewrapped} keys wrapped anew", plain(guru)))?;
        }
        context.output.hint(if done.iter().all(|(_, rewrapped)| *rewrapped == 0) {
            "Everything is under the newest master key that the server knows. `errand secret rotate --new-key` begins a rotation."
        } else {
            "The older master keys can be taken out now; keep them as long as backups from before exist."
        });
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn rewrap(client: &Client, guru: &str) -> Result<u32, Failure> {
    let reply: Rewrapped = read(&client.post(&[guru, "secrets", "rotate-keys"], None).await?)?;
    Ok(reply.rewrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_row_and_says_what_its_end_brings() {
        let secret = json!({
            "name": "SHOP_KEY", "version": 2, "created_at": "2026-11-23T08:00:05Z", "updated_at": "2026-11-23T08:00:05Z",
            "used_by": ["orders", "old"], "disables": ["orders"], "used_elsewhere": ["the language model"],
            "hosts": ["api.shop.test"], "last_used_at": "2026-11-24T08:00:05Z", "last_used_by": "orders",
        });
        let secret: Secret = read(&secret).expect("a secret as the server sends it");
        assert_eq!(
            row(&secret)[3..],
            ["api.shop.test", "orders, old, the language model", "2026-11-24 08:00:05Z by orders"]
        );
        assert_eq!(consequences(&secret), " It disables orders. It is also used by the language model.");
    }

    fn check(piped: &[u8], expect: Option<&str>) {
        let got = read_all(piped).ok();
        assert_eq!(got.as_ref().map(|value| value.expose().as_str()), expect);
    }

    #[test]
    fn one_line_break_at_the_end_is_the_shells() {
        check(b"sk_live_1\n", Some("sk_live_1"));
        check(b"sk_live_1\r\n", Some("sk_live_1"));
        check(b"two\nlines\n\n", Some("two\nlines\n"));
        check(b" spaces stay ", Some(" spaces stay "));
        check(b"", Some(""));
        check(b"\xff\xfe", None);
    }

    #[test]
    fn a_value_that_is_too_long_is_refused_and_not_cut() {
        let value = read_all(vec![b'x'; 2 * READ_BYTES_MAX].as_slice()).expect("text");
        assert_eq!(check_secret_value(&value).map_err(|problem| problem.code), Err("secret_too_long"));
    }
}
