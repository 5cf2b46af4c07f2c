//! What language models were asked for, and sums over it.
//!
//! Ranges go by the time in a turn's id, as those of questions do.

use errand_domain::{GuruId, ModelCall, TurnId, UnixMillis, model::ModelPurpose};

use crate::{
    Read, Result,
    analytics::{Day, Range, table_of_days},
    insert::insertion,
    row::{Row, Value, id_bound, values},
    statement::Statement,
};

/// The questions to models of one turn, in order.
#[derive(Debug, Clone)]
pub struct TurnCalls {
    pub guru_id: GuruId,
    pub turn_id: TurnId,
    pub calls: Vec<ModelCall>,
}

pub(crate) fn insert(turns: &[TurnCalls]) -> Vec<Statement> {
    let rows =
        turns.iter().flat_map(|turn| (0_u32..).zip(&turn.calls).map(|(seq, call)| row_of(turn, seq, call)));
    let head = "INSERT INTO model_calls (guru_id, turn_id, seq, purpose, model, tries, input_tokens, output_tokens, \
         cost_micros, duration_us, failed)";
    insertion("note calls of models", head, rows.collect())
}

fn row_of(turn: &TurnCalls, seq: u32, call: &ModelCall) -> Vec<Value> {
    let integer = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    values![
        Value::shown(turn.guru_id),
        Value::shown(turn.turn_id),
        seq,
        call.purpose.as_str(),
        call.model.as_str(),
        call.tries,
        call.usage.input,
        call.usage.output,
        call.cost_micros.map(integer),
        integer(call.duration_us),
        call.error.is_some(),
    ]
}

/// One line of a table of what models were used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUse {
    /// The model (`provider:model`), the guru's slug, or the day.
    pub key: String,
    pub calls: u32,
    pub failures: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of the currency's unit; None when no call had a price.
    pub cost_micros: Option<u64>,
    /// Calls without a price: the cost leaves them out.
    pub unpriced: u32,
}

const SUMS: &str = "count(*) AS calls, sum(CASE WHEN m.failed THEN 1 ELSE 0 END) AS failures,
     CAST(sum(m.input_tokens) AS BIGINT) AS input_tokens, CAST(sum(m.output_tokens) AS BIGINT) AS output_tokens,
     CAST(sum(m.cost_micros) AS BIGINT) AS cost_micros,
     sum(CASE WHEN m.cost_micros IS NULL AND m.input_tokens + m.output_tokens > 0 THEN 1 ELSE 0 END) AS unpriced";

const OF_RANGE: &str = "m.guru_id = $1 AND m.turn_id >= $2 AND m.turn_id < $3";

fn of_range(guru: GuruId, range: Range) -> Vec<Value> {
    values![Value::shown(guru), id_bound(TurnId::PREFIX, range.from), id_bound(TurnId::PREFIX, range.to)]
}

/// Sums by model, by name.
pub async fn by_model(mut db: impl Read, guru: GuruId, range: Range) -> Result<Vec<ModelUse>> {
    let sql = format!(
        "SELECT m.model AS k, {SUMS} FROM model_calls m WHERE {OF_RANGE} GROUP BY m.model ORDER BY m.model"
    );
    db.rows("sum calls of models", sql, of_range(guru, range)).await?.iter().map(read).collect()
}

/// All calls of the range in one line, with an empty key; None when there were none.
pub async fn in_all(mut db: impl Read, guru: GuruId, range: Range) -> Result<Option<ModelUse>> {
    let sql = format!("SELECT '' AS k, {SUMS} FROM model_calls m WHERE {OF_RANGE} HAVING count(*) > 0");
    db.row("sum calls of models", sql, of_range(guru, range)).await?.as_ref().map(read).transpose()
}

/// Sums by day; days without calls are left out.
pub async fn by_day(mut db: impl Read, guru: GuruId, days: &[Day]) -> Result<Vec<ModelUse>> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    let mut values = of_range(guru, Range { from: first.range.from, to: last.range.to });
    let table = table_of_days(days, TurnId::PREFIX, &mut values);
    let sql = format!(
        "WITH {table}
         SELECT d.name AS k, {SUMS} FROM days d JOIN model_calls m ON m.turn_id >= d.first AND m.turn_id < d.last
         WHERE {OF_RANGE} GROUP BY d.name ORDER BY d.name"
    );
    db.rows("sum calls of models by day", sql, values).await?.iter().map(read).collect()
}

/// Sums of every guru of the installation, by slug.
pub async fn by_guru(mut db: impl Read, range: Range) -> Result<Vec<ModelUse>> {
    let sql = format!(
        "SELECT g.slug AS k, {SUMS} FROM model_calls m JOIN gurus g ON g.id = m.guru_id
         WHERE m.turn_id >= $1 AND m.turn_id < $2 GROUP BY g.slug ORDER BY g.slug"
    );
    let values = values![id_bound(TurnId::PREFIX, range.from), id_bound(TurnId::PREFIX, range.to)];
    db.rows("sum calls of models by guru", sql, values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<ModelUse> {
    let tokens = |column| row.get::<i64>(column).map(i64::unsigned_abs);
    Ok(ModelUse {
        key: row.get("k")?,
        calls: row.u32("calls")?,
        failures: row.u32("failures")?,
        input_tokens: tokens("input_tokens")?,
        output_tokens: tokens("output_tokens")?,
        cost_micros: row.get::<Option<i64>>("cost_micros")?.map(i64::unsigned_abs),
        unpriced: row.u32("unpriced")?,
    })
}

/// One question to a model, with the question that it served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCall {
    pub turn_id: TurnId,
    pub seq: u32,
    pub at: UnixMillis,
    pub question: String,
    pub purpose: ModelPurpose,
    pub model: String,
    pub tries: u32,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub cost_micros: Option<u64>,
    pub duration_us: u64,
    pub failed: bool,
}

/// Which calls to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsPage {
    pub range: Range,
    /// Only of this model (`provider:model`).
    pub model: Option<String>,
    /// Only calls before this one, by turn and number.
    pub before: Option<(TurnId, u32)>,
    pub limit: u32,
}

/// The calls of a range, newest question first.
pub async fn list(mut db: impl Read, guru: GuruId, page: CallsPage) -> Result<Vec<ListedCall>> {
    // `turn_g` sorts after every id.
    let (turn, seq) =
        page.before.map_or_else(|| ("turn_g".to_owned(), 0), |(turn, seq)| (turn.to_string(), seq));
    let mut values = of_range(guru, page.range);
    values.extend(values![turn, seq, page.limit]);
    let of_model = page.model.map_or("", |model| {
        values.push(model.into());
        " AND m.model = $7"
    });
    let sql = format!(
        "SELECT m.turn_id, m.seq, t.created_at, t.question, m.purpose, m.model, m.tries, m.input_tokens,
             m.output_tokens, m.cost_micros, m.duration_us, m.failed
         FROM model_calls m JOIN turns t ON t.id = m.turn_id
         WHERE {OF_RANGE} AND (m.turn_id < $4 OR (m.turn_id = $4 AND m.seq < $5)){of_model}
         ORDER BY m.turn_id DESC, m.seq DESC LIMIT $6"
    );
    db.rows("list calls of models", sql, values).await?.iter().map(read_listed).collect()
}

fn read_listed(row: &Row) -> Result<ListedCall> {
    Ok(ListedCall {
        turn_id: row.parse("turn_id")?,
        seq: row.u32("seq")?,
        at: row.time("created_at")?,
        question: row.get("question")?,
        purpose: row.word("purpose", ModelPurpose::parse)?,
        model: row.get("model")?,
        tries: row.u32("tries")?,
        input_tokens: row.u32("input_tokens")?,
        output_tokens: row.u32("output_tokens")?,
        cost_micros: row.get::<Option<i64>>("cost_micros")?.map(i64::unsigned_abs),
        duration_us: row.get::<i64>("duration_us")?.unsigned_abs(),
        failed: row.get("failed")?,
    })
}
