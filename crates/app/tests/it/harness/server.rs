//! The built binary as a process of its own. Dropping it kills it and makes sure that nothing is left behind.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use errand_domain::{Role, UnixMillis, UserId, limits::Limits};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_engine::{Engine, Parts, access::Scope, clock::Clock};
use errand_planners::{Planner, embedded::EmbeddedPlanner};
use errand_runners::{PythonRoom, Runners};
use errand_secrets::open_or_create_key_file;
use errand_storage::{
    Db, Location, PoolSizes, gurus,
    users::{self, Membership, User},
};
use errand_testkit::upstream::PATIENCE;
use tempfile::TempDir;

use super::api::Api;

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Another process may take a port between our looking for a free one and the server's listening on it.
const STARTS_MAX: usize = 3;

/// How a server is set up.
#[derive(Debug, Default, Clone)]
pub struct Setup {
    /// With the demo guru and its back office.
    pub demo: bool,
    /// What actions may reach beyond the public internet.
    pub open: Vec<SocketAddr>,
    /// PostgreSQL instead of the SQLite file.
    pub database_url: Option<String>,
    /// With the sandbox for Python actions; others start without one, since it costs memory and time.
    pub python: bool,
    /// The text of `errand.toml`.
    pub settings: &'static str,
    /// Variables of its environment beyond those that every server here has.
    pub variables: Vec<(&'static str, String)>,
}

/// A server under test.
pub struct Server {
    setup: Setup,
    folder: Option<TempDir>,
    child: Option<Child>,
    address: SocketAddr,
}

impl Server {
    pub async fn demo() -> Self {
        Self::start(Setup { demo: true, python: true, ..Setup::default() }).await
    }

    /// With a way open to one upstream of the test.
    pub async fn reaching(upstream: &errand_testkit::Upstream) -> Self {
        Self::start(Setup { open: vec![upstream.address()], ..Setup::default() }).await
    }

    /// With the sandbox, and a way open to one upstream of the test.
    pub async fn with_python(open: Vec<SocketAddr>) -> Self {
        Self::start(Setup { python: true, open, ..Setup::default() }).await
    }

    pub async fn start(setup: Setup) -> Self {
        // Fails when it is there already, which is fine: tests may share a process.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder =
            tempfile::Builder::new().prefix("errand-it-").tempdir().expect("make a folder for a test");
        std::fs::create_dir(folder.path().join("data")).expect("make the data directory");
        std::fs::write(folder.path().join("data/errand.toml"), setup.settings).expect("write the settings");
        let mut server =
            Self { setup, folder: Some(folder), child: None, address: ([127, 0, 0, 1], 0).into() };
        server.start_again().await;
        server
    }

    /// Starts the process on the same data, as after a crash.
    pub async fn start_again(&mut self) {
        for _ in 1..STARTS_MAX {
            self.spawn();
            if self.is_ready_in_time().await {
                return;
            }
        }
        self.spawn();
        assert!(self.is_ready_in_time().await, "the server did not become ready:\n{}", self.log());
    }

    fn spawn(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        self.address = free_address();
        let log = |name: &str| {
            File::options().create(true).append(true).open(self.folder().join(name)).expect("open a log")
        };
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .args(self.setup.demo.then_some("--demo"))
            .arg("--data-dir")
            .arg(self.data_dir())
            .env_remove("ERRAND_CONFIG")
            .env_remove("ERRAND_MASTER_KEY")
            .env_remove("ERRAND_MASTER_KEY_FILE")
            .env_remove("ERRAND_PUBLIC_URL")
            .env_remove("ERRAND_DATABASE_URL")
            .env_remove("ERRAND_LOG")
            .env("ERRAND_SANDBOX", if self.setup.python { "on" } else { "off" })
            // Only the tiers that a test uses are warmed.
            .env("ERRAND_SANDBOX_READY_CHILDREN", "0")
            .env("ERRAND_IMAGE_DIR", image_dir())
            .env("ERRAND_LISTEN", self.address.to_string())
            .env("ERRAND_EGRESS_OPEN", texts(&self.setup.open).join(","))
            .envs(self.setup.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log("stdout.log"))
            .stderr(log("stderr.log"));
        if let Some(url) = &self.setup.database_url {
            command.env("ERRAND_DATABASE_URL", url);
        }
        self.child = Some(command.spawn().expect("start the errand binary"));
    }

    async fn is_ready_in_time(&mut self) -> bool {
        let begun = Instant::now();
        let api = Api::anonymous(self.address);
        while begun.elapsed() < PATIENCE {
            if self.child().try_wait().expect("look after the server").is_some() {
                self.child = None;
                return false;
            }
            if api.is_ready().await {
                return true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        false
    }

    /// With the key that the server wrote for this machine's command line: every scope.
    pub fn api(&self) -> Api {
        let key = std::fs::read_to_string(self.data_dir().join("local.key")).expect("read local.key");
        Api::with_key(self.address, key.trim())
    }

    pub fn anonymous(&self) -> Api {
        Api::anonymous(self.address)
    }

    pub fn with_key(&self, key: &str) -> Api {
        Api::with_key(self.address, key)
    }

    /// As the first admin in a browser, by the one-time link that the server printed.
    pub async fn admin_session(&self) -> Api {
        self.anonymous().claim(&self.sign_in_token()).await
    }

    /// The token of the one-time link that the server printed at its first start.
    pub fn sign_in_token(&self) -> String {
        let printed =
            std::fs::read_to_string(self.folder().join("stdout.log")).expect("read what the server printed");
        let token = printed.split("/claim?token=").nth(1).expect("a sign-in link was printed");
        token.chars().take_while(|c| !c.is_whitespace()).collect()
    }

    /// A new key of these scopes for all gurus, made beside the server: keys have no door yet.
    pub async fn new_key(&self, scopes: &[Scope]) -> String {
        let engine = self.engine().await;
        let key = engine.create_api_key("a test's key", scopes, None).await.expect("make a key");
        engine.db().close().await;
        key.text.expose().to_owned()
    }

    /// A browser session of a new user with this role in one guru, made beside the server: users have no door yet.
    pub async fn new_session(&self, email: &str, guru: &str, role: Role) -> Api {
        let engine = self.engine().await;
        let now = engine.clock().now();
        let user = new_user(email, now);
        let guru = gurus::by_slug(&engine.db().reader, &guru.parse().expect("a slug"))
            .await
            .expect("read a guru")
            .expect("a guru");
        let mut tx = engine.db().writer.begin().await.expect("begin");
        users::insert(&mut tx, &user).await.expect("insert a user");
        users::set_membership(&mut tx, guru.id, user.id, &Membership { role, groups: Vec::new() })
            .await
            .expect("make a member");
        tx.commit().await.expect("commit");
        let token = engine.make_claim(email).await.expect("make a sign-in link");
        engine.db().close().await;
        self.anonymous().claim(token.expose()).await
    }

    /// Where the server keeps its state.
    pub fn location(&self) -> Location {
        match &self.setup.database_url {
            Some(url) => url.parse().expect("a database address"),
            None => Location::Sqlite(self.data_dir().join("errand.db")),
        }
    }

    /// An engine on the server's own database, as a second node would have.
    async fn engine(&self) -> Engine {
        let location = self.location();
        let clock = Clock::System;
        Engine::new(Parts {
            db: Db::open(&location, PoolSizes::default(), clock.now())
                .await
                .expect("open the server's database"),
            keyring: open_or_create_key_file(&self.data_dir().join("master.key"))
                .expect("read the master key")
                .0,
            planner: Planner::Embedded(Arc::new(EmbeddedPlanner::new(None))),
            runners: Runners::new(
                Egress::new(EgressPolicy::default(), &EgressLimits::default()).expect("a client"),
                PythonRoom::closed("it is a test.", "Use the server."),
            ),
            identity: None,
            clock,
            limits: Limits::default(),
            prices: errand_domain::model::Prices::default(),
            public_url: String::new(),
            backups: self.folder().join("backups"),
            executions_at_once_max: 1,
            node: "node_of_a_test".to_owned(),
        })
    }

    /// What a crash or a lost machine does.
    pub fn kill_9(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("kill the server");
        child.wait().expect("wait for the killed server");
    }

    /// What `systemctl stop` does; returns at once.
    pub fn tell_to_stop(&mut self) {
        let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child().id())).status();
        assert!(told.expect("run kill").success(), "SIGTERM could not be sent");
    }

    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child().try_wait().expect("look after the server") {
                self.child = None;
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the server did not stop:\n{}", self.log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("stderr.log")).unwrap_or_default()
    }

    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("there until it is dropped").path()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("the server runs")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let gone = child.wait();
            assert!(
                gone.is_ok() || std::thread::panicking(),
                "the server's process was left behind: {gone:?}"
            );
        }
        if let Some(folder) = self.folder.take() {
            let path = folder.path().to_owned();
            let removed = folder.close();
            let gone = removed.is_ok() && !path.exists();
            assert!(gone || std::thread::panicking(), "{} was left behind: {removed:?}", path.display());
        }
    }
}

/// The binary that cargo built for this test, or the one that is named instead (an installed one, say).
pub fn binary() -> PathBuf {
    std::env::var_os("ERRAND_TEST_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_errand").into(), PathBuf::from)
}

/// Where `make test` built the image of Python actions.
fn image_dir() -> PathBuf {
    std::env::var_os("ERRAND_IMAGE_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/image"), PathBuf::from)
}

fn new_user(email: &str, now: UnixMillis) -> User {
    User {
        id: UserId::from_uuid(uuid::Uuid::now_v7()),
        email: email.to_owned(),
        name: String::new(),
        role: Role::Viewer,
        groups: vec!["Support".to_owned(), "Night shift".to_owned()],
        created_at: now,
        updated_at: now,
    }
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen on loopback");
    listener.local_addr().expect("the address listened on")
}

fn texts(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}
