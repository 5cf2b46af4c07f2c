//! Fresh databases, and the ids and times that storage is never to make itself.

use std::{
    error::Error,
    sync::atomic::{AtomicU32, Ordering},
};

use errand_domain::{
    Action, ActionId, ActionKind, ActionSpec, Execution, ExecutionId, ExecutionStatus, Guru, GuruId,
    GuruSettings, Source, UnixMillis, action_file::ActionFile, limits::Limits,
};
use errand_storage::{
    Db, LedgerWrite, Location, Masked, MaskedJson, PoolSizes, actions,
    executions::{Begin, ExecutionEnd, Fence, NewExecution},
    gurus,
};
use uuid::Uuid;

pub(crate) type TestResult = Result<(), Box<dyn Error>>;

/// 2026-01-01T00:00:00Z, where tests' time starts.
pub(crate) const START: i64 = 1_767_225_600_000;

pub(crate) fn at(seconds: i64) -> UnixMillis {
    UnixMillis(START + seconds * 1000)
}

/// A UUIDv7 born at that second; later calls within a process sort after earlier ones.
pub(crate) fn uuid(seconds: i64) -> Uuid {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let millis = u64::try_from(START + seconds * 1000).expect("tests live after 1970");
    let mut random = [0; 10];
    random[2..6].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

pub(crate) fn masked(text: &str) -> Masked {
    Masked::from_ledger(text.to_owned())
}

pub(crate) async fn open(url: &str) -> Result<Db, Box<dyn Error>> {
    Ok(Db::open(&url.parse::<Location>()?, PoolSizes::default(), at(0)).await?)
}

/// Runs a check on a fresh database of each kind, and says on which one it failed.
pub(crate) async fn on_both(check: impl AsyncFn(&Db) -> TestResult) {
    for database in errand_testkit::databases().await {
        let outcome = async {
            let db = open(&database.url).await?;
            let outcome = check(&db).await;
            db.close().await;
            outcome
        };
        if let Err(error) = outcome.await {
            panic!("on {}: {error} ({error:?})", database.kind);
        }
    }
}

pub(crate) async fn a_guru(db: &Db, slug: &str) -> Result<GuruId, Box<dyn Error>> {
    let guru = Guru {
        id: GuruId::from_uuid(uuid(0)),
        slug: slug.parse()?,
        settings: GuruSettings { name: slug.to_owned(), ..GuruSettings::default() },
        created_at: at(0),
        updated_at: at(0),
    };
    let mut tx = db.writer.begin().await?;
    gurus::insert(&mut tx, &guru).await?;
    tx.commit().await?;
    Ok(guru.id)
}

/// An API call that uses the secret `SHOP_KEY`.
pub(crate) fn spec(name: &str) -> Result<ActionSpec, Box<dyn Error>> {
    let file = serde_json::json!({
        "version": 1,
        "name": name,
        "trigger": "When the user asks where an order is",
        "parameters": [{"name": "order_id", "type": "string", "description": "The order's number", "required": true}],
        "run": {
            "type": "api_call",
            "method": "GET",
            "url": "https://shop.test/orders/{order_id}",
            "headers": [{"name": "Authorization", "value": "Bearer {SHOP_KEY}"}]
        }
    });
    Ok(ActionFile::from_value(file)?.check(&Limits::default())?)
}

pub(crate) async fn an_action(db: &Db, guru: GuruId, name: &str) -> Result<Action, Box<dyn Error>> {
    let id = ActionId::from_uuid(uuid(1));
    let mut tx = db.writer.begin().await?;
    actions::insert(&mut tx, guru, actions::NewAction { id, spec: &spec(name)?, at: at(1) }).await?;
    tx.commit().await?;
    Ok(actions::by_id(&db.reader, guru, id).await?.expect("the action just inserted"))
}

pub(crate) fn execution_id(seconds: i64) -> ExecutionId {
    ExecutionId::from_uuid(uuid(seconds))
}

/// A running execution of `action`, created at that second.
pub(crate) fn new_execution(action: &Action, seconds: i64) -> Result<NewExecution, Box<dyn Error>> {
    Ok(NewExecution {
        id: execution_id(seconds),
        guru_id: action.guru_id,
        action_id: action.id,
        action_name: action.spec.name.clone(),
        action_version: action.version,
        kind: ActionKind::ApiCall,
        source: Source::Web,
        turn_id: None,
        conversation_id: None,
        parent_id: None,
        user_id: None,
        question: masked("Where is my order?"),
        arguments: MaskedJson::new("arguments", masked(r#"{"order_id":"12345"}"#))?,
        begin: Begin::Running { owner: "node-1".to_owned() },
        at: at(seconds),
    })
}

pub(crate) fn end_of(new: &NewExecution, status: ExecutionStatus) -> ExecutionEnd {
    ExecutionEnd {
        id: new.id,
        guru_id: new.guru_id,
        fence: Fence::FIRST,
        status,
        output: Some(masked("{\"status\":\"on its way\"}")),
        output_truncated: false,
        error: None,
        ending: None,
        at: new.at.plus_ms(250),
        duration_us: Some(250_000),
    }
}

pub(crate) async fn start(db: &Db, new: &NewExecution) -> TestResult {
    db.writer.apply(vec![LedgerWrite::ExecutionStarted(new.clone())]).await?;
    Ok(())
}

pub(crate) fn ids(executions: &[Execution]) -> Vec<ExecutionId> {
    executions.iter().map(|execution| execution.id).collect()
}
