//! Keeps the sandbox alive: a launcher, a zygote per tier, and ready children; each is replaced when it is lost.
//!
//! Nothing here is on the way of a run. What fails is tried again, at first at once and then less and less often.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::sleep,
};

use crate::{
    SandboxError, SandboxSettings,
    cgroup::{Group, Groups},
    child::{Child, Parents},
    host::{Host, Plan, Zygote, broken},
    ids::Ids,
    pool::Pool,
};

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Children that one zygote's line may have under way: while one is cloned, another walls itself in.
const MAKING_MAX: usize = 2;
/// A zygote's successor is warm, as a rule, when the last of its children is made: it is started this part before.
const WARMED_BEFORE_PART: u32 = 4;
/// A zygote that was killed is a mishap, and runs wait for the next; this many in a row are a reason to refuse them.
const FAILURES_MAX: u32 = 3;

/// What every keeper needs.
#[derive(Debug)]
pub struct Ground {
    pub settings: SandboxSettings,
    pub groups: Groups,
    pub zygotes: Group,
    pub ids: Ids,
    pub filter: Vec<u8>,
    pub children_made: AtomicU64,
    pub restarts: AtomicU64,
}

pub type CurrentHost = watch::Receiver<Option<Arc<Host>>>;

impl Ground {
    pub async fn start_host(&self) -> Result<Arc<Host>, SandboxError> {
        let cgroup_version = self.groups.version();
        Host::start(Plan {
            settings: &self.settings,
            ids: &self.ids,
            zygote: self.ids.zygote_settings(&self.settings, cgroup_version),
            filter: &self.filter,
            group: &self.zygotes,
        })
        .await
    }
}

/// Starts the launcher anew whenever it is lost.
pub async fn keep_host(ground: Arc<Ground>, first: Arc<Host>, current: watch::Sender<Option<Arc<Host>>>) {
    let mut host = first;
    loop {
        host.closed().await;
        current.send_replace(None);
        tracing::warn!("the sandbox's launcher is gone; starting it again");
        let mut pause = PAUSE_MIN;
        host = loop {
            ground.restarts.fetch_add(1, Ordering::Relaxed);
            match ground.start_host().await {
                Ok(host) => break host,
                Err(error) => tracing::warn!(%error, "the sandbox's launcher could not be started"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        };
        current.send_replace(Some(Arc::clone(&host)));
    }
}

/// Keeps one tier's pool filled.
pub async fn keep_pool(ground: Arc<Ground>, pool: Arc<Pool>, mut current: CurrentHost) {
    let mut pause = PAUSE_MIN;
    let mut failures = 0;
    loop {
        let Ok(host) = current.wait_for(Option::is_some).await.map(|host| host.clone()) else {
            return;
        };
        let Some(host) = host.filter(|host| !host.is_closed()) else {
            sleep(PAUSE_MIN).await;
            continue;
        };
        // Where none stand ready, an interpreter is not warmed before it is needed.
        while pool.deficit(0) == 0 {
            pool.changed.notified().await;
        }
        let made_before = pool.made();
        let error = match host.start_zygote(pool.tier).await {
            Ok(zygote) => fill(&ground, &pool, &host, Arc::new(zygote)).await,
            Err(error) => Some(broken("starting the image's Python", error)),
        };
        if pool.made() > made_before {
            (failures, pause) = (0, PAUSE_MIN);
        }
        if host.is_closed() {
            pool.clear();
        } else if let Some(error) = error {
            tracing::warn!(%error, tier = pool.tier.name(), "a zygote failed and is replaced");
            failures += 1;
            if failures >= FAILURES_MAX {
                pool.fail(&error);
            }
        }
        ground.restarts.fetch_add(1, Ordering::Relaxed);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Makes children until the zygote or its launcher is lost; says why, where it can.
async fn fill(
    ground: &Arc<Ground>,
    pool: &Arc<Pool>,
    host: &Arc<Host>,
    mut zygote: Arc<Zygote>,
) -> Option<SandboxError> {
    let mut making: JoinSet<Result<(), SandboxError>> = JoinSet::new();
    let children_max = ground.settings.zygote_children_max;
    let mut made = 0;
    let mut successor: Option<JoinHandle<io::Result<Zygote>>> = None;
    loop {
        let rest = pool.rest();
        while rest.is_zero()
            && made < children_max
            && making.len() < MAKING_MAX
            && pool.deficit(making.len()) > 0
        {
            made += 1;
            making.spawn(make(Arc::clone(ground), Arc::clone(pool), Arc::clone(host), Arc::clone(&zygote)));
        }
        if made >= children_max - children_max / WARMED_BEFORE_PART && successor.is_none() {
            let (host, tier) = (Arc::clone(host), pool.tier);
            successor = Some(tokio::spawn(async move { host.start_zygote(tier).await }));
        }
        tokio::select! {
            () = pool.changed.notified() => {}
            () = sleep(rest), if !rest.is_zero() => {}
            () = host.closed() => return None,
            Some(done) = making.join_next() => {
                if let Ok(Err(error)) = done {
                    return Some(error);
                }
            }
            started = wait_for(&mut successor), if made >= children_max => {
                // The old one ends when its last child is made: its line closes then.
                let Ok(Ok(started)) = started else { return None };
                zygote = Arc::new(started);
                successor = None;
                made = 0;
            }
        }
    }
}

async fn make(
    ground: Arc<Ground>,
    pool: Arc<Pool>,
    host: Arc<Host>,
    zygote: Arc<Zygote>,
) -> Result<(), SandboxError> {
    let number = ground.children_made.fetch_add(1, Ordering::Relaxed) + 1;
    let group = spawn_blocking(move || ground.groups.run(number, &ground.settings.limits)).await;
    let group =
        group.map_err(io::Error::from).flatten().map_err(|error| broken("making control groups", error))?;
    let child = Child::make(Parents { host: &host, zygote: &zygote }, group).await?;
    pool.put(child);
    Ok(())
}

/// Never, when there is none.
async fn wait_for<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, tokio::task::JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
