//! Jira Cloud, REST version 3: create an issue, read it back, search.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use errand_domain::UnixMillis;
use serde_json::{Map, Value, json};

use super::{
    BackOffice,
    clock::{DAY, iso},
    keys::{self, Door, JIRA_PROJECT_KEY, Presented, reply},
    params::Params,
};

const FIRST_NUMBER: usize = 409;
const SUMMARY_CHARS_MAX: usize = 255;
const PRIORITIES: [&str; 5] = ["Highest", "High", "Medium", "Low", "Lowest"];
const ISSUE_TYPES: [&str; 3] = ["Bug", "Task", "Story"];

/// An issue as it was created.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub summary: String,
    pub kind: String,
    pub priority: String,
    pub status: &'static str,
    pub labels: Vec<String>,
    /// An Atlassian document, or null.
    pub description: Value,
    pub created: UnixMillis,
}

/// The issues that exist at the start.
pub(super) fn seeded(now: UnixMillis) -> Vec<Issue> {
    let issue = |summary: &str, priority: &str, status, days: i64| Issue {
        summary: summary.to_owned(),
        kind: "Bug".to_owned(),
        priority: priority.to_owned(),
        status,
        labels: vec!["from-support".to_owned()],
        description: Value::Null,
        created: now.plus_ms(-days * DAY),
    };
    vec![
        issue("Invoice shows the wrong VAT number for EU customers", "High", "In Progress", 12),
        issue("Dark mode resets after every reload", "Low", "To Do", 8),
        issue("CSV import drops the last row without a line break", "Medium", "Done", 5),
    ]
}

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/rest/api/3/issue", post(create_issue))
        .route("/rest/api/3/issue/{key}", get(show_issue))
        .route("/rest/api/3/search", get(search))
        .route("/rest/api/3/search/jql", get(search))
        .route("/rest/api/3/myself", get(myself))
        .fallback(async || {
            reply(StatusCode::NOT_FOUND, json!({"errorMessages": ["Not found."], "errors": {}}))
        });
    let door = Door {
        request_id: "atl-traceid",
        rate: Some(("x-ratelimit-limit", "x-ratelimit-remaining", 350)),
        ..Door::basic(keys::JIRA_EMAIL, keys::JIRA_API_TOKEN, refuse)
    };
    // The page that links lead to is for people with a browser, who hold no API token.
    keys::guarded(routes, door, data).merge(Router::new().route("/browse/{key}", get(browse)))
}

fn refuse(_: Presented) -> Response {
    let message = "Client must be authenticated to access this resource.";
    reply(StatusCode::UNAUTHORIZED, json!({"message": message, "status-code": 401}))
}

fn errors(status: StatusCode, messages: &[&str], errors: &Map<String, Value>) -> Response {
    reply(status, json!({"errorMessages": messages, "errors": errors}))
}

async fn create_issue(
    State(data): State<BackOffice>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let issue = match read_issue(&body["fields"], data.now()) {
        Ok(issue) => issue,
        Err(wrong) => return errors(StatusCode::BAD_REQUEST, &[], &wrong),
    };
    let mut written = data.written();
    written.issues.push(issue);
    let number = FIRST_NUMBER + written.issues.len() - 1;
    drop(written);
    let created = json!({"id": id(number), "key": key(number), "self": address(&headers, number)});
    reply(StatusCode::CREATED, created)
}

/// The issue in `fields`, or what is wrong by field.
fn read_issue(fields: &Value, created: UnixMillis) -> Result<Issue, Map<String, Value>> {
    let mut wrong = Map::new();
    let mut refuse = |field: &str, message: &str| {
        wrong.insert(field.to_owned(), json!(message));
    };
    if fields["project"]["key"] != JIRA_PROJECT_KEY {
        refuse("project", "valid project is required");
    }
    let kind = fields["issuetype"]["name"].as_str().unwrap_or_default();
    if !ISSUE_TYPES.contains(&kind) {
        refuse("issuetype", "Specify a valid issue type");
    }
    let summary = fields["summary"].as_str().unwrap_or_default().trim();
    if summary.is_empty() {
        refuse("summary", "You must specify a summary of the issue.");
    } else if summary.chars().count() > SUMMARY_CHARS_MAX {
        refuse("summary", "Summary must be less than 255 characters.");
    } else if summary.contains('\n') {
        refuse("summary", "The summary is invalid because it contains newline characters.");
    }
    let priority = fields["priority"]["name"].as_str().unwrap_or("Medium");
    if !PRIORITIES.contains(&priority) {
        refuse("priority", "The priority selected is invalid.");
    }
    let description = &fields["description"];
    if !description.is_null() && !is_document(description) {
        refuse(
            "description",
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        );
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let labels = fields["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(Issue {
        summary: summary.to_owned(),
        kind: kind.to_owned(),
        priority: priority.to_owned(),
        status: "To Do",
        labels: labels.map(str::to_owned).collect(),
        description: description.clone(),
        created,
    })
}

/// Whether it is an Atlassian document: typed, versioned, and without empty texts, which Jira refuses.
fn is_document(value: &Value) -> bool {
    value["type"] == "doc" && value["version"] == 1 && value["content"].is_array() && texts_are_filled(value)
}

fn texts_are_filled(node: &Value) -> bool {
    let filled = node["type"] != "text" || node["text"].as_str().is_some_and(|text| !text.is_empty());
    filled && node["content"].as_array().is_none_or(|content| content.iter().all(texts_are_filled))
}

fn id(number: usize) -> String {
    (10_000 + number).to_string()
}

fn key(number: usize) -> String {
    format!("{JIRA_PROJECT_KEY}-{number}")
}

/// Where the issue can be read: this very server, by the name the caller used for it.
fn address(headers: &HeaderMap, number: usize) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}/jira/rest/api/3/issue/{}", id(number))
}

fn shape(headers: &HeaderMap, number: usize, issue: &Issue) -> Value {
    json!({
        "id": id(number), "key": key(number), "self": address(headers, number),
        "fields": {
            "project": {"key": JIRA_PROJECT_KEY, "name": "Shop"},
            "issuetype": {"name": issue.kind},
            "summary": issue.summary,
            "description": issue.description,
            "labels": issue.labels,
            "priority": {"name": issue.priority},
            "status": {"name": issue.status},
            "reporter": {"displayName": "Errand", "emailAddress": keys::JIRA_EMAIL},
            "created": iso(issue.created).replace('Z', "+0000"),
        },
    })
}

/// The issues with their numbers.
fn numbered(data: &BackOffice) -> Vec<(usize, Issue)> {
    (FIRST_NUMBER..).zip(data.written().issues.iter().cloned()).collect()
}

fn find(data: &BackOffice, wanted: &str) -> Option<(usize, Issue)> {
    numbered(data)
        .into_iter()
        .find(|(number, _)| key(*number).eq_ignore_ascii_case(wanted) || id(*number) == wanted)
}

async fn show_issue(
    State(data): State<BackOffice>,
    headers: HeaderMap,
    Path(wanted): Path<String>,
) -> Response {
    let Some((number, issue)) = find(&data, &wanted) else {
        let message = "Issue does not exist or you do not have permission to see it.";
        return errors(StatusCode::NOT_FOUND, &[message], &Map::new());
    };
    reply(StatusCode::OK, shape(&headers, number, &issue))
}

/// Understands `field = value`, `text ~ "words"` and `summary ~ "words"`, joined by AND; newest first.
async fn search(State(data): State<BackOffice>, headers: HeaderMap, params: Params) -> Response {
    let jql = params.get("jql").unwrap_or_default();
    let conditions = match read_jql(jql) {
        Ok(conditions) => conditions,
        Err(message) => return errors(StatusCode::BAD_REQUEST, &[&message], &Map::new()),
    };
    let max = params.count("maxResults", 50, 100);
    let found = numbered(&data).into_iter().rev().filter(|(number, issue)| {
        conditions.iter().all(|(field, words)| meets(*number, issue, field, words))
    });
    let issues: Vec<_> = found.take(max).map(|(number, issue)| shape(&headers, number, &issue)).collect();
    reply(StatusCode::OK, json!({"issues": issues, "isLast": true}))
}

fn read_jql(jql: &str) -> Result<Vec<(String, String)>, String> {
    let lower = jql.to_lowercase();
    let filter = &jql[..lower.find("order by").unwrap_or(jql.len())];
    let parts = filter.split(" AND ").flat_map(|part| part.split(" and ")).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (field, value) = part
                .split_once(['=', '~'])
                .ok_or_else(|| format!("Error in the JQL Query: Expecting operator in `{part}`."))?;
            let field = field.trim().to_lowercase();
            let known = ["project", "text", "summary", "status", "key", "priority", "labels", "issuetype"];
            if !known.contains(&field.as_str()) {
                return Err(format!(
                    "Field '{field}' does not exist or you do not have permission to view it."
                ));
            }
            Ok((field, value.trim().trim_matches(['"', '\'']).to_lowercase()))
        })
        .collect()
}

fn meets(number: usize, issue: &Issue, field: &str, words: &str) -> bool {
    let is = |text: &str| text.to_lowercase() == words;
    match field {
        "project" => is(JIRA_PROJECT_KEY),
        "key" => is(&key(number)),
        "status" => is(issue.status),
        "priority" => is(&issue.priority),
        "issuetype" => is(&issue.kind),
        "labels" => issue.labels.iter().any(|label| is(label)),
        _ => {
            let text = format!("{} {}", issue.summary, issue.description).to_lowercase();
            words.split_whitespace().all(|word| text.contains(word))
        }
    }
}

async fn myself() -> Json<Value> {
    Json(
        json!({"accountId": "5f0000000000000000000001", "displayName": "Errand", "emailAddress": keys::JIRA_EMAIL, "active": true}),
    )
}

async fn browse(State(data): State<BackOffice>, Path(wanted): Path<String>) -> Response {
    let Some((number, issue)) = find(&data, &wanted) else {
        return (StatusCode::NOT_FOUND, Html("<h1>No such issue</h1>".to_owned())).into_response();
    };
    let mut steps = String::new();
    collect_texts(&issue.description, &mut steps);
    let (summary, steps) = (escaped(&issue.summary), escaped(&steps).replace('\n', "<br>"));
    let (key, priority, status) = (key(number), &issue.priority, issue.status);
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{key}</title><body style=\"font: 16px/1.5 sans-serif; max-width: 40em; margin: 3em auto\">\
         <p>Demo back office · {key} · {priority} · {status}<h1>{summary}</h1><p>{steps}"
    ))
    .into_response()
}

fn collect_texts(node: &Value, text: &mut String) {
    if let Some(own) = node["text"].as_str() {
        text.push_str(own);
        text.push('\n');
    }
    for child in node["content"].as_array().into_iter().flatten() {
        collect_texts(child, text);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
