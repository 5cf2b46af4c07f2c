//! Actions read out of what builders have already. Proposals only: saving is for the actions' own routes.

use axum::{Json, extract::State};
use errand_domain::Problem;
use errand_engine::{
    access::Manage,
    manage::imports::{Credentials, DocumentSource},
};

use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::Payload,
    state::HttpState,
    wire::import::{CurlBody, OpenApiBody, OpenApiReply, ProposalReply},
};

/// Propose an action from a cURL command; credentials become secrets' names
#[utoipa::path(post, path = "/api/v1/{guru}/import/curl", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body = CurlBody, responses(
    (status = 200, description = "The proposal; the action is not saved.", body = ProposalReply),
    Refused,
    RefusedInput,
))]
pub async fn curl(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<CurlBody>,
) -> ApiResult<Json<ProposalReply>> {
    let credentials = if body.store_credentials { Credentials::Store } else { Credentials::Forget };
    Ok(Json(state.engine.import_curl(&permit, &body.command, credentials).await?.into()))
}

/// Propose actions from an OpenAPI document's operations
#[utoipa::path(post, path = "/api/v1/{guru}/import/openapi", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body = OpenApiBody, responses(
    (status = 200, description = "The proposals; nothing is saved.", body = OpenApiReply),
    Refused,
    RefusedInput,
))]
pub async fn openapi(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<OpenApiBody>,
) -> ApiResult<Json<OpenApiReply>> {
    let source = match (body.document, body.url) {
        (Some(text), None) => DocumentSource::Text(text),
        (None, Some(url)) => DocumentSource::Url(url),
        _ => {
            let message = "The request has neither or both of `document` and `url`.";
            return Err(Problem::new("bad_source", message, "Give one of them.").into());
        }
    };
    Ok(Json(state.engine.import_openapi(&permit, &source, &body.operations).await?.into()))
}
