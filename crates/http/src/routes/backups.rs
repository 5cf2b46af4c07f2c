//! Backups of the installation's database.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use errand_engine::{
    Engine, EngineError,
    access::Manage,
    manage::backups::{BackupName, Backups},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::{fs::File, io::AsyncReadExt as _};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::ForInstance,
    error::{ApiResult, Refused, RefusedInput},
    extract::InPath,
    state::HttpState,
};

/// What is read of a file at a time, to be sent.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct BackupPath {
    /// As the list has it.
    pub name: String,
}

impl BackupPath {
    fn read(&self) -> ApiResult<BackupName> {
        self.name.parse().map_err(|()| EngineError::not_found("backup", &self.name).into())
    }
}

/// What is saved of the installation, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupsReply {
    /// False with a PostgreSQL, which has its own tools.
    pub supported: bool,
    /// The folder on the server's machine.
    pub folder: String,
    /// Newest first.
    pub items: Vec<BackupReply>,
    /// The one that is being written.
    pub making: Option<MakingReply>,
    /// The last one, when it could not be written.
    pub failed: Option<FailedReply>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BackupReply {
    /// Of its file.
    pub name: String,
    pub bytes: u64,
    pub made_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MakingReply {
    pub name: String,
    /// Written so far.
    pub bytes: u64,
    /// What the database takes; a backup is at most about as large.
    pub bytes_expected: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FailedReply {
    pub name: String,
    pub reason: String,
}

impl BackupsReply {
    fn of(engine: &Engine, backups: Backups) -> Self {
        Self {
            supported: engine.db().kind() == "sqlite",
            folder: backups.folder.display().to_string(),
            items: backups
                .items
                .into_iter()
                .map(|backup| BackupReply {
                    name: backup.name.to_string(),
                    bytes: backup.bytes,
                    made_at: backup.name.made_at().to_rfc3339(),
                })
                .collect(),
            making: backups.making.map(|making| MakingReply {
                name: making.name.to_string(),
                bytes: making.bytes,
                bytes_expected: making.bytes_expected,
            }),
            failed: backups
                .failed
                .map(|failed| FailedReply { name: failed.name.to_string(), reason: failed.reason }),
        }
    }
}

/// Backups that were made here, and the one under way
#[utoipa::path(get, path = "/api/v1/system/backups", tag = "system", responses(
    (status = 200, description = "The backups.", body = BackupsReply),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
) -> ApiResult<Json<BackupsReply>> {
    let backups = state.engine.list_backups(&permit).await?;
    Ok(Json(BackupsReply::of(&state.engine, backups)))
}

/// Begin a backup of the SQLite database, while everything goes on; the list tells how far it is
#[utoipa::path(post, path = "/api/v1/system/backups", tag = "system", responses(
    (status = 202, description = "It is being written. It holds no master key: without the key file, its secrets can't be opened.", body = BackupsReply),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
) -> ApiResult<(StatusCode, Json<BackupsReply>)> {
    let backups = state.engine.start_backup(&permit).await?;
    Ok((StatusCode::ACCEPTED, Json(BackupsReply::of(&state.engine, backups))))
}

/// A backup's file: everybody's history, and the secrets as they are kept, sealed
#[utoipa::path(get, path = "/api/v1/system/backups/{name}", tag = "system", params(BackupPath), responses(
    (status = 200, description = "The SQLite database.", body = Vec<u8>, content_type = "application/vnd.sqlite3"),
    Refused,
))]
pub async fn download(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<BackupPath>,
) -> ApiResult<Response> {
    let name = path.read()?;
    let (file, bytes) = state.engine.open_backup(&permit, name).await?;
    let mut response = Body::from_stream(chunks(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.sqlite3"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(attachment) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, attachment);
    }
    Ok(response)
}

/// The file piece by piece, so that its size costs no memory. One that can't be read on breaks the answer off.
fn chunks(file: File) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        match (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(Bytes::from(chunk)), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// Delete a backup
#[utoipa::path(delete, path = "/api/v1/system/backups/{name}", tag = "system", params(BackupPath), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<BackupPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_backup(&permit, path.read()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
