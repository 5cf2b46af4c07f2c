//! What this installation is.

use axum::{Json, extract::State};
use errand_domain::limits::Limits;
use errand_engine::{PythonStatus, access::Manage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::ForInstance, error::Refused, state::HttpState};

#[derive(Debug, Serialize, ToSchema)]
pub struct SystemReply {
    pub version: &'static str,
    /// The planner in force.
    pub planner: String,
    /// Address ranges that the operator opened to actions, beyond the public internet.
    pub egress_open: Vec<String>,
    /// What the operator should know.
    pub notices: Vec<String>,
    pub python: PythonReply,
    /// What holds the state: `sqlite` or `postgresql`.
    pub database: &'static str,
    pub limits: LimitsReply,
}

/// What the operator set, for every guru.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsReply {
    /// For gurus without a limit of their own.
    pub actions_per_guru: u32,
    pub action_timeout_ms_max: u64,
    pub python_chars_max: u32,
    pub python_lines_max: u32,
    /// For gurus without a setting of their own; 0 for ever.
    pub retention_days: u32,
    pub output_bytes_max: usize,
}

/// Where the sandbox for Python actions stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PythonReply {
    /// `starting`, `ready` or `unavailable`.
    pub state: &'static str,
    /// Why it is not there, and how to mend it.
    pub reason: Option<String>,
    pub remedy: Option<String>,
    pub pool: Option<PoolReply>,
}

/// The sandbox's children and what they cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoolReply {
    /// Children that stand ready, without and with the data libraries loaded.
    pub ready_bare: usize,
    pub ready_data: usize,
    pub running: usize,
    pub waiting: usize,
    /// Since the start.
    pub runs_served: u64,
    /// Of the sandbox's own processes, since the start.
    pub restarts: u64,
    /// Of everything in it together.
    pub memory_bytes: Option<u64>,
}

impl From<&Limits> for LimitsReply {
    fn from(limits: &Limits) -> Self {
        Self {
            actions_per_guru: limits.actions_per_guru,
            action_timeout_ms_max: limits.action_timeout_ms_max,
            python_chars_max: limits.python_chars_max,
            python_lines_max: limits.python_lines_max,
            retention_days: limits.retention_days,
            output_bytes_max: limits.output_bytes_max,
        }
    }
}

impl From<PythonStatus> for PythonReply {
    fn from(status: PythonStatus) -> Self {
        match status {
            PythonStatus::Starting => Self { state: "starting", reason: None, remedy: None, pool: None },
            PythonStatus::Unavailable { what, remedy } => {
                Self { state: "unavailable", reason: Some(what), remedy: Some(remedy), pool: None }
            }
            PythonStatus::Ready(pool) => Self {
                state: "ready",
                reason: None,
                remedy: None,
                pool: Some(PoolReply {
                    ready_bare: pool.ready_bare,
                    ready_data: pool.ready_data,
                    running: pool.running,
                    waiting: pool.waiting,
                    runs_served: pool.runs_served,
                    restarts: pool.restarts,
                    memory_bytes: pool.memory_bytes,
                }),
            },
        }
    }
}

/// Version, planner, egress policy, sandbox and notices
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses(
    (status = 200, description = "The installation.", body = SystemReply),
    Refused,
))]
pub async fn system(
    State(state): State<HttpState>,
    ForInstance(_permit): ForInstance<Manage>,
) -> Json<SystemReply> {
    Json(SystemReply {
        version: state.settings.version,
        planner: state.engine.planner().model().to_owned(),
        egress_open: state.settings.egress_open.clone(),
        notices: state.settings.notices.clone(),
        python: state.engine.python_status().into(),
        database: state.engine.db().kind(),
        limits: state.engine.limits().into(),
    })
}
