//! The product database: customers, plans and what they include.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderName, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::{DAY, draw_below, iso_seconds},
    keys::{self, Door, in_house_error, reply},
    params::Params,
    people::{Customer, FEATURES, Feature, PLANS},
};

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/customers", get(list_customers))
        .route("/v1/customers/{id}", get(show_customer))
        .route("/v1/customers/{id}/entitlements", get(list_entitlements))
        .route("/v1/plans", get(list_plans))
        .fallback(async || {
            in_house_error(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
        });
    let door = Door::in_house(HeaderName::from_static("x-api-key"), keys::PRODUCT_DB_API_KEY.to_owned());
    keys::guarded(routes, door, data)
}

fn id(customer: &Customer) -> String {
    format!("cust_{:04}", customer.index + 1)
}

fn entitlement(customer: &Customer, feature: &Feature) -> Value {
    let rank = customer.plan.rank;
    let enabled = rank >= feature.from_rank;
    let limit = Some(feature.limits[rank]).filter(|limit| enabled && *limit > 0);
    let spread = customer.index * 40 + u64::try_from(feature.key.len()).unwrap_or(0);
    let used = limit.map(|limit| draw_below(spread, usize::try_from(limit).unwrap_or(1) + 1));
    let from: Vec<_> = PLANS[feature.from_rank..].iter().map(|plan| plan.name).collect();
    json!({
        "feature": feature.key, "label": feature.label, "enabled": enabled, "limit": limit, "used": used,
        "unit": feature.unit, "available_in": if enabled { vec![] } else { from },
    })
}

/// The features that `asked` means: by key, label or another word for it; all when nothing is asked.
fn meant(asked: Option<&str>) -> impl Iterator<Item = &'static Feature> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    let asked = asked.map(|asked| plain(asked.trim()));
    FEATURES.iter().filter(move |feature| {
        let Some(asked) = asked.as_deref() else {
            return true;
        };
        let names = [feature.key, feature.label].into_iter().chain(feature.aliases.iter().copied());
        names.map(plain).any(|name| {
            name == asked
                || asked
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .windows(name.split_whitespace().count())
                    .any(|words| words.join(" ") == name)
        })
    })
}

fn shape(data: &BackOffice, customer: &Customer, asked: Option<&str>) -> Value {
    let renews_at = data.now().plus_ms((30 - customer.days_into_period()) * DAY);
    json!({
        "id": id(customer), "name": customer.name, "email": customer.email, "company": customer.company,
        "region": customer.region.as_str(),
        "plan": {
            "code": customer.plan.code, "name": customer.plan.name, "status": customer.state.as_str(),
            "seats": customer.seats, "seats_used": customer.seats_used, "renews_at": iso_seconds(renews_at),
        },
        "entitlements": meant(asked).map(|feature| entitlement(customer, feature)).collect::<Vec<_>>(),
    })
}

async fn list_customers(State(data): State<BackOffice>, params: Params) -> Response {
    let Some(email) = params.get("email") else {
        return in_house_error(StatusCode::BAD_REQUEST, "missing_parameter", "Give the customer's `email`.");
    };
    let found = data.customer_by_email(email).map(|customer| shape(&data, customer, params.get("feature")));
    reply(StatusCode::OK, json!({"customers": found.into_iter().collect::<Vec<_>>()}))
}

#[expect(clippy::result_large_err, reason = "a refusal is the answer itself")]
fn find<'a>(data: &'a BackOffice, wanted: &str) -> Result<&'a Customer, Response> {
    let no_such =
        || in_house_error(StatusCode::NOT_FOUND, "no_such_customer", "There is no customer of that id.");
    data.0.customers.iter().find(|customer| id(customer) == wanted).ok_or_else(no_such)
}

async fn show_customer(
    State(data): State<BackOffice>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Response> {
    Ok(Json(shape(&data, find(&data, &id)?, None)))
}

async fn list_entitlements(
    State(data): State<BackOffice>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Value>, Response> {
    let customer = find(&data, &id)?;
    let granted: Vec<_> =
        meant(params.get("feature")).map(|feature| entitlement(customer, feature)).collect();
    Ok(Json(json!({"entitlements": granted})))
}

async fn list_plans() -> Json<Value> {
    let plans = PLANS.iter().map(|plan| {
        let features: Vec<_> = FEATURES.iter().filter(|feature| feature.from_rank <= plan.rank).map(|feature| feature.key).collect();
        json!({"code": plan.code, "name": plan.name, "seat_price": {"amount": plan.seat_price, "currency": "usd", "interval": "month"}, "features": features})
    });
    Json(json!({"plans": plans.collect::<Vec<_>>()}))
}
