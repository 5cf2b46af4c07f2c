//! The OpenAPI document, made from the handlers themselves, and its page.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    http::{HeaderName, header::CONTENT_SECURITY_POLICY},
    response::Html,
    routing::get,
};
use utoipa::{
    IntoResponses as _, Modify, OpenApi,
    openapi::{
        OpenApi as OpenApiDocument, PathItem, Ref, RefOr, Response,
        path::Operation,
        schema::{AdditionalProperties, Schema},
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{API_KEY_HEADER, SESSION_COOKIE},
    error::{Refused, RefusedInput},
    routes::{
        account, actions, analytics, answer, audit, backups, conversations, drafts, executions, exports,
        feedback, gurus, health, imports, keys, lab, members, oidc, retention, schedules, secrets, shares,
        system, templates, turns, users, versions,
    },
    state::HttpState,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Errand", description = "A self-hosted engine that lets an AI assistant do things.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(crate::error::ErrorBody)),
    modifiers(&Credentials),
    security(("api_key" = []), ("session" = [])),
)]
struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApiDocument) {
        let components = document.components.get_or_insert_default();
        let key = ApiKey::Header(ApiKeyValue::with_description(
            API_KEY_HEADER,
            "A key with the scope that the call needs.",
        ));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(key));
        let session = ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIE, "A signed-in browser."));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

/// The router and what it documents, from one list.
pub fn split() -> (Router<HttpState>, OpenApiDocument) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(of_installation())
        .routes(routes!(gurus::list, gurus::create))
        .routes(routes!(gurus::one, gurus::change, gurus::delete))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::set, members::remove))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::delete))
        .routes(routes!(gurus::planner))
        .routes(routes!(gurus::test_planner))
        .routes(routes!(templates::list))
        .routes(routes!(templates::install))
        .routes(routes!(answer::answer))
        .routes(routes!(answer::plan))
        .routes(routes!(conversations::list, conversations::create))
        .routes(routes!(conversations::one, conversations::delete))
        .routes(routes!(turns::start))
        .routes(routes!(turns::one))
        .routes(routes!(turns::events))
        .routes(routes!(turns::cancel))
        .routes(routes!(feedback::vote, feedback::take_back))
        .routes(routes!(feedback::list))
        .routes(routes!(shares::of_conversation, shares::create))
        .routes(routes!(shares::list))
        .routes(routes!(shares::end))
        .routes(routes!(shares::read))
        .routes(routes!(actions::list, actions::create))
        .routes(routes!(actions::import))
        .routes(routes!(actions::lint))
        .routes(routes!(actions::one, actions::change, actions::delete))
        .routes(routes!(actions::enable))
        .routes(routes!(actions::disable))
        .routes(routes!(actions::export))
        .routes(routes!(actions::preview))
        .routes(routes!(actions::test))
        .routes(routes!(actions::run))
        .routes(routes!(drafts::request))
        .routes(routes!(drafts::plan))
        .routes(routes!(drafts::replay))
        .routes(routes!(imports::curl))
        .routes(routes!(imports::openapi))
        .routes(routes!(schedules::list))
        .routes(routes!(schedules::preview))
        .routes(routes!(schedules::one, schedules::set, schedules::delete))
        .routes(routes!(schedules::firings))
        .routes(routes!(schedules::deliveries))
        .routes(routes!(schedules::test_receiver))
        .routes(routes!(versions::list))
        .routes(routes!(versions::one))
        .routes(routes!(versions::diff))
        .routes(routes!(versions::restore))
        .routes(routes!(secrets::list, secrets::set))
        .routes(routes!(secrets::delete, secrets::bind))
        .routes(routes!(secrets::rotate_keys))
        .routes(routes!(executions::list))
        .routes(routes!(exports::executions))
        .routes(routes!(retention::outlook))
        .routes(routes!(executions::one))
        .routes(routes!(executions::cancel))
        .routes(routes!(analytics::sums))
        .routes(routes!(analytics::table))
        .routes(routes!(analytics::unmatched))
        .routes(routes!(analytics::model_calls))
        .routes(routes!(analytics::model_use))
        .routes(routes!(audit::list_all))
        .routes(routes!(audit::check))
        .routes(routes!(audit::list))
        .routes(routes!(lab::suites, lab::create_suite))
        .routes(routes!(lab::delete_suite))
        .routes(routes!(lab::cases, lab::add_cases))
        .routes(routes!(lab::add_case_from_turn))
        .routes(routes!(lab::change_case, lab::delete_case))
        .routes(routes!(lab::run_suite))
        .routes(routes!(lab::suite_runs))
        .routes(routes!(lab::run_cases))
        .routes(routes!(lab::replay))
        .routes(routes!(lab::overlaps))
        .split_for_parts();
    name_operations(&mut document);
    share_refusals(&mut document);
    close_choices(&mut document);
    (router, document)
}

/// What belongs to no guru: health, signing in, people, and the installation itself.
fn of_installation() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(oidc::methods))
        .routes(routes!(oidc::start))
        .routes(routes!(oidc::callback))
        .routes(routes!(account::sign_in))
        .routes(routes!(account::claim))
        .routes(routes!(account::sign_out))
        .routes(routes!(account::me))
        .routes(routes!(account::sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(account::password))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::one, users::change, users::delete))
        .routes(routes!(users::link))
        .routes(routes!(users::sign_out))
        .routes(routes!(users::sessions))
        .routes(routes!(users::end_session))
        .routes(routes!(users::unlink))
        .routes(routes!(keys::list_all, keys::create_for_all))
        .routes(routes!(keys::delete_any))
        .routes(routes!(system::system))
        .routes(routes!(backups::list, backups::create))
        .routes(routes!(backups::download, backups::delete))
}

/// Operation ids from method and address (`get_guru_actions`): unique, and stable when a handler is renamed.
fn name_operations(document: &mut OpenApiDocument) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<_> = path
            .split('/')
            .map(|part| part.trim_matches(['{', '}']).replace('-', "_"))
            .filter(|part| !part.is_empty() && part != "api" && part != "v1")
            .collect();
        for (method, operation) in by_method(item) {
            operation.operation_id = Some(format!("{method}_{}", words.join("_")));
        }
    }
}

/// The operations at one address, with their methods.
fn by_method(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Refusals are the same everywhere: written once and pointed at, the document is a third as long.
fn share_refusals(document: &mut OpenApiDocument) {
    let refusals = Refused::responses().into_iter().chain(RefusedInput::responses());
    let shared: BTreeMap<String, RefOr<Response>> = refusals.collect();
    let name = |status: &str| format!("Refused{status}");
    for (_, operation) in document.paths.paths.values_mut().flat_map(by_method) {
        for (status, response) in &mut operation.responses.responses {
            if shared.get(status) == Some(response) {
                *response = RefOr::Ref(Ref::from_response_name(name(status)));
            }
        }
    }
    let components = document.components.get_or_insert_default();
    components.responses.extend(shared.into_iter().map(|(status, response)| (name(&status), response)));
}

/// What may be one of several objects takes no field of another, as its readers don't.
fn close_choices(document: &mut OpenApiDocument) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::OneOf(choice)) = schema else { continue };
        for item in &mut choice.items {
            if let RefOr::T(Schema::Object(object)) = item {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}

/// The document as JSON text, for the generated client.
pub fn document() -> String {
    serde_json::to_string_pretty(&split().1).unwrap_or_default()
}

/// The document and the page that shows it.
pub fn pages(document: &OpenApiDocument) -> Router<HttpState> {
    let json = serde_json::to_value(document).unwrap_or_default();
    Router::new()
        .route("/api/openapi.json", get(move || std::future::ready(Json(json.clone()))))
        .route("/api/docs", get(docs))
}

/// The reference viewer's styles are inline; nothing else on this page is, and nothing comes from elsewhere.
const DOCS_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'";

async fn docs() -> ([(HeaderName, &'static str); 1], Html<&'static str>) {
    ([(CONTENT_SECURITY_POLICY, DOCS_POLICY)], Html(include_str!("docs.html")))
}
