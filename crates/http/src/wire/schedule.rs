//! Schedules on the wire.

use errand_domain::{
    Arguments, UnixMillis,
    cron::{local_rfc3339, time_zone},
    schedule::{Missed, Overlap},
};
use errand_engine::manage::schedules::{Outlook, ScheduleDetails, WantedSchedule};
use errand_storage::schedules::Firing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{delivery::ResultsBody, plan::arguments_json};
use crate::error::{ApiError, ApiResult};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    /// Minute, hour, day of month, month, day of week: `0 9 * * 1-5`.
    pub cron: String,
    /// IANA name; the guru's zone when left out.
    pub time_zone: Option<String>,
    /// Values for the action's parameters; what is left out takes its default.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub arguments: serde_json::Map<String, Value>,
    /// When the run before has not ended: `skip` (when left out), `queue` or `allow`.
    #[schema(pattern = "^(skip|queue|allow)$")]
    pub overlap: Option<String>,
    /// When no process was there in time: `skip` (when left out) or `catch_up_once`.
    #[schema(pattern = "^(skip|catch_up_once)$")]
    pub missed: Option<String>,
    /// Who is told of its runs; nobody when left out.
    pub results: Option<ResultsBody>,
    /// True when left out.
    pub enabled: Option<bool>,
}

impl ScheduleBody {
    pub fn read(self, arguments: Arguments) -> ApiResult<WantedSchedule> {
        Ok(WantedSchedule {
            overlap: word(
                self.overlap.as_deref(),
                Overlap::parse,
                "bad_overlap",
                "`skip`, `queue` and `allow`",
            )?,
            missed: word(self.missed.as_deref(), Missed::parse, "bad_missed", "`skip` and `catch_up_once`")?,
            cron: self.cron,
            time_zone: self.time_zone,
            arguments,
            results: self.results.map(ResultsBody::read).transpose()?,
            enabled: self.enabled.unwrap_or(true),
        })
    }
}

fn word<T: Default>(
    text: Option<&str>,
    read: fn(&str) -> Option<T>,
    code: &'static str,
    known: &str,
) -> ApiResult<T> {
    let Some(text) = text else { return Ok(T::default()) };
    read(text).ok_or_else(|| {
        ApiError::bad_request(code, format!("`{text}` is not known here."), format!("Choose among {known}."))
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutlookBody {
    pub cron: String,
    /// The guru's zone when left out.
    pub time_zone: Option<String>,
}

/// What an expression means.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutlookReply {
    pub words: String,
    pub time_zone: String,
    /// The next five firings, in the schedule's zone.
    pub next: Vec<String>,
}

impl From<Outlook> for OutlookReply {
    fn from(outlook: Outlook) -> Self {
        Self {
            next: local(&outlook.next, &outlook.time_zone),
            words: outlook.words,
            time_zone: outlook.time_zone,
        }
    }
}

fn local(times: &[UnixMillis], zone: &str) -> Vec<String> {
    let zone = time_zone(zone);
    let shown = times
        .iter()
        .map(|at| zone.as_ref().map_or_else(|_| at.to_rfc3339(), |zone| local_rfc3339(*at, zone)));
    shown.collect()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleReply {
    /// The action's name.
    pub action: String,
    pub cron: String,
    pub time_zone: String,
    /// When it fires, in words.
    pub words: String,
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// `skip`, `queue` or `allow`.
    pub overlap: &'static str,
    /// `skip` or `catch_up_once`.
    pub missed: &'static str,
    /// Who is told of its runs; null for nobody.
    pub results: Option<ResultsBody>,
    pub enabled: bool,
    /// The next five firings, in the schedule's zone; of a disabled one, when it would fire.
    pub next: Vec<String>,
    /// What came of it last.
    pub last: Option<FiringReply>,
    pub created_at: String,
    pub updated_at: String,
}

impl From<ScheduleDetails> for ScheduleReply {
    fn from(details: ScheduleDetails) -> Self {
        let schedule = details.schedule;
        Self {
            action: details.action,
            next: local(&details.next, &schedule.spec.time_zone),
            cron: schedule.spec.cron,
            time_zone: schedule.spec.time_zone,
            words: details.words,
            arguments: arguments_json(&schedule.spec.arguments),
            overlap: schedule.spec.overlap.as_str(),
            missed: schedule.spec.missed.as_str(),
            results: schedule.spec.results.map(ResultsBody::from),
            enabled: schedule.enabled,
            last: details.last.map(FiringReply::from),
            created_at: schedule.created_at.to_rfc3339(),
            updated_at: schedule.updated_at.to_rfc3339(),
        }
    }
}

/// One time at which a schedule was due.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiringReply {
    /// When it was due.
    pub at: String,
    /// `fired`, `missed`, `overlapped` (left out, since the run before went on) or `crowded` (too many went on).
    pub outcome: &'static str,
    /// The run that came of it.
    pub execution_id: Option<String>,
    pub started_at: Option<String>,
    /// How much later than due its run began.
    pub lateness_ms: Option<u64>,
}

impl From<Firing> for FiringReply {
    fn from(firing: Firing) -> Self {
        Self {
            at: firing.fire_at.to_rfc3339(),
            outcome: firing.outcome.as_str(),
            execution_id: firing.execution_id.map(|id| id.to_string()),
            started_at: firing.started_at.map(UnixMillis::to_rfc3339),
            lateness_ms: firing.lateness_ms(),
        }
    }
}
