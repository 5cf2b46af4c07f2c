//! The question endpoint for programs (SPEC §13) and its dry run.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use errand_domain::{Problem, StreamId, TurnStatus};
use errand_engine::{
    EngineError,
    access::{Ask, Permit},
    manage::conversations::TurnDetails,
    turn::{Attendance, Question},
};
use futures_util::{StreamExt as _, pin_mut};

use super::id;
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::Payload,
    sse,
    state::HttpState,
    wire::{
        execution::Reference,
        plan::PlanReply,
        turn::{AnswerReply, AskBody, PlanBody},
    },
};

/// The longest name that a caller may give its asker.
const EXTERNAL_USER_ID_CHARS_MAX: usize = 200;

/// Ask a guru
#[utoipa::path(post, path = "/api/v1/{guru}/answer", tag = "ask", params(("guru" = String, Path, description = "The guru's slug.")), request_body = AskBody, responses(
    (status = 200, description = "The answer; with `stream`, its text in chunks or typed events.", content(
        (AnswerReply = "application/json"), (String = "text/plain"), (String = "text/event-stream"),
    )),
    Refused,
    RefusedInput,
))]
pub async fn answer(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    headers: HeaderMap,
    Payload(body): Payload<AskBody>,
) -> ApiResult<Response> {
    check_external_user_id(body.external_user_id.as_deref())?;
    if let Some(existing) = existing_answer(&state, &permit, &body).await? {
        return Ok(Json(reply(&permit, existing)).into_response());
    }
    let question = Question {
        text: body.question,
        conversation: body.session_id.as_deref().map(|session| id(session, "session")).transpose()?,
        source: permit.caller.source(),
        external_user_id: body.external_user_id,
        attendance: Attendance::Connection,
    };
    let turn = state.engine.start_turn(permit.clone(), question).await?;
    let attending = turn.cancel_when_dropped();
    let events = state.engine.follow(permit.guru_id(), StreamId::Turn(turn.turn_id), 0);
    if body.stream && sse::wants_events(&headers) {
        return Ok(sse::events(&permit, events, Some(attending)));
    }
    if body.stream {
        return Ok(sse::text(events, Some(attending)));
    }
    pin_mut!(events);
    while let Some(event) = events.next().await {
        event?;
    }
    attending.disarm();
    let details = state.engine.own_turn(&permit, turn.turn_id).await?;
    if details.turn.status == TurnStatus::Failed {
        return Err(EngineError::internal("answering", "the turn failed; its events say why").into());
    }
    Ok(Json(reply(&permit, details)).into_response())
}

/// Plan without running: what would fire, with which arguments, and why
#[utoipa::path(post, path = "/api/v1/{guru}/plan", tag = "ask", params(("guru" = String, Path, description = "The guru's slug.")), request_body = PlanBody, responses(
    (status = 200, description = "The plan.", body = PlanReply),
    Refused,
    RefusedInput,
))]
pub async fn plan(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    Payload(body): Payload<PlanBody>,
) -> ApiResult<Json<PlanReply>> {
    let conversation = body.session_id.as_deref().map(|session| id(session, "session")).transpose()?;
    Ok(Json(state.engine.preview_plan(&permit, body.question, conversation).await?.into()))
}

fn check_external_user_id(given: Option<&str>) -> Result<(), ApiError> {
    let chars = given.map_or(0, |id| id.chars().count());
    if chars <= EXTERNAL_USER_ID_CHARS_MAX {
        return Ok(());
    }
    let problem = Problem::new(
        "too_long",
        format!("`external_user_id` has {chars} characters."),
        format!("Keep it within {EXTERNAL_USER_ID_CHARS_MAX}, such as an id of your own."),
    );
    Err(problem.at("external_user_id").into())
}

async fn existing_answer(
    state: &HttpState,
    permit: &Permit<Ask>,
    body: &AskBody,
) -> ApiResult<Option<TurnDetails>> {
    let Some(session) = body.session_id.as_deref().filter(|_| body.fetch_existing) else { return Ok(None) };
    let (_, turns) = state.engine.conversation_turns(permit, id(session, "session")?).await?;
    let same = |details: &TurnDetails| {
        details.turn.status == TurnStatus::Done && details.turn.question == body.question
    };
    Ok(turns.into_iter().rev().find(same))
}

fn reply(permit: &Permit<Ask>, details: TurnDetails) -> AnswerReply {
    let turn = details.turn;
    AnswerReply {
        slug: permit.guru.guru.slug.to_string(),
        content: turn.answer.unwrap_or_default(),
        question: turn.question,
        date_updated: turn.finished_at.unwrap_or(turn.created_at).to_rfc3339(),
        references: details.executions.into_iter().map(Reference::from).collect(),
        session_id: turn.conversation_id.to_string(),
        turn_id: turn.id.to_string(),
    }
}
