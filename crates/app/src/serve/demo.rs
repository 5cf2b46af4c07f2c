//! The demo: a guru whose actions run against a bundled back office on loopback, with no account anywhere.

use std::{net::SocketAddr, sync::Arc};

use color_eyre::eyre::{Result, WrapErr as _};
use errand_domain::{Role, UserId};
use errand_engine::{
    Engine, EngineError, SecretText,
    access::{Caller, Manage, Permit, UserCaller},
    manage::{actions::UnknownNames, secrets::NewSecret},
};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Where the back office listens; the next free port when this one is taken.
const ADDRESS: &str = "127.0.0.1:8030";

pub const QUESTIONS: [&str; 3] = [
    "Where is my refund for order 12345?",
    "I was charged twice!",
    "Is the site down? Also which tickets breach SLA in the next 3 hours?",
];

/// The bundled services, listening but not yet answering.
pub struct BackOffice {
    listener: TcpListener,
    address: SocketAddr,
}

impl BackOffice {
    pub async fn bind() -> Result<Self> {
        let listener = match TcpListener::bind(ADDRESS).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("127.0.0.1:0")
                .await
                .wrap_err("the demo back office can't listen on loopback")?,
        };
        let address = listener.local_addr().wrap_err("the demo back office's address")?;
        Ok(Self { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        let now = errand_engine::clock::Clock::System.now();
        tokio::spawn(async move {
            if let Err(error) =
                errand_templates::back_office::serve(self.listener, errand_templates::BackOffice::seeded(now))
                    .await
            {
                tracing::error!(%error, "the demo back office stopped");
            }
        });
    }
}

/// Installs the demo guru, or brings its actions up to date: the back office may be at another address this time.
pub async fn install(engine: &Engine, office: &BackOffice) -> Result<()> {
    let caller = Arc::new(Caller::User(installer()));
    let slug = errand_templates::demo_slug();
    if engine.guru_view(slug.as_str()).await?.is_none() {
        let permit = engine.instance_permit::<Manage>(&caller)?;
        engine.create_guru(&permit, slug.as_str(), errand_templates::demo_guru_settings()).await?;
    }
    let permit = engine.permit::<Manage>(&caller, slug.as_str()).await?;
    for (name, value) in errand_templates::demo_secrets() {
        if permit.guru.secret(&name).is_none_or(|known| known.expose() != value) {
            let new = NewSecret { value: SecretText::new(value.to_owned()), hosts: None };
            engine.set_secret(&permit, name.as_str(), new).await?;
        }
    }
    for file in errand_templates::demo_actions(&office.base_url()) {
        let permit = engine.permit::<Manage>(&caller, slug.as_str()).await?;
        if permit.guru.action(&file.name).is_some() {
            engine.update_action(&permit, &file.name, &file).await?;
        } else {
            engine.create_action(&permit, &file, UnknownNames::AllowAsSecrets).await?;
            let permit = engine.permit::<Manage>(&caller, slug.as_str()).await?;
            enable(engine, &permit, &file.name).await?;
        }
    }
    Ok(())
}

/// An action that can't run on this machine is kept disabled, and the demo goes on without it.
async fn enable(engine: &Engine, permit: &Permit<Manage>, name: &str) -> Result<()> {
    match engine.enable_action(permit, name).await {
        Err(EngineError::Conflict(problem)) => {
            tracing::warn!(action = name, %problem, "a demo action stays disabled");
            Ok(())
        }
        enabled => Ok(enabled.map(drop)?),
    }
}

/// The process itself, for the audit log; nobody can sign in as it.
fn installer() -> UserCaller {
    UserCaller {
        id: UserId::from_uuid(Uuid::nil()),
        email: "errand --demo".to_owned(),
        name: "Errand".to_owned(),
        role: Role::SuperAdmin,
        groups: Vec::new(),
        gurus: Vec::new(),
    }
}
