//! Atlassian Statuspage's management API: components and incidents of one page.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use errand_domain::UnixMillis;
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::{DAY, MINUTE, iso},
    keys::{self, Door, Presented, STATUSPAGE_PAGE_ID, reply},
    params::Params,
};

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/pages/{page}", get(show_page))
        .route("/v1/pages/{page}/components", get(list_components))
        .route("/v1/pages/{page}/incidents", get(list_incidents))
        .route("/v1/pages/{page}/incidents/unresolved", get(list_unresolved))
        .route("/v1/pages/{page}/incidents/scheduled", get(list_scheduled))
        .route("/v1/pages/{page}/incidents/{id}", get(show_incident))
        .fallback(async || not_found());
    let door = Door {
        rate: Some(("x-ratelimit-limit", "x-ratelimit-remaining", 60)),
        ..Door::authorization(format!("OAuth {}", keys::STATUSPAGE_API_KEY), refuse)
    };
    keys::guarded(routes, door, data)
}

fn refuse(_: Presented) -> Response {
    reply(StatusCode::UNAUTHORIZED, json!({"error": "Could not authenticate"}))
}

fn not_found() -> Response {
    reply(StatusCode::NOT_FOUND, json!({"error": "Not found"}))
}

/// The page's address holds its id: any other is somebody else's.
#[expect(clippy::result_large_err, reason = "a refusal is the answer itself")]
fn check_page(page: &str) -> Result<(), Response> {
    if page == STATUSPAGE_PAGE_ID { Ok(()) } else { Err(not_found()) }
}

type Answer = Result<Json<Value>, Response>;

async fn show_page(State(data): State<BackOffice>, Path(page): Path<String>) -> Answer {
    check_page(&page)?;
    Ok(Json(json!({
        "id": STATUSPAGE_PAGE_ID, "name": "Acme", "url": "https://status.acme.example", "subdomain": "acme-demo",
        "time_zone": "UTC", "updated_at": iso(data.now().plus_ms(-6 * MINUTE)),
    })))
}

/// Name, description, status.
const COMPONENTS: [(&str, &str, &str); 8] = [
    ("Website", "The public site and the shop", "operational"),
    ("Checkout", "Cart and payment", "partial_outage"),
    ("Payments API", "Charging cards", "degraded_performance"),
    ("Login", "Signing in, single sign-on", "operational"),
    ("Search", "Product and help search", "operational"),
    ("Webhooks", "Outgoing events", "operational"),
    ("Data export", "CSV and report downloads", "operational"),
    ("Support desk", "Tickets and chat", "operational"),
];

fn component(now: UnixMillis, index: usize) -> Value {
    let (name, description, status) = COMPONENTS[index];
    let changed = if status == "operational" { -31 * DAY } else { -95 * MINUTE };
    json!({
        "id": format!("cmp{index:09}"), "page_id": STATUSPAGE_PAGE_ID, "group_id": null, "name": name,
        "description": description, "status": status, "position": index + 1, "showcase": true, "group": false,
        "only_show_if_degraded": false, "created_at": iso(now.plus_ms(-500 * DAY)), "updated_at": iso(now.plus_ms(changed)),
    })
}

async fn list_components(State(data): State<BackOffice>, Path(page): Path<String>) -> Answer {
    check_page(&page)?;
    Ok(Json((0..COMPONENTS.len()).map(|index| component(data.now(), index)).collect()))
}

/// One incident or maintenance, told relative to the start.
struct Told {
    id: &'static str,
    name: &'static str,
    status: &'static str,
    impact: &'static str,
    /// Minutes from the start, negative for the past.
    created: i64,
    resolved: Option<i64>,
    scheduled: Option<(i64, i64)>,
    components: &'static [usize],
    /// Newest first: status, minutes, text.
    updates: &'static [(&'static str, i64, &'static str)],
}

const INCIDENTS: [Told; 4] = [
    Told {
        id: "inc5k1checkout",
        name: "Elevated errors in checkout",
        status: "identified",
        impact: "major",
        created: -100,
        resolved: None,
        scheduled: None,
        components: &[1, 2],
        updates: &[
            (
                "identified",
                -35,
                "About one in five payments fails with error 503 at the last step of checkout. The cause is a database replica of the payments API that lags behind; traffic is being moved off it. Paying again usually works, and nobody is charged for a failed attempt.",
            ),
            (
                "investigating",
                -95,
                "We see failing payments in checkout (503, ERR_PAYMENT_TIMEOUT) and are looking into it.",
            ),
        ],
    },
    Told {
        id: "inc4w8webhooks",
        name: "Delayed webhooks",
        status: "resolved",
        impact: "minor",
        created: -2 * 1_440,
        resolved: Some(-2 * 1_440 + 130),
        scheduled: None,
        components: &[5],
        updates: &[
            ("resolved", -2 * 1_440 + 130, "All delayed events have been delivered."),
            ("monitoring", -2 * 1_440 + 80, "The queue is draining; events arrive up to ten minutes late."),
            ("investigating", -2 * 1_440 + 10, "Webhooks arrive up to forty minutes late."),
        ],
    },
    Told {
        id: "inc3s2search",
        name: "Slow search",
        status: "resolved",
        impact: "minor",
        created: -9 * 1_440,
        resolved: Some(-9 * 1_440 + 45),
        scheduled: None,
        components: &[4],
        updates: &[(
            "resolved",
            -9 * 1_440 + 45,
            "Search is as fast as usual again after an index was rebuilt.",
        )],
    },
    Told {
        id: "inc6m0login",
        name: "Maintenance of single sign-on",
        status: "scheduled",
        impact: "maintenance",
        created: -3 * 1_440,
        resolved: None,
        scheduled: Some((2 * 1_440 + 180, 2 * 1_440 + 240)),
        components: &[3],
        updates: &[(
            "scheduled",
            -3 * 1_440,
            "Signing in by SSO may fail for up to ten minutes within this hour.",
        )],
    },
];

fn incident(now: UnixMillis, told: &Told) -> Value {
    let at = |minutes: i64| iso(now.plus_ms(minutes * MINUTE));
    let updates: Vec<_> = told.updates.iter().enumerate().map(|(index, (status, minutes, body))| json!({
        "id": format!("{}u{}", told.id, told.updates.len() - index), "incident_id": told.id, "status": status, "body": body,
        "created_at": at(*minutes), "display_at": at(*minutes), "updated_at": at(*minutes),
    })).collect();
    let components: Vec<_> = told.components.iter().map(|index| component(now, *index)).collect();
    json!({
        "id": told.id, "page_id": STATUSPAGE_PAGE_ID, "name": told.name, "status": told.status, "impact": told.impact,
        "created_at": at(told.created), "started_at": at(told.created), "updated_at": at(told.updates[0].1),
        "resolved_at": told.resolved.map(at), "monitoring_at": null,
        "scheduled_for": told.scheduled.map(|(from, _)| at(from)), "scheduled_until": told.scheduled.map(|(_, to)| at(to)),
        "shortlink": format!("https://stspg.example/{}", told.id), "incident_updates": updates, "components": components,
    })
}

fn incidents(now: UnixMillis, keep: impl Fn(&Told) -> bool) -> Json<Value> {
    Json(INCIDENTS.iter().filter(|told| keep(told)).map(|told| incident(now, told)).collect())
}

async fn list_incidents(State(data): State<BackOffice>, Path(page): Path<String>, params: Params) -> Answer {
    check_page(&page)?;
    let wanted = params.get("q").map(str::to_lowercase);
    Ok(incidents(data.now(), |told| {
        let texts = std::iter::once(told.name).chain(told.updates.iter().map(|update| update.2));
        let told = texts.collect::<Vec<_>>().join(" ").to_lowercase();
        wanted.as_deref().is_none_or(|wanted| told.contains(wanted))
    }))
}

async fn list_unresolved(State(data): State<BackOffice>, Path(page): Path<String>) -> Answer {
    check_page(&page)?;
    Ok(incidents(data.now(), |told| told.resolved.is_none() && told.scheduled.is_none()))
}

async fn list_scheduled(State(data): State<BackOffice>, Path(page): Path<String>) -> Answer {
    check_page(&page)?;
    Ok(incidents(data.now(), |told| told.scheduled.is_some()))
}

async fn show_incident(State(data): State<BackOffice>, Path((page, id)): Path<(String, String)>) -> Answer {
    check_page(&page)?;
    let told = INCIDENTS.iter().find(|told| told.id == id).ok_or_else(not_found)?;
    Ok(Json(incident(data.now(), told)))
}

/// When the ongoing incident began, for the services that measure its effects.
pub(super) fn ongoing_since(now: UnixMillis) -> UnixMillis {
    now.plus_ms(INCIDENTS[0].created * MINUTE)
}

const _: () = assert!(INCIDENTS[0].resolved.is_none(), "the first incident is the ongoing one");
