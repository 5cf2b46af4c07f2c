//! `errand serve`: open everything, put it together, serve, stop in order.

mod banner;
mod demo;

use std::{
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use color_eyre::eyre::{Result, WrapErr as _};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_engine::{Engine, Parts, access::Scope, accounts::Token, clock::Clock, error_chain};
use errand_http::{GalleryEntry, HttpSettings, HttpState};
use errand_planners::{
    Planner,
    embedded::{EmbeddedPlanner, load_encoder},
};
use errand_runners::{PythonRoom, Runners};
use errand_secrets::{Keyring, SecretText, open_or_create_key_file};
use errand_storage::{Db, Location, PoolSizes};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{config::Config, python::PythonHouse};

const LOCAL_KEY_NAME: &str = "this machine's command line";

#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Install the demo guru and start the bundled demo back office on loopback
    #[arg(long)]
    pub demo: bool,
}

/// Serves until the process is told to stop.
pub async fn run(mut config: Config, args: ServeArgs) -> Result<()> {
    make_data_dir(&config.data_dir)?;
    let _only = lock_data_dir(&config.data_dir)?;
    let listener = TcpListener::bind(config.listen).await.wrap_err_with(|| {
        format!(
            "{} can't be listened on; is Errand running already? Set `listen` to another port",
            config.listen
        )
    })?;
    let back_office = if args.demo { Some(demo::BackOffice::bind().await?) } else { None };
    // The one opening that the demo makes, and it is shown: exactly the back office's address and port.
    config.egress_open.extend(back_office.as_ref().map(|office| office.address().to_string()));
    let python = PythonHouse::new(&config);
    let (engine, notices) = open_engine(&config, python.room.clone()).await?;
    let python = python.open(&config);
    let mut presence = engine.db().announce().await?;
    if presence.is_alone() {
        settle(&engine).await?;
    }
    presence.share().await?;
    let link = sign_in_link(&engine, &config).await?;
    write_local_key(&engine, &config).await?;
    if let Some(office) = back_office {
        demo::install(&engine, &office).await?;
        office.serve();
    }
    let address = listener.local_addr().wrap_err("the address that is listened on")?;
    banner::print(&banner::Facts {
        address,
        config: &config,
        link: link.as_deref(),
        demo: args.demo,
        notices: &notices,
    });
    let served = serve(listener, state(&engine, &config, notices), &engine).await;
    python.stop().await;
    served
}

/// Opens the database, the keys and the planner, and makes an engine of them. Also the notices for the operator.
pub async fn open_engine(config: &Config, python: PythonRoom) -> Result<(Engine, Vec<String>)> {
    let clock = Clock::System;
    let location = match &config.database_url {
        Some(url) => url.parse::<Location>()?,
        None => Location::Sqlite(config.sqlite_file()),
    };
    let db = Db::open(&location, PoolSizes::default(), clock.now()).await?;
    let keyring = open_keyring(config)?;
    let (planner, mut notices) = open_planner(&config.model_dir);
    let policy = EgressPolicy::from_texts(config.egress_open.iter().map(String::as_str))
        .wrap_err("the setting `egress.open`")?;
    let egress = Egress::with_hosts(policy, &EgressLimits::default(), config.egress_hosts.clone())
        .wrap_err("the HTTP client for actions")?;
    for range in &config.egress_open {
        notices.push(format!("Actions may reach {range}, which is closed by default."));
    }
    let engine = Engine::new(Parts {
        db,
        keyring,
        planner: Planner::Embedded(Arc::new(planner)),
        runners: Runners::new(egress, python).with_mail(config.mail.clone()),
        identity: config.oidc.open(&config.public_url)?,
        clock,
        limits: config.limits.clone(),
        prices: config.prices.clone(),
        public_url: config.public_url.clone(),
        backups: config.data_dir.join("backups"),
        executions_at_once_max: config.executions_at_once_max,
        node: format!("node_{}", uuid::Uuid::now_v7().as_simple()),
    });
    Ok((engine, notices))
}

/// An engine for a command that changes the database and runs nothing.
pub async fn open_ledger(config: &Config) -> Result<(Engine, Vec<String>)> {
    open_engine(config, PythonRoom::closed("this command starts no sandbox.", "Use the server.")).await
}

fn open_keyring(config: &Config) -> Result<Keyring> {
    match &config.master_key {
        Some(text) => Ok(Keyring::from_text(&SecretText::new(text.clone())).wrap_err("ERRAND_MASTER_KEY")?),
        None => Ok(open_or_create_key_file(&config.master_key_file)?.0),
    }
}

/// Without its model the planner works by words alone, and says so.
fn open_planner(model_dir: &Path) -> (EmbeddedPlanner, Vec<String>) {
    match load_encoder(model_dir) {
        Ok(encoder) => (EmbeddedPlanner::new(Some(encoder)), Vec::new()),
        Err(error) => {
            tracing::warn!(%error, "the sentence model is not there; planning by words alone");
            let notice = "Planning by words alone, since the sentence model is not installed. Run `errand model install` and restart.";
            (EmbeddedPlanner::new(None), vec![notice.to_owned()])
        }
    }
}

async fn settle(engine: &Engine) -> Result<()> {
    let interrupted = engine.settle_interrupted().await?;
    if interrupted > 0 {
        tracing::warn!(
            interrupted,
            "executions were under way when Errand last stopped; they are marked `unknown`"
        );
    }
    Ok(())
}

/// The address of a one-time link for the first admin, at the first start only.
async fn sign_in_link(engine: &Engine, config: &Config) -> Result<Option<String>> {
    Ok(engine.ensure_admin().await?.map(|token| claim_address(&config.public_url, &token)))
}

pub fn claim_address(public_url: &str, token: &Token) -> String {
    format!("{}/claim?token={}", public_url.trim_end_matches('/'), token.expose())
}

/// The key that this machine's own command line uses; only this user may read the file.
async fn write_local_key(engine: &Engine, config: &Config) -> Result<()> {
    let path = config.local_key_file();
    if let Ok(text) = std::fs::read_to_string(&path)
        && engine.authenticate_key(text.trim()).await.is_ok()
    {
        return Ok(());
    }
    let key = engine.create_api_key(LOCAL_KEY_NAME, &Scope::ALL, None).await?;
    let fresh = path.with_extension("key.new");
    let _ = std::fs::remove_file(&fresh);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        std::io::Write::write_all(&mut file, key.text.expose().as_bytes())?;
        std::fs::rename(&fresh, &path)
    };
    write().wrap_err_with(|| format!("the key file {} can't be written", path.display()))
}

fn make_data_dir(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .wrap_err_with(|| format!("the data directory {} can't be made; give --data-dir", path.display()))
}

/// One server per data directory: what another one runs must not be taken for left behind. The lock ends with the process.
pub fn lock_data_dir(path: &Path) -> Result<std::fs::File> {
    let lock = path.join("errand.lock");
    let file = std::fs::File::create(&lock)
        .wrap_err_with(|| format!("the lock file {} can't be made", lock.display()))?;
    file.try_lock().wrap_err_with(|| {
        format!("another Errand uses {}; stop it, or give this one its own --data-dir", path.display())
    })?;
    Ok(file)
}

fn state(engine: &Engine, config: &Config, notices: Vec<String>) -> HttpState {
    let settings = HttpSettings {
        version: env!("CARGO_PKG_VERSION"),
        secure_cookies: config.public_url.starts_with("https://"),
        requests_per_minute_max: config.requests_per_minute_max,
        trusted_proxies: config.trusted_proxies.clone(),
        egress_open: config.egress_open.clone(),
        notices,
    };
    HttpState::new(engine.clone(), settings, gallery())
}

fn gallery() -> Vec<GalleryEntry> {
    errand_templates::templates()
        .iter()
        .map(|template| GalleryEntry {
            name: template.name.to_owned(),
            title: template.title.to_owned(),
            summary: template.summary.to_owned(),
            category: template.category.to_owned(),
            secrets: template.secrets.iter().map(ToString::to_string).collect(),
            readme: template.readme.to_owned(),
            action: template.action.clone(),
        })
        .collect()
}

/// Serves until told to stop; then no new connections, and what is under way is finished.
async fn serve(listener: TcpListener, state: HttpState, engine: &Engine) -> Result<()> {
    tokio::spawn(forget_expired(engine.clone()));
    let stop_scheduler = CancellationToken::new();
    let scheduler = {
        let (engine, stop) = (engine.clone(), stop_scheduler.clone());
        tokio::spawn(
            async move { tokio::join!(engine.run_scheduler(stop.clone()), engine.run_deliveries(stop)) },
        )
    };
    let told = async {
        told_to_stop().await;
        // Told twice, the process ends at once; what it ran is marked `unknown` at the next start.
        tokio::spawn(async {
            told_to_stop().await;
            std::process::exit(EXIT_IMPATIENT);
        });
    };
    errand_http::serve(listener, state, told).await.wrap_err("serving")?;
    tracing::info!("stopping: finishing what is under way");
    stop_scheduler.cancel();
    // It ends between two looks; an error means that it had ended already.
    let _ = scheduler.await;
    engine.shut_down().await;
    engine.db().close().await;
    Ok(())
}

/// The exit code of a process that was told to stop by Ctrl-C (128 + SIGINT).
const EXIT_IMPATIENT: i32 = 130;
const EXPIRY_CHECK: Duration = Duration::from_hours(1);

/// Ended sessions, links and history past its retention go, once an hour.
async fn forget_expired(engine: Engine) {
    loop {
        if let Err(error) = engine.forget_expired().await {
            tracing::warn!(error = error_chain(&error), "ended sessions could not be forgotten");
        }
        match engine.forget_old_history().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "history past its retention is gone"),
            Err(error) => tracing::warn!(error = error_chain(&error), "old history could not be forgotten"),
        }
        tokio::time::sleep(EXPIRY_CHECK).await;
    }
}

async fn told_to_stop() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Where the server can be reached from this machine.
pub fn shown_address(address: SocketAddr, public_url: &str) -> String {
    if public_url.is_empty() {
        format!("http://{address}")
    } else {
        public_url.trim_end_matches('/').to_owned()
    }
}
