//! B9: a hundred thousand active schedules. How long one look of the scheduler takes, and how late runs begin.
//!
//! `cargo run --release -p errand --example schedules -- [--schedules N] [--minutes N] [--every MINUTES]
//! [--database sqlite|postgres]`
//!
//! Every schedule fires once per `--every` minutes, evenly spread over these, so that `schedules / every` are due at the
//! same instant. Time is real. The database is a fresh one, and gone afterwards; PostgreSQL is the tests' own
//! (`scripts/postgres-for-tests.sh`). The last line is JSON.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use errand_domain::{
    Action, ActionId, ActionSpec, Arguments, Guru, GuruId, GuruSettings, ScheduleId, UnixMillis,
    action_file::ActionFile,
    limits::Limits,
    model::Prices,
    schedule::{Missed, Overlap, Schedule, ScheduleSpec},
};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_engine::{Engine, Parts, clock::Clock, scheduler::Left};
use errand_planners::{Planner, embedded::EmbeddedPlanner};
use errand_runners::{PythonRoom, Runners};
use errand_secrets::{Keyring, SecretText};
use errand_storage::{
    Db, Location, PoolSizes, Transaction,
    actions::{self, Enablement, NewAction},
    gurus, schedules,
};
use serde_json::json;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ACTIONS_PER_GURU: usize = 100;
const GURUS_AT_ONCE: usize = 20;
const MINUTE_MS: i64 = 60_000;
/// As the scheduler itself: a change made elsewhere is noticed this late.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
const BREATH: Duration = Duration::from_millis(2);
/// Places for runs, as a server has them unless it is told otherwise; what finds none waits.
const EXECUTIONS_AT_ONCE: usize = 512;

struct Options {
    schedules: usize,
    minutes: u32,
    every: usize,
    postgres: bool,
}

fn options() -> Outcome<Options> {
    let mut options = Options { schedules: 100_000, minutes: 3, every: 60, postgres: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--schedules" => options.schedules = value.parse()?,
            "--minutes" => options.minutes = value.parse()?,
            "--every" => options.every = value.parse()?,
            "--database" => options.postgres = value == "postgres",
            _ => return Err(format!("`{word}` is not known here").into()),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = options()?;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let database = if options.postgres {
        errand_testkit::postgres::postgres().await
    } else {
        errand_testkit::postgres::sqlite()
    };
    let location = database.url.parse::<Location>()?;
    let (upstream, arrivals) = upstream().await?;
    let engine = engine(&location, &upstream).await?;
    let ids = fill(&engine, &options, &upstream).await?;
    // What is kept of a guru between looks is there in a server that has run for a while.
    for slug in ids.iter().map(|(slug, _)| slug) {
        engine.guru_view(slug).await?;
    }
    eprintln!("{} schedules of {} gurus are there", options.schedules, ids.len());
    // Making them took a while: what came due meanwhile is late for want of anybody who looks, and is got over with.
    while engine.fire_what_is_due().await? == Left::More {}
    let begun = engine.clock().now();
    arrivals.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let looks = look(&engine, options.minutes).await?;
    engine.shut_down().await;
    let lateness = lateness(&engine, &ids, begun).await?;
    let arrivals = std::mem::take(&mut *arrivals.lock().unwrap_or_else(PoisonError::into_inner));
    report(&options, looks, (lateness, arrivals));
    engine.db().close().await;
    Ok(())
}

/// When each request arrived, in milliseconds after the minute began.
type Arrivals = Arc<Mutex<Vec<u128>>>;

/// Answers every request with a little JSON.
async fn upstream() -> Outcome<(String, Arrivals)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let arrivals = Arrivals::default();
    let noted = Arc::clone(&arrivals);
    let router = axum::Router::new().fallback(async move || {
        let late = Clock::System.now().0.rem_euclid(MINUTE_MS).unsigned_abs();
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(u128::from(late));
        axum::Json(json!({"ok": true}))
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, arrivals))
}

async fn engine(location: &Location, upstream: &str) -> Outcome<Engine> {
    let clock = Clock::System;
    let egress = Egress::new(EgressPolicy::from_texts([upstream])?, &EgressLimits::default())?;
    let key = "9d3f61c2a87b05e4f1126c9ab83e57d04c2be9f76a1083d5e47c90b2f6185a3d";
    Ok(Engine::new(Parts {
        db: Db::open(location, PoolSizes::default(), clock.now()).await?,
        keyring: Keyring::from_text(&SecretText::new(key.to_owned()))?,
        planner: Planner::Embedded(Arc::new(EmbeddedPlanner::new(None))),
        runners: Runners::new(egress, PythonRoom::closed("This runs no scripts.", "")),
        identity: None,
        clock,
        limits: Limits::default(),
        prices: Prices::default(),
        public_url: String::new(),
        backups: std::env::temp_dir().join("no-backups"),
        executions_at_once_max: EXECUTIONS_AT_ONCE,
        node: "bench".to_owned(),
    }))
}

/// Gurus with a hundred actions and schedules each; their slugs and actions.
async fn fill(engine: &Engine, options: &Options, upstream: &str) -> Outcome<Vec<(String, Vec<Action>)>> {
    let file = json!({
        "version": 1, "name": "tick", "trigger": "Never by a question",
        "run": {"type": "api_call", "method": "GET", "url": format!("http://{upstream}/tick")},
    });
    let spec = ActionFile::from_value(file)?.check(&Limits::default())?;
    let numbers: Vec<_> = (0..options.schedules).collect();
    let mut all = Vec::new();
    for several in numbers.chunks(ACTIONS_PER_GURU * GURUS_AT_ONCE) {
        let mut tx = engine.db().writer.begin().await?;
        for of_guru in several.chunks(ACTIONS_PER_GURU) {
            let guru = a_guru(all.len(), engine.clock().now())?;
            gurus::insert(&mut tx, &guru).await?;
            for number in of_guru {
                put(&mut tx, &guru, &spec, (*number, options.every)).await?;
            }
            all.push((guru.id, guru.slug.to_string()));
        }
        tx.commit().await?;
    }
    let mut found = Vec::with_capacity(all.len());
    for (id, slug) in all {
        found.push((slug, actions::list(&engine.db().reader, id).await?));
    }
    Ok(found)
}

fn a_guru(number: usize, now: UnixMillis) -> Outcome<Guru> {
    Ok(Guru {
        id: GuruId::from_uuid(Uuid::now_v7()),
        slug: format!("g{number}").parse()?,
        settings: GuruSettings { name: format!("G{number}"), ..GuruSettings::default() },
        created_at: now,
        updated_at: now,
    })
}

/// One enabled action with its schedule, due for the first time within the next `every` minutes, at least one from now.
async fn put(
    tx: &mut Transaction,
    guru: &Guru,
    base: &ActionSpec,
    (number, every): (usize, usize),
) -> Outcome<()> {
    let now = guru.created_at;
    let id = ActionId::from_uuid(Uuid::now_v7());
    let spec = ActionSpec { name: name(number).parse()?, ..base.clone() };
    actions::insert(tx, guru.id, NewAction { id, spec: &spec, author: "bench", at: now }).await?;
    actions::set_enabled(tx, guru.id, id, Enablement::Enabled, now).await?;
    let cron = cron(number % every, every);
    let spec = ScheduleSpec {
        cron,
        time_zone: "UTC".to_owned(),
        arguments: Arguments::new(),
        overlap: Overlap::Skip,
        missed: Missed::Skip,
        results: None,
    };
    let next_at = spec.timing()?.first_after(now)?;
    let schedule = Schedule {
        id: ScheduleId::from_uuid(Uuid::now_v7()),
        guru_id: guru.id,
        action_id: id,
        spec,
        enabled: true,
        next_at: Some(next_at),
        created_at: now,
        updated_at: now,
    };
    Ok(schedules::put(tx, guru.id, &schedule).await?)
}

/// Once an hour, or once a day, at that minute of it.
fn cron(minute: usize, every: usize) -> String {
    if every <= 60 {
        format!("{minute} * * * *")
    } else {
        format!("{} {} * * *", minute % 60, (minute / 60) % 24)
    }
}

/// Names have letters only: the number in base 26.
fn name(mut number: usize) -> String {
    let mut name = "tick_".to_owned();
    for _ in 0..5 {
        name.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
    }
    name
}

struct Looks {
    /// Nothing was due.
    idle_us: Vec<u128>,
    /// Something was.
    busy_us: Vec<u128>,
}

/// Looks as the scheduler does, for so many turns of the minute.
async fn look(engine: &Engine, minutes: u32) -> Outcome<Looks> {
    let begun = engine.clock().now().0;
    let until = (begun / MINUTE_MS + i64::from(minutes)) * MINUTE_MS + MINUTE_MS / 2;
    let mut looks = Looks { idle_us: Vec::new(), busy_us: Vec::new() };
    while engine.clock().now().0 < until {
        let due = schedules::next_due(&engine.db().reader).await?;
        let is_due = due.is_some_and(|due| due <= engine.clock().now());
        let begun = Instant::now();
        let left = engine.fire_what_is_due().await?;
        let list = if is_due || left == Left::More { &mut looks.busy_us } else { &mut looks.idle_us };
        list.push(begun.elapsed().as_micros());
        let next = schedules::next_due(&engine.db().reader).await?;
        let wait = next.map_or(LOOK_AGAIN, |next| Duration::from_millis(next.since(engine.clock().now())));
        let wait = if left == Left::More { BREATH } else { wait.clamp(BREATH, LOOK_AGAIN) };
        tokio::time::sleep(wait).await;
    }
    Ok(looks)
}

/// By how much each run that came of a schedule since then was late, in milliseconds; and firings that no run came of.
async fn lateness(
    engine: &Engine,
    gurus: &[(String, Vec<Action>)],
    since: UnixMillis,
) -> Outcome<(Vec<u128>, usize)> {
    let (mut late, mut others) = (Vec::new(), 0);
    for action in gurus.iter().flat_map(|(_, actions)| actions) {
        let all = schedules::firings(&engine.db().reader, action.guru_id, action.id, 10).await?;
        for firing in all.into_iter().filter(|firing| firing.fire_at >= since) {
            match firing.lateness_ms() {
                Some(ms) => late.push(u128::from(ms)),
                None => others += 1,
            }
        }
    }
    Ok((late, others))
}

fn report(options: &Options, looks: Looks, ((late, others), arrivals): ((Vec<u128>, usize), Vec<u128>)) {
    let kind = if options.postgres { "PostgreSQL" } else { "SQLite" };
    let found = json!({
        "database": kind,
        "schedules": options.schedules,
        "every_minutes": options.every,
        "due_at_once": options.schedules / options.every,
        "idle_look_ms": spread(looks.idle_us, 1_000.0),
        "busy_look_ms": spread(looks.busy_us, 1_000.0),
        "lateness_ms": spread(late, 1.0),
        "request_lateness_ms": spread(arrivals, 1.0),
        "firings_without_a_run": others,
    });
    println!("{found}");
}

#[allow(clippy::cast_precision_loss)]
fn spread(mut values: Vec<u128>, unit: f64) -> serde_json::Value {
    values.sort_unstable();
    let at = |percent: usize| {
        let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
        values.get(place).map(|value| *value as f64 / unit)
    };
    json!({"count": values.len(), "p50": at(50), "p99": at(99), "max": at(100)})
}
