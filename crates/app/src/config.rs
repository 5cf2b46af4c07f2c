//! Settings: read once, here, from `errand.toml`, the environment and the command line, in that order of growing
//! weight. Nothing else in Errand reads the environment.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use color_eyre::eyre::{Result, WrapErr as _, eyre};
use errand_domain::{
    limits::Limits,
    model::{Price, Prices},
};
use errand_runners::deliver::MailServer;
use serde::Deserialize;

/// Every variable that Errand reads, with what it sets. `errand doctor` prints this table.
pub const VARIABLES: [(&str, &str); 43] = [
    ("ERRAND_CONFIG", "path of errand.toml"),
    ("ERRAND_DATA_DIR", "data_dir: database, keys and models"),
    ("ERRAND_LISTEN", "listen: address and port of the dashboard and API"),
    ("ERRAND_PUBLIC_URL", "public_url: how browsers reach it, for links"),
    ("ERRAND_DATABASE_URL", "database_url: a PostgreSQL address, instead of the SQLite file"),
    ("ERRAND_MASTER_KEY", "master key(s), base64 or hex, newest first, comma-separated"),
    ("ERRAND_MASTER_KEY_FILE", "master_key_file: path of the key file"),
    ("ERRAND_MODEL_DIR", "model_dir: where the sentence model lies"),
    ("ERRAND_IMAGE_DIR", "image_dir: where the images of Python actions lie"),
    ("ERRAND_IMAGE_REQUIREMENTS", "image_requirements: a file of Python packages to add to the image"),
    ("ERRAND_EGRESS_OPEN", "egress.open: comma-separated address ranges that actions may reach"),
    ("ERRAND_SANDBOX", "sandbox.enabled: `on`, or `off` for an installation without Python actions"),
    ("ERRAND_SANDBOX_MEMORY_BYTES_MAX", "sandbox.memory_bytes_max: memory of a run"),
    (
        "ERRAND_SANDBOX_CPU_MILLICORES",
        "sandbox.cpu_millicores: processor time of a run, in thousandths of a core",
    ),
    ("ERRAND_SANDBOX_PROCESSES_MAX", "sandbox.processes_max: processes and threads of a run"),
    ("ERRAND_SANDBOX_TMP_BYTES_MAX", "sandbox.tmp_bytes_max: size of a run's /tmp"),
    ("ERRAND_SANDBOX_STDOUT_BYTES_MAX", "sandbox.stdout_bytes_max: what a script may print"),
    ("ERRAND_SANDBOX_STDERR_BYTES_MAX", "sandbox.stderr_bytes_max: what is kept of its standard error"),
    ("ERRAND_SANDBOX_READY_CHILDREN", "sandbox.ready_children: children that stand ready, per tier"),
    ("ERRAND_SANDBOX_RUNS_AT_ONCE_MAX", "sandbox.runs_at_once_max: scripts that run at once; more wait"),
    ("ERRAND_SANDBOX_WAITING_MAX", "sandbox.waiting_max: scripts that wait at most; more are refused"),
    ("ERRAND_SANDBOX_WAIT_MS_MAX", "sandbox.wait_ms_max: how long one may wait"),
    ("ERRAND_SANDBOX_ZYGOTE_CHILDREN_MAX", "sandbox.zygote_children_max: children of one warm interpreter"),
    ("ERRAND_SANDBOX_SHM_BYTES_MAX", "sandbox.shm_bytes_max: size of a run's /dev/shm"),
    ("ERRAND_SANDBOX_OPEN_FILES_MAX", "sandbox.open_files_max: files that a process of a run may have open"),
    ("ERRAND_SANDBOX_RUN_ID", "sandbox.run_id: the user that runs are on this machine, where Errand is root"),
    (
        "ERRAND_SANDBOX_CONNECTIONS_MAX",
        "sandbox.connections_max: connections that a run may have open at once",
    ),
    (
        "ERRAND_SANDBOX_CONNECTION_ATTEMPTS_MAX",
        "sandbox.connection_attempts_max: connections that a run may try",
    ),
    ("ERRAND_SANDBOX_NAMES_MAX", "sandbox.names_max: different host names that a run may look up"),
    ("ERRAND_SANDBOX_CGROUP", "sandbox.cgroup: the control group under which runs have theirs"),
    ("ERRAND_OIDC_ISSUER", "oidc.issuer: the identity provider that people may sign in by"),
    ("ERRAND_OIDC_CLIENT_ID", "oidc.client_id: the id under which it knows Errand"),
    ("ERRAND_OIDC_CLIENT_SECRET", "the secret of that id"),
    ("ERRAND_OIDC_CLIENT_SECRET_FILE", "oidc.client_secret_file: path of a file that holds it"),
    ("ERRAND_MAIL_PASSWORD", "password at the mail server that `[mail]` names"),
    ("ERRAND_LOG", "log.filter: what to log, such as `info` or `errand_engine=debug`"),
    ("ERRAND_LOG_FORMAT", "log.format: `text` or `json`"),
    ("ERRAND_SERVER", "address of the server that the command line talks to"),
    ("ERRAND_API_KEY", "API key of the command line"),
    ("ERRAND_GURU", "guru of the command line"),
    ("ERRAND_REGISTRY_USER", "user name at the registry that `errand image unpack` pulls from"),
    ("ERRAND_REGISTRY_PASSWORD", "password or token at that registry"),
    ("NO_COLOR", "set to anything: no colours"),
];

mod mail;
mod oidc;
mod sandbox;

use mail::MailSection;
pub use oidc::OidcSection;
pub use sandbox::SandboxSection;

pub const LISTEN_DEFAULT: &str = "127.0.0.1:8029";

/// The file's shape; every field may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ConfigFile {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    database_url: Option<String>,
    master_key_file: Option<PathBuf>,
    model_dir: Option<PathBuf>,
    image_dir: Option<PathBuf>,
    image_requirements: Option<PathBuf>,
    egress: EgressSection,
    limits: Limits,
    prices: BTreeMap<String, Price>,
    mail: MailSection,
    sandbox: SandboxSection,
    oidc: OidcSection,
    log: LogSection,
    executions_at_once_max: Option<usize>,
    requests_per_minute_max: Option<u32>,
    trusted_proxies: Vec<IpAddr>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EgressSection {
    open: Vec<String>,
    hosts: HashMap<String, Vec<IpAddr>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogSection {
    filter: Option<String>,
    format: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The settings in force.
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub public_url: String,
    /// PostgreSQL; None for the SQLite file in the data directory. May hold a password: never shown.
    pub database_url: Option<String>,
    /// Master keys given as text; None when they are in a file.
    pub master_key: Option<String>,
    pub master_key_file: PathBuf,
    pub model_dir: PathBuf,
    pub image_dir: PathBuf,
    /// Python packages that the operator adds to the image.
    pub image_requirements: Option<PathBuf>,
    pub egress_open: Vec<String>,
    /// Addresses of names that no name server knows; they are judged like any other.
    pub egress_hosts: HashMap<String, Vec<IpAddr>>,
    pub limits: Limits,
    /// What a million tokens of a language model cost, by `provider:model`.
    pub prices: Prices,
    /// Where mail is handed in; None for no mail.
    pub mail: Option<MailServer>,
    pub sandbox: SandboxSection,
    pub oidc: OidcSection,
    pub log_filter: String,
    pub log_format: LogFormat,
    /// Executions under way at once on this node; more are refused as overloaded.
    pub executions_at_once_max: usize,
    /// Requests per minute and caller; more are answered 429.
    pub requests_per_minute_max: u32,
    /// Proxies whose `X-Forwarded-For` is believed, for the audit log.
    pub trusted_proxies: Vec<IpAddr>,
}

const EXECUTIONS_AT_ONCE_DEFAULT: usize = 512;
const REQUESTS_PER_MINUTE_DEFAULT: u32 = 1_200;

/// What the command line may set over file and environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigArgs {
    /// Settings file [default: `DATA_DIR/errand.toml` when it exists]
    #[arg(long, global = true, value_name = "FILE", env = "ERRAND_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
    /// Where the database, the keys and the model lie
    #[arg(long, global = true, value_name = "DIR", env = "ERRAND_DATA_DIR", hide_env = true)]
    pub data_dir: Option<PathBuf>,
}

impl Config {
    pub fn load(args: &ConfigArgs) -> Result<Self> {
        let guessed_dir = args.data_dir.clone().map_or_else(default_data_dir, Ok)?;
        let file = read_file(args.config.as_deref(), &guessed_dir)?;
        let data_dir = args.data_dir.clone().or(file.data_dir).unwrap_or(guessed_dir);
        let listen = match variable("ERRAND_LISTEN") {
            Some(text) => text.parse().wrap_err_with(|| {
                format!("ERRAND_LISTEN is `{text}`, not an address such as {LISTEN_DEFAULT}")
            })?,
            None => file.listen.map_or_else(|| LISTEN_DEFAULT.parse(), Ok).wrap_err("the default address")?,
        };
        let egress_open = variable("ERRAND_EGRESS_OPEN").map_or(file.egress.open, |text| {
            text.split(',').map(|range| range.trim().to_owned()).filter(|range| !range.is_empty()).collect()
        });
        Ok(Self {
            public_url: variable("ERRAND_PUBLIC_URL")
                .or(file.public_url)
                .unwrap_or_else(|| format!("http://{listen}")),
            database_url: variable("ERRAND_DATABASE_URL").or(file.database_url),
            master_key: variable("ERRAND_MASTER_KEY"),
            master_key_file: path_variable("ERRAND_MASTER_KEY_FILE")
                .or(file.master_key_file)
                .unwrap_or_else(|| data_dir.join("master.key")),
            model_dir: path_variable("ERRAND_MODEL_DIR")
                .or(file.model_dir)
                .unwrap_or_else(|| data_dir.join("models").join("minilm-l6-v2")),
            image_dir: path_variable("ERRAND_IMAGE_DIR")
                .or(file.image_dir)
                .unwrap_or_else(|| data_dir.join("images")),
            image_requirements: path_variable("ERRAND_IMAGE_REQUIREMENTS").or(file.image_requirements),
            egress_open,
            mail: file.mail.with_password(variable("ERRAND_MAIL_PASSWORD"))?,
            egress_hosts: checked_hosts(file.egress.hosts)?,
            sandbox: file.sandbox.with_variables()?,
            oidc: file.oidc.with_variables(),
            limits: file.limits,
            prices: Prices::new(file.prices).map_err(|problem| eyre!("the setting `prices`: {problem}"))?,
            log_filter: variable("ERRAND_LOG").or(file.log.filter).unwrap_or_else(|| "info".to_owned()),
            log_format: match variable("ERRAND_LOG_FORMAT").as_deref() {
                Some("json") => LogFormat::Json,
                Some("text") => LogFormat::Text,
                Some(other) => return Err(eyre!("ERRAND_LOG_FORMAT is `{other}`; choose `text` or `json`")),
                None => file.log.format.unwrap_or_default(),
            },
            executions_at_once_max: file.executions_at_once_max.unwrap_or(EXECUTIONS_AT_ONCE_DEFAULT),
            requests_per_minute_max: file.requests_per_minute_max.unwrap_or(REQUESTS_PER_MINUTE_DEFAULT),
            trusted_proxies: file.trusted_proxies,
            data_dir,
            listen,
        })
    }

    pub fn sqlite_file(&self) -> PathBuf {
        self.data_dir.join("errand.db")
    }

    /// The API key of this machine's own command line, written at the first start.
    pub fn local_key_file(&self) -> PathBuf {
        self.data_dir.join("local.key")
    }
}

fn read_file(given: Option<&Path>, data_dir: &Path) -> Result<ConfigFile> {
    let path = given.map_or_else(|| data_dir.join("errand.toml"), Path::to_path_buf);
    if given.is_none() && !path.exists() {
        return Ok(ConfigFile::default());
    }
    let text = std::fs::read_to_string(&path)
        .wrap_err_with(|| format!("the settings file {} can't be read", path.display()))?;
    toml::from_str(&text).wrap_err_with(|| format!("the settings file {} is off", path.display()))
}

/// Names as they are looked up. One without an address would be unreachable without a word.
fn checked_hosts(hosts: HashMap<String, Vec<IpAddr>>) -> Result<HashMap<String, Vec<IpAddr>>> {
    let check = |(name, addresses): (String, Vec<IpAddr>)| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_name = !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_'));
        if !is_name {
            return Err(eyre!(
                "`egress.hosts` names `{name}`, which is no host; write it as \"db.internal\""
            ));
        }
        if addresses.is_empty() {
            return Err(eyre!("`egress.hosts` gives `{name}` no address; list one or more, or leave it out"));
        }
        Ok((name, addresses))
    };
    hosts.into_iter().map(check).collect()
}

/// `$XDG_DATA_HOME/errand`, else `~/.local/share/errand`.
fn default_data_dir() -> Result<PathBuf> {
    path_variable("XDG_DATA_HOME")
        .or_else(|| path_variable("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("errand"))
        .ok_or_else(|| eyre!("there is no home directory to keep data in; give --data-dir"))
}

pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn path_variable(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from)
}

/// The whole environment, for programs that are started with parts of it. What is no text is left out.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_names_and_addresses() {
        fn check(text: &str, expect: Result<&[(&str, &str)], &str>) {
            let file: ConfigFile = toml::from_str(text).expect("a file");
            let got = checked_hosts(file.egress.hosts).map_err(|error| error.to_string());
            let address = |text: &str| vec![text.parse::<IpAddr>().expect("an address")];
            let expect = expect.map(|hosts| {
                hosts.iter().map(|(name, ip)| ((*name).to_owned(), address(ip))).collect::<HashMap<_, _>>()
            });
            assert_eq!(got, expect.map_err(str::to_owned), "{text}");
        }
        check("", Ok(&[]));
        check("[egress.hosts]\n\"DB.internal.\" = [\"10.0.0.5\"]", Ok(&[("db.internal", "10.0.0.5")]));
        check("[egress.hosts]\ndb = [\"fd00::1\"]", Ok(&[("db", "fd00::1")]));
        check(
            "[egress.hosts]\ndb = []",
            Err("`egress.hosts` gives `db` no address; list one or more, or leave it out"),
        );
        check(
            "[egress.hosts]\n\"a b\" = [\"10.0.0.5\"]",
            Err("`egress.hosts` names `a b`, which is no host; write it as \"db.internal\""),
        );
    }
}
