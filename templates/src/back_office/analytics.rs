//! The analytics service: which customers an incident touches.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::{HOUR, draw_below, iso_seconds},
    keys::{self, Door, in_house_error},
    params::Params,
    people::{Customer, Region},
    statuspage,
};

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/incident-impact", get(impact))
        .route("/v1/incident-types", get(list_types))
        .fallback(async || {
            in_house_error(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
        });
    let authorization = HeaderName::from_static("authorization");
    let door = Door::in_house(authorization, format!("Bearer {}", keys::ANALYTICS_API_KEY));
    keys::guarded(routes, door, data)
}

/// A kind of incident as the events tell it apart.
struct Kind {
    name: &'static str,
    symptom: &'static str,
    /// Words that mean it.
    words: &'static [&'static str],
    /// Hours since it began; None for the one on the status page.
    began_hours_ago: Option<i64>,
    /// Regions it touches and, in a hundred, the share of their customers.
    touched: &'static [(Region, usize)],
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "checkout",
        symptom: "paying at the last step of checkout fails with error 503; a second try usually works.",
        words: &["checkout", "cart", "503"],
        began_hours_ago: None,
        touched: &[(Region::EuCentral, 60), (Region::UsEast, 80), (Region::ApSouth, 25)],
    },
    Kind {
        name: "payment failures",
        symptom: "charging a card times out; nobody is charged for a failed attempt.",
        words: &["payment", "payments", "card", "paying"],
        began_hours_ago: None,
        touched: &[(Region::EuCentral, 35), (Region::UsEast, 45)],
    },
    Kind {
        name: "login problems",
        symptom: "signing in by SSO goes round in circles.",
        words: &["login", "logins", "sso", "signin", "sign-in"],
        began_hours_ago: Some(19),
        touched: &[(Region::EuCentral, 20)],
    },
    Kind {
        name: "search latency",
        symptom: "searching takes several seconds.",
        words: &["search", "latency", "slow"],
        began_hours_ago: Some(7),
        touched: &[(Region::UsEast, 100), (Region::UsWest, 30)],
    },
    Kind {
        name: "webhook delays",
        symptom: "webhooks arrive up to forty minutes late.",
        words: &["webhook", "webhooks"],
        began_hours_ago: Some(22),
        touched: &[(Region::UsWest, 70), (Region::EuCentral, 25)],
    },
    Kind {
        name: "data export",
        symptom: "exports stop at 10,000 rows.",
        words: &["export", "exports", "csv"],
        began_hours_ago: Some(15),
        touched: &[(Region::ApSouth, 60), (Region::EuCentral, 15)],
    },
];

/// The kind that most of the words mean.
fn meant(asked: &str) -> Option<&'static Kind> {
    let asked = asked.to_lowercase();
    let words: Vec<_> = asked.split(|letter: char| !(letter.is_alphanumeric() || letter == '-')).collect();
    let hits = |kind: &Kind| words.iter().filter(|word| kind.words.contains(word)).count();
    let mut kinds: Vec<_> =
        KINDS.iter().map(|kind| (hits(kind), kind)).filter(|(hits, _)| *hits > 0).collect();
    kinds.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
    kinds.first().map(|(_, kind)| *kind)
}

impl Kind {
    fn touches(&self, customer: &Customer) -> bool {
        let share =
            self.touched.iter().find(|(region, _)| *region == customer.region).map_or(0, |(_, share)| *share);
        draw_below(self.seed() + customer.index, 100) < share
    }

    fn failed_requests(&self, customer: &Customer) -> u64 {
        let busy = u64::from(customer.seats_used);
        busy + u64::try_from(draw_below(self.seed() + 50 + customer.index, 40)).unwrap_or(0) + busy / 2
    }

    fn affected_users(&self, customer: &Customer) -> u32 {
        1 + customer.seats_used
            * (20 + u32::try_from(draw_below(self.seed() + 90 + customer.index, 40)).unwrap_or(0))
            / 100
    }

    fn seed(&self) -> u64 {
        self.name.bytes().fold(17, |seed, byte| seed * 31 + u64::from(byte))
    }
}

async fn impact(State(data): State<BackOffice>, params: Params) -> Result<Json<Value>, Response> {
    let Some(asked) = params.get("incident_type") else {
        return Err(in_house_error(
            StatusCode::BAD_REQUEST,
            "missing_parameter",
            "Give the `incident_type`.",
        ));
    };
    let region = params.get("region");
    let Some(kind) = meant(asked) else {
        return Ok(Json(
            json!({"incident_type": asked, "affected_customers": 0, "affected_users": 0, "failed_requests": 0, "customers": []}),
        ));
    };
    let touched = |customer: &&Customer| {
        kind.touches(customer) && region.is_none_or(|asked| customer.region.is_meant_by(asked))
    };
    let mut customers: Vec<_> = data.0.customers.iter().filter(touched).collect();
    customers.sort_by_key(|customer| std::cmp::Reverse(kind.failed_requests(customer)));
    let limit = params.count("limit", 50, 200);
    let from = kind
        .began_hours_ago
        .map_or_else(|| statuspage::ongoing_since(data.now()), |hours| data.now().plus_ms(-hours * HOUR));
    let shown: Vec<_> = customers.iter().take(limit).map(|customer| shape(kind, customer)).collect();
    Ok(Json(json!({
        "incident_type": kind.name,
        "symptom": kind.symptom,
        "window": {"from": iso_seconds(from), "to": iso_seconds(data.now())},
        "affected_customers": customers.len(),
        "affected_users": customers.iter().map(|customer| kind.affected_users(customer)).sum::<u32>(),
        "failed_requests": customers.iter().map(|customer| kind.failed_requests(customer)).sum::<u64>(),
        "revenue_at_risk": {"amount": customers.iter().map(|customer| customer.monthly_price()).sum::<i64>(), "currency": "usd", "interval": "month"},
        "customers": shown,
    })))
}

fn shape(kind: &Kind, customer: &Customer) -> Value {
    json!({
        "company": customer.company, "name": customer.name, "email": customer.email, "plan": customer.plan.name,
        "region": customer.region.as_str(), "failed_requests": kind.failed_requests(customer),
        "affected_users": kind.affected_users(customer), "account_manager": customer.region.account_manager(),
    })
}

async fn list_types() -> Json<Value> {
    Json(json!({"incident_types": KINDS.map(|kind| kind.name)}))
}
