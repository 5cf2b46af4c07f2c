//! Zendesk Support: search, tickets, users, groups, SLA policies and metric events; reading only.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{
    BackOffice,
    clock::{HOUR, MINUTE, iso_seconds, seconds},
    helpdesk::{AGENTS, GROUPS, REQUESTER_IDS, STATUSES, Stage, TICKETS, Ticket},
    keys::{self, Door, Presented, reply},
    params::Params,
};

const PAGE_MAX: usize = 100;

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/api/v2/search.json", get(search))
        .route("/api/v2/search", get(search))
        .route("/api/v2/tickets.json", get(list_tickets))
        .route("/api/v2/tickets", get(list_tickets))
        .route("/api/v2/tickets/{id}", get(show_ticket))
        .route("/api/v2/tickets/{id}/metric_events.json", get(ticket_metric_events))
        .route("/api/v2/incremental/ticket_metric_events.json", get(metric_events))
        .route("/api/v2/slas/policies.json", get(list_policies))
        .route("/api/v2/users.json", get(list_users))
        .route("/api/v2/users/{id}", get(show_user))
        .route("/api/v2/groups.json", get(list_groups))
        .fallback(async || not_found());
    let door = Door {
        request_id: "x-zendesk-request-id",
        rate: Some(("x-rate-limit", "x-rate-limit-remaining", 700)),
        ..Door::basic(&format!("{}/token", keys::ZENDESK_EMAIL), keys::ZENDESK_API_TOKEN, refuse)
    };
    keys::guarded(routes, door, data)
}

fn refuse(_: Presented) -> Response {
    reply(StatusCode::UNAUTHORIZED, json!({"error": "Couldn't authenticate you"}))
}

fn not_found() -> Response {
    reply(StatusCode::NOT_FOUND, json!({"error": "RecordNotFound", "description": "Not found"}))
}

/// What to load along: `slas`, `users`, `groups`; from `a,b` or from the search's `tickets(a,b)`.
fn includes(params: &Params) -> Vec<&str> {
    let text = params.get("include").unwrap_or_default();
    let text = text.strip_prefix("tickets(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(text);
    text.split(',').map(str::trim).collect()
}

fn shape(data: &BackOffice, ticket: &Ticket, includes: &[&str]) -> Value {
    let created = ticket.created(data.now());
    let mut object = json!({
        "id": ticket.id,
        "url": format!("https://acme.zendesk.example/api/v2/tickets/{}.json", ticket.id),
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "type": "question",
        "requester_id": REQUESTER_IDS + ticket.requester,
        "assignee_id": ticket.assignee.map(|agent| AGENTS[agent].0),
        "group_id": GROUPS[ticket.group].0,
        "tags": [],
        "created_at": iso_seconds(created),
        "updated_at": iso_seconds(created.plus_ms(ticket.age_hours * HOUR / 2)),
        "via": {"channel": "email"},
    });
    if includes.contains(&"slas") {
        object["slas"] = json!({"policy_metrics": policy_metrics(data, ticket)});
    }
    object
}

fn policy_metrics(data: &BackOffice, ticket: &Ticket) -> Vec<Value> {
    let shape = |metric: &super::helpdesk::Metric| {
        let mut object = Map::new();
        let active = metric.stage == Stage::Active;
        let breach_at = active.then(|| iso_seconds(data.now().plus_ms(metric.minutes_left * MINUTE)));
        object.insert("breach_at".to_owned(), json!(breach_at));
        object.insert("stage".to_owned(), json!(metric.stage.as_str()));
        object.insert("metric".to_owned(), json!(metric.name));
        if active {
            // The time left comes in the one unit that suits its size.
            let (unit, left) = match metric.minutes_left.abs() {
                0..60 => ("minutes", metric.minutes_left),
                60..2_880 => ("hours", metric.minutes_left / 60),
                _ => ("days", metric.minutes_left / 1_440),
            };
            object.insert(unit.to_owned(), json!(left));
        }
        Value::Object(object)
    };
    ticket.metrics.iter().map(shape).collect()
}

/// Adds the side-loaded users and groups to `body`.
fn side_load(data: &BackOffice, tickets: &[&Ticket], includes: &[&str], body: &mut Value) {
    if includes.contains(&"users") {
        let requesters = tickets.iter().map(|ticket| REQUESTER_IDS + ticket.requester);
        let agents = tickets.iter().filter_map(|ticket| ticket.assignee.map(|agent| AGENTS[agent].0));
        let ids: std::collections::BTreeSet<_> = requesters.chain(agents).collect();
        body["users"] = users(data)
            .into_iter()
            .filter(|user| user["id"].as_u64().is_some_and(|id| ids.contains(&id)))
            .collect();
    }
    if includes.contains(&"groups") {
        let used = |index: usize| tickets.iter().any(|ticket| ticket.group == index);
        body["groups"] = (0..GROUPS.len()).filter(|index| used(*index)).map(group).collect();
    }
}

fn group(index: usize) -> Value {
    json!({"id": GROUPS[index].0, "name": GROUPS[index].1, "default": index == 1, "deleted": false})
}

fn users(data: &BackOffice) -> Vec<Value> {
    let agents = AGENTS.iter().map(
        |(id, name, email)| json!({"id": id, "name": name, "email": email, "role": "agent", "active": true}),
    );
    let requesters = data.0.customers.iter().map(|customer| json!({
        "id": REQUESTER_IDS + customer.index, "name": customer.name, "email": customer.email, "role": "end-user", "active": true,
    }));
    agents.chain(requesters).collect()
}

/// One page of `tickets` under `name`, with count, links and what is loaded along.
fn page(data: &BackOffice, tickets: &[&Ticket], name: &str, params: &Params) -> Value {
    let per_page = params.count("per_page", PAGE_MAX, PAGE_MAX);
    let number = params.count("page", 1, usize::MAX);
    let includes = includes(params);
    let shown: Vec<_> =
        tickets.iter().copied().skip((number - 1).saturating_mul(per_page)).take(per_page).collect();
    let more = tickets.len() > number.saturating_mul(per_page);
    let shapes: Vec<_> = shown
        .iter()
        .map(|ticket| {
            let mut object = shape(data, ticket, &includes);
            if name == "results" {
                object["result_type"] = json!("ticket");
            }
            object
        })
        .collect();
    let link = |number: usize| {
        format!("https://acme.zendesk.example/api/v2/{name}.json?page={number}&per_page={per_page}")
    };
    let mut body = json!({
        name: shapes, "count": tickets.len(),
        "next_page": more.then(|| link(number + 1)), "previous_page": (number > 1).then(|| link(number - 1)),
    });
    side_load(data, &shown, &includes, &mut body);
    body
}

async fn search(State(data): State<BackOffice>, params: Params) -> Response {
    let Some(query) = params.get("query") else {
        return reply(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"error": "invalid", "description": "Invalid search: query is required"}),
        );
    };
    let terms = terms(query);
    let mut found: Vec<_> =
        TICKETS.iter().filter(|ticket| terms.iter().all(|term| meets(&data, ticket, term))).collect();
    found.sort_by_key(|ticket| ticket.created(data.now()));
    if params.get("sort_order") != Some("asc") {
        found.reverse();
    }
    reply(StatusCode::OK, page(&data, &found, "results", &params))
}

/// The query's words; quoted ones stay together, without their quotes.
fn terms(query: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut quoted = false;
    for letter in query.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => terms.push(String::new()),
            _ => terms.last_mut().into_iter().for_each(|term| term.push(letter)),
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

fn meets(data: &BackOffice, ticket: &Ticket, term: &str) -> bool {
    let Some(at) = term.find([':', '<', '>']) else {
        return ticket.subject.to_lowercase().contains(&term.to_lowercase());
    };
    let (field, rest) = term.split_at(at);
    let (sign, value) = rest.split_at(1);
    let value = value.to_lowercase();
    let people = |id: u64| users(data).into_iter().find(|user| user["id"] == id);
    match field {
        "type" => value == "ticket",
        "status" => {
            let Some(asked) = STATUSES.iter().position(|status| *status == value) else {
                return false;
            };
            match sign {
                "<" => ticket.status_rank() < asked,
                ">" => ticket.status_rank() > asked,
                _ => ticket.status_rank() == asked,
            }
        }
        "priority" => ticket.priority == value,
        "group" => value == "*" || GROUPS[ticket.group].1.to_lowercase() == value,
        "assignee" => match ticket.assignee {
            None => value == "none",
            Some(agent) => {
                value == "*" || AGENTS[agent].1.to_lowercase() == value || AGENTS[agent].2 == value
            }
        },
        "requester" => {
            people(REQUESTER_IDS + ticket.requester).is_some_and(|user| user["email"] == value.as_str())
        }
        _ => false,
    }
}

async fn list_tickets(State(data): State<BackOffice>, params: Params) -> Json<Value> {
    let mut tickets: Vec<_> = TICKETS.iter().filter(|ticket| ticket.status != "closed").collect();
    tickets.sort_by_key(|ticket| ticket.id);
    Json(page(&data, &tickets, "tickets", &params))
}

fn numbered(text: &str) -> Option<u64> {
    text.strip_suffix(".json").unwrap_or(text).parse().ok()
}

async fn show_ticket(State(data): State<BackOffice>, Path(id): Path<String>, params: Params) -> Response {
    let ticket = numbered(&id).and_then(|id| TICKETS.iter().find(|ticket| ticket.id == id));
    let Some(ticket) = ticket else { return not_found() };
    let includes = includes(&params);
    let mut body = json!({"ticket": shape(&data, ticket, &includes)});
    side_load(&data, &[ticket], &includes, &mut body);
    reply(StatusCode::OK, body)
}

/// When the clocks of a ticket started and were or will be breached.
fn events(data: &BackOffice, ticket: &Ticket) -> Vec<Value> {
    let metric_events = |(index, metric): (usize, &super::helpdesk::Metric)| {
        let event = |kind: &str, at: i64| {
            json!({
                "id": ticket.id * 100 + u64::try_from(index).unwrap_or(0) * 10 + u64::from(kind == "breach"),
                "ticket_id": ticket.id, "instance_id": index + 1, "metric": metric.name.trim_end_matches("_time"), "type": kind,
                "time": iso_seconds(data.now().plus_ms(at)),
            })
        };
        let started = event("activate", -ticket.age_hours * HOUR);
        let breach = (metric.stage == Stage::Active).then(|| event("breach", metric.minutes_left * MINUTE));
        std::iter::once(started).chain(breach)
    };
    ticket.metrics.iter().enumerate().flat_map(metric_events).collect()
}

async fn ticket_metric_events(State(data): State<BackOffice>, Path(id): Path<u64>) -> Response {
    match TICKETS.iter().find(|ticket| ticket.id == id) {
        Some(ticket) => reply(StatusCode::OK, json!({"ticket_metric_events": events(&data, ticket)})),
        None => not_found(),
    }
}

async fn metric_events(State(data): State<BackOffice>, params: Params) -> Response {
    if params.get("start_time").and_then(|time| time.parse::<i64>().ok()).is_none() {
        return reply(
            StatusCode::BAD_REQUEST,
            json!({"error": "StartTimeMissing", "description": "start_time is required"}),
        );
    }
    let events: Vec<_> = TICKETS.iter().flat_map(|ticket| events(&data, ticket)).collect();
    reply(
        StatusCode::OK,
        json!({"ticket_metric_events": events, "count": events.len(), "end_time": seconds(data.now()), "next_page": null, "end_of_stream": true}),
    )
}

async fn list_policies(State(data): State<BackOffice>) -> Json<Value> {
    let target = |priority: &str, metric: &str, minutes: u32| json!({"priority": priority, "metric": metric, "target": minutes, "business_hours": false});
    let first_reply = [("urgent", 220), ("high", 300), ("normal", 720), ("low", 2_880)]
        .map(|(priority, minutes)| target(priority, "first_reply_time", minutes));
    let created = iso_seconds(data.now().plus_ms(-300 * 24 * HOUR));
    Json(json!({"sla_policies": [{
        "id": 25, "title": "Standard", "description": "All customers", "position": 1,
        "filter": {"all": [{"field": "type", "operator": "is", "value": "question"}], "any": []},
        "policy_metrics": first_reply, "created_at": created, "updated_at": created,
    }], "count": 1, "next_page": null, "previous_page": null}))
}

async fn list_users(State(data): State<BackOffice>, params: Params) -> Json<Value> {
    let users: Vec<_> = users(&data)
        .into_iter()
        .filter(|user| params.get("role").is_none_or(|role| user["role"] == role))
        .collect();
    Json(json!({"count": users.len(), "users": users, "next_page": null, "previous_page": null}))
}

async fn show_user(State(data): State<BackOffice>, Path(id): Path<String>) -> Response {
    let id = if id.starts_with("me") { Some(AGENTS[0].0) } else { numbered(&id) };
    match users(&data).into_iter().find(|user| user["id"].as_u64() == id && id.is_some()) {
        Some(user) => reply(StatusCode::OK, json!({"user": user})),
        None => not_found(),
    }
}

async fn list_groups() -> Json<Value> {
    Json(
        json!({"groups": (0..GROUPS.len()).map(group).collect::<Vec<_>>(), "count": GROUPS.len(), "next_page": null, "previous_page": null}),
    )
}
