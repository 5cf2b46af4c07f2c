//! What lies on this machine: folders, keys, database, model, opened address ranges.

use std::{fs, io::Read as _, net::IpAddr, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

use errand_egress::OpenRange;
use errand_secrets::{Keyring, SecretText, read_key_file};
use errand_storage::Location;

use super::{Finding, Verdict};
use crate::{
    cli::output::human_bytes,
    config::Config,
    model::{self, ModelState},
};

const MODE_OTHERS: u32 = 0o077;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

pub(super) fn data_dir(path: &Path) -> Finding {
    const WHAT: &str = "data directory";
    let shown = path.display();
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::new(
                WHAT,
                Verdict::Note,
                format!("`{shown}` is not there yet."),
                "The first `errand serve` makes it.",
            );
        }
        Err(error) => {
            return Finding::new(
                WHAT,
                Verdict::Broken,
                format!("`{shown}` can't be looked at: {error}."),
                "Check the path and the rights of the folders above.",
            );
        }
    };
    if !about.is_dir() {
        return Finding::new(
            WHAT,
            Verdict::Broken,
            format!("`{shown}` is not a folder."),
            "Name a folder with `--data-dir` or ERRAND_DATA_DIR.",
        );
    }
    // The mode alone doesn't tell: owner, file system and access lists count too. The file is gone at once.
    if let Err(error) = tempfile::tempfile_in(path) {
        return Finding::new(
            WHAT,
            Verdict::Broken,
            format!("Nothing can be written in `{shown}`: {error}."),
            "Give it to the user that runs Errand: `chown`, or name another with `--data-dir`.",
        );
    }
    match about.mode() & 0o777 {
        mode if mode & MODE_OTHERS != 0 => Finding::new(
            WHAT,
            Verdict::Warning,
            format!("`{shown}` has mode {mode:03o}: other users of this machine get at what is in it."),
            format!("Run `chmod 700 {shown}`."),
        ),
        mode => Finding::good(WHAT, format!("`{shown}` is writable, mode {mode:03o}.")),
    }
}

pub(super) fn master_key(config: &Config) -> Finding {
    const WHAT: &str = "master key";
    if let Some(text) = &config.master_key {
        return match Keyring::from_text(&SecretText::new(text.clone())) {
            Ok(keyring) => {
                Finding::good(WHAT, format!("In ERRAND_MASTER_KEY, with {} older.", keyring.older.len()))
            }
            Err(error) => Finding::new(
                WHAT,
                Verdict::Broken,
                format!("ERRAND_MASTER_KEY can't be used. {error}"),
                "Make a key with `openssl rand -base64 32`.",
            ),
        };
    }
    let path = &config.master_key_file;
    if !path.exists() {
        let has_data = config.database_url.is_none() && config.sqlite_file().exists();
        return if has_data {
            Finding::new(
                WHAT,
                Verdict::Broken,
                format!(
                    "There is a database and no key file `{}`: stored secrets can't be opened.",
                    path.display()
                ),
                "Put the key file back from its backup, mode 600.",
            )
        } else {
            Finding::new(
                WHAT,
                Verdict::Note,
                format!("There is no `{}` yet.", path.display()),
                "The first `errand serve` makes it; back it up apart from the database.",
            )
        };
    }
    match read_key_file(path) {
        Ok(keyring) => Finding::good(
            WHAT,
            format!("In `{}`, for its owner alone, with {} older.", path.display(), keyring.older.len()),
        ),
        Err(error) => Finding::new(WHAT, Verdict::Broken, error.to_string(), ""),
    }
}

pub(super) async fn database(location: &Location) -> Finding {
    match location {
        Location::Sqlite(path) => sqlite(path),
        Location::Postgres(options) => postgres(location, options.get_host(), options.get_port()).await,
    }
}

/// Opening it for real would bring its schema up to date, which is not for a look.
fn sqlite(path: &Path) -> Finding {
    const WHAT: &str = "database";
    let shown = path.display();
    let mut header = [0; SQLITE_HEADER.len()];
    let opened = fs::OpenOptions::new().read(true).write(true).open(path);
    let read = opened.and_then(|mut file| file.read_exact(&mut header).and_then(|()| file.metadata()));
    match read {
        Ok(about) if header == *SQLITE_HEADER => {
            Finding::good(WHAT, format!("SQLite in `{shown}`, {}.", human_bytes(about.len())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Finding::new(
            WHAT,
            Verdict::Note,
            format!("There is no `{shown}` yet."),
            "The first `errand serve` makes it.",
        ),
        Ok(_) => not_a_database(path),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => not_a_database(path),
        Err(error) => Finding::new(
            WHAT,
            Verdict::Broken,
            format!("`{shown}` can't be opened for writing: {error}."),
            "Give it to the user that runs Errand.",
        ),
    }
}

fn not_a_database(path: &Path) -> Finding {
    Finding::new(
        "database",
        Verdict::Broken,
        format!("`{}` is not an SQLite file.", path.display()),
        "Move it away, or put the database back from its backup.",
    )
}

async fn postgres(location: &Location, host: &str, port: u16) -> Finding {
    const WHAT: &str = "database";
    let connected = if host.starts_with('/') {
        let socket = Path::new(host).join(format!(".s.PGSQL.{port}"));
        tokio::time::timeout(CONNECT_TIMEOUT, async {
            tokio::net::UnixStream::connect(socket).await.map(drop)
        })
        .await
    } else {
        tokio::time::timeout(CONNECT_TIMEOUT, async {
            tokio::net::TcpStream::connect((host, port)).await.map(drop)
        })
        .await
    };
    let reason = match connected {
        Ok(Ok(())) => {
            return Finding::good(
                WHAT,
                format!(
                    "PostgreSQL {location} accepts connections; whether the password fits shows at the start."
                ),
            );
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
    };
    Finding::new(
        WHAT,
        Verdict::Broken,
        format!("PostgreSQL {location} can't be reached: {reason}."),
        "Check ERRAND_DATABASE_URL and that the database runs.",
    )
}

pub(super) fn model(model_dir: &Path) -> Finding {
    const WHAT: &str = "language model";
    match model::state(model_dir) {
        ModelState::Installed { bytes } => {
            Finding::good(WHAT, format!("{} in `{}`, as published.", human_bytes(bytes), model_dir.display()))
        }
        ModelState::Missing => Finding::new(
            WHAT,
            Verdict::Warning,
            "It is not installed: the planner judges by words alone, which is weaker.",
            "Run `errand model install`.",
        ),
        ModelState::Unusable { reason } => Finding::new(WHAT, Verdict::Warning, reason, ""),
    }
}

/// One finding a range: an opened range is a hole that somebody wanted, and should be seen.
pub(super) fn egress(ranges: &[String]) -> Vec<Finding> {
    const WHAT: &str = "egress";
    if ranges.is_empty() {
        return vec![Finding::good(WHAT, "Actions reach public addresses of other machines only.")];
    }
    ranges.iter().map(|range| open_range(WHAT, range)).collect()
}

fn open_range(what: &'static str, range: &str) -> Finding {
    if let Err(error) = range.parse::<OpenRange>() {
        return Finding::new(what, Verdict::Broken, error.to_string(), "");
    }
    match wideness(range) {
        Some(why) => Finding::new(
            what,
            Verdict::Warning,
            format!("`{range}` is open to every action: {why}."),
            "Open the addresses and ports that are needed, such as `10.1.2.3:443`.",
        ),
        None => Finding::new(what, Verdict::Note, format!("`{range}` is open to every action."), ""),
    }
}

/// More addresses than a site's network has are rarely meant.
const PREFIX_V4_MIN: u8 = 16;
const PREFIX_V6_MIN: u8 = 48;

fn wideness(range: &str) -> Option<&'static str> {
    let (address, prefix) = network(range)?;
    let is_wide = prefix < if address.is_ipv4() { PREFIX_V4_MIN } else { PREFIX_V6_MIN };
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if is_link_local {
        Some("it holds link-local addresses, where cloud machines hand out their credentials")
    } else if is_wide {
        Some("it is very wide")
    } else {
        None
    }
}

/// Address and prefix of a range that is known to be one; its port is left aside.
fn network(range: &str) -> Option<(IpAddr, u8)> {
    let network = match range.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, after)) => format!("{inside}{}", after.split(':').next().unwrap_or_default()),
        None if range.matches(':').count() == 1 => range.split(':').next().unwrap_or_default().to_owned(),
        None => range.to_owned(),
    };
    let (address, prefix) =
        network.split_once('/').map_or((network.as_str(), None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    Some((address, prefix.map_or(Some(width), |prefix| prefix.parse().ok())?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn opened_ranges_are_judged_by_their_width() {
        fn check(range: &str, expect: Verdict) {
            assert_eq!(open_range("egress", range).verdict, expect, "{range}");
        }
        check("127.0.0.1:8030", Verdict::Note);
        check("10.20.0.0/16", Verdict::Note);
        check("10.0.0.0/8", Verdict::Warning);
        check("0.0.0.0/0:443", Verdict::Warning);
        check("169.254.169.254", Verdict::Warning);
        check("[::1]:8080", Verdict::Note);
        check("fd00::/8", Verdict::Warning);
        check("[fd00::/8]:80", Verdict::Warning);
        check("[fd00::]/64:80", Verdict::Note);
        check("example.com", Verdict::Broken);
        assert_eq!(egress(&[])[0].verdict, Verdict::Good);
    }

    #[test]
    fn a_data_directory_is_for_its_owner() {
        fn check(mode: u32, expect: Verdict) {
            let folder = tempfile::tempdir().expect("a folder");
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("chmod");
            assert_eq!(data_dir(folder.path()).verdict, expect, "{mode:o}");
        }
        check(0o700, Verdict::Good);
        check(0o755, Verdict::Warning);
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(data_dir(&folder.path().join("missing")).verdict, Verdict::Note);
        let file = folder.path().join("file");
        fs::write(&file, "").expect("a file");
        assert_eq!(data_dir(&file).verdict, Verdict::Broken);
    }

    #[test]
    fn a_database_is_known_by_its_first_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("errand.db");
        assert_eq!(sqlite(&path).verdict, Verdict::Note);
        fs::write(&path, "short").expect("a file");
        assert_eq!(sqlite(&path).verdict, Verdict::Broken);
        fs::write(&path, "something else entirely").expect("a file");
        assert_eq!(sqlite(&path).verdict, Verdict::Broken);
        fs::write(&path, [SQLITE_HEADER.as_slice(), b"pages"].concat()).expect("a file");
        assert_eq!(sqlite(&path).verdict, Verdict::Good);
    }
}
