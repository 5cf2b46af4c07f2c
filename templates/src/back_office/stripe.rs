//! Stripe: charges, refunds, customers, subscriptions, invoices; reading only.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    keys::{self, Door, Presented, reply},
    params::Params,
    stripe_search,
    stripe_shapes::{self as shapes, Expand},
};

const PAGE_DEFAULT: usize = 10;
const PAGE_MAX: usize = 100;
const CHARGE_FIELDS: [&str; 8] = [
    "amount",
    "created",
    "currency",
    "customer",
    "disputed",
    "refunded",
    "status",
    "billing_details.address.postal_code",
];
const CUSTOMER_FIELDS: [&str; 4] = ["created", "email", "name", "phone"];

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/v1/charges", get(list_charges))
        .route("/v1/charges/search", get(search_charges))
        .route("/v1/charges/{id}", get(one_charge))
        .route("/v1/refunds", get(list_refunds))
        .route("/v1/refunds/{id}", get(one_refund))
        .route("/v1/customers", get(list_customers))
        .route("/v1/customers/search", get(search_customers))
        .route("/v1/customers/{id}", get(one_customer))
        .route("/v1/subscriptions", get(list_subscriptions))
        .route("/v1/subscriptions/{id}", get(one_subscription))
        .route("/v1/invoices", get(list_invoices))
        .route("/v1/invoices/{id}", get(one_invoice))
        .fallback(unknown_url);
    let door = Door { request_id: "request-id", ..Door::bearer(keys::STRIPE_API_KEY, refuse) };
    keys::guarded(routes, door, data)
}

fn refuse(presented: Presented) -> Response {
    let message = match presented {
        Presented::Nothing => {
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        }
        Presented::WrongKey => "Invalid API Key provided.",
    };
    reply(StatusCode::UNAUTHORIZED, json!({"error": {"message": message, "type": "invalid_request_error"}}))
}

async fn unknown_url(request: axum::extract::Request) -> Response {
    let message = format!("Unrecognized request URL ({}: {}).", request.method(), request.uri().path());
    reply(StatusCode::NOT_FOUND, json!({"error": {"message": message, "type": "invalid_request_error"}}))
}

/// An answer or Stripe's error for it.
type Answer = Result<axum::Json<Value>, Refusal>;

/// A request that can't be answered.
enum Refusal {
    Missing { kind: &'static str, id: String },
    Parameter { name: String, message: String },
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Missing { kind, id } => (
                StatusCode::NOT_FOUND,
                json!({"code": "resource_missing", "message": format!("No such {kind}: '{id}'"), "param": "id", "type": "invalid_request_error"}),
            ),
            Self::Parameter { name, message } => (
                StatusCode::BAD_REQUEST,
                json!({"message": message, "param": name, "type": "invalid_request_error"}),
            ),
        };
        reply(status, json!({"error": error}))
    }
}

/// Refuses parameters that the endpoint does not know, as Stripe does.
fn only(params: &Params, known: &[&str]) -> Result<(), Refusal> {
    let paging = ["limit", "starting_after", "ending_before", "page", "expand[]", "query"];
    let is_known = |name: &str| {
        let plain = name.split('[').next().unwrap_or(name);
        known.contains(&plain) || paging.contains(&name) || name.starts_with("expand[")
    };
    match params.names().find(|name| !is_known(name)) {
        Some(name) => Err(Refusal::Parameter {
            name: name.to_owned(),
            message: format!("Received unknown parameter: {name}"),
        }),
        None => Ok(()),
    }
}

fn expand(params: &Params, prefix: &str) -> Expand {
    let paths: Vec<_> = params.names().filter(|name| name.starts_with("expand[")).collect();
    let name = paths.first().copied().unwrap_or("expand[]");
    let asked: Vec<_> = params.all(name).collect();
    Expand::below(asked.into_iter(), prefix)
}

/// One page of `objects`, cut by `limit` and `starting_after`.
fn page(url: &str, objects: Vec<Value>, params: &Params) -> Answer {
    let limit = params.count("limit", PAGE_DEFAULT, PAGE_MAX);
    let start = match params.get("starting_after") {
        None => 0,
        Some(id) => {
            1 + objects
                .iter()
                .position(|object| object["id"] == id)
                .ok_or_else(|| Refusal::Missing { kind: "object", id: id.to_owned() })?
        }
    };
    let has_more = objects.len() > start + limit;
    let data: Vec<_> = objects.into_iter().skip(start).take(limit).collect();
    Ok(axum::Json(shapes::list(url, &data, has_more)))
}

/// What `query` finds, cut by `limit` and `page`.
fn search(url: &str, objects: Vec<Value>, params: &Params, fields: &[&str]) -> Answer {
    let bad = |message: String| Refusal::Parameter { name: "query".to_owned(), message };
    let text = params.get("query").ok_or_else(|| bad("Missing required param: query.".to_owned()))?;
    let query = stripe_search::parse(text, fields).map_err(bad)?;
    let limit = params.count("limit", PAGE_DEFAULT, PAGE_MAX);
    let start = match params.get("page") {
        None => 0,
        Some(token) => token.strip_prefix("page_").and_then(|start| start.parse().ok()).ok_or_else(|| {
            Refusal::Parameter { name: "page".to_owned(), message: "Invalid page token.".to_owned() }
        })?,
    };
    let found: Vec<_> = objects.into_iter().filter(|object| query.finds(object)).collect();
    let has_more = found.len() > start + limit;
    let next_page = has_more.then(|| format!("page_{}", start + limit));
    let data: Vec<_> = found.into_iter().skip(start).take(limit).collect();
    Ok(axum::Json(
        json!({"object": "search_result", "url": url, "has_more": has_more, "next_page": next_page, "data": data}),
    ))
}

fn one(kind: &'static str, id: &str, mut objects: impl Iterator<Item = Value>) -> Answer {
    objects
        .find(|object| object["id"] == id)
        .map(axum::Json)
        .ok_or_else(|| Refusal::Missing { kind, id: id.to_owned() })
}

/// Keeps what has the value that the parameter of the same name asks for, if it was given.
fn matching(mut objects: Vec<Value>, params: &Params, name: &str) -> Vec<Value> {
    if let Some(wanted) = params.get(name) {
        objects.retain(|object| object[name] == wanted);
    }
    objects
}

fn created_within(mut objects: Vec<Value>, params: &Params) -> Vec<Value> {
    let bound = |name: &str| params.get(name).and_then(|value| value.parse::<i64>().ok());
    let (from, to) = (bound("created[gte]"), bound("created[lte]"));
    objects.retain(|object| {
        let created = object["created"].as_i64().unwrap_or(0);
        from.is_none_or(|from| created >= from) && to.is_none_or(|to| created <= to)
    });
    objects
}

fn all_charges(data: &BackOffice, expand: &Expand) -> Vec<Value> {
    data.0.charges.iter().map(|charge| shapes::charge(data, charge, expand)).collect()
}

async fn list_charges(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &["customer", "created", "payment_intent"])?;
    let charges = matching(all_charges(&data, &expand(&params, "data.")), &params, "customer");
    let charges = matching(charges, &params, "payment_intent");
    page("/v1/charges", created_within(charges, &params), &params)
}

async fn search_charges(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &[])?;
    search("/v1/charges/search", all_charges(&data, &expand(&params, "data.")), &params, &CHARGE_FIELDS)
}

async fn one_charge(State(data): State<BackOffice>, Path(id): Path<String>, params: Params) -> Answer {
    one("charge", &id, all_charges(&data, &expand(&params, "")).into_iter())
}

fn all_refunds(data: &BackOffice) -> Vec<Value> {
    let charges = data.0.charges.iter();
    let mut refunds: Vec<_> =
        charges.filter_map(|charge| Some(shapes::refund(charge, charge.refund.as_ref()?))).collect();
    refunds.sort_by_key(|refund| std::cmp::Reverse(refund["created"].as_i64()));
    refunds
}

async fn list_refunds(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &["charge", "payment_intent", "created"])?;
    let refunds = matching(matching(all_refunds(&data), &params, "charge"), &params, "payment_intent");
    page("/v1/refunds", created_within(refunds, &params), &params)
}

async fn one_refund(State(data): State<BackOffice>, Path(id): Path<String>) -> Answer {
    one("refund", &id, all_refunds(&data).into_iter())
}

fn all_customers(data: &BackOffice, expand: &Expand) -> Vec<Value> {
    data.0.customers.iter().map(|customer| shapes::customer(data, customer, expand)).collect()
}

async fn list_customers(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &["email", "created"])?;
    page(
        "/v1/customers",
        matching(all_customers(&data, &expand(&params, "data.")), &params, "email"),
        &params,
    )
}

async fn search_customers(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &[])?;
    search("/v1/customers/search", all_customers(&data, &expand(&params, "data.")), &params, &CUSTOMER_FIELDS)
}

async fn one_customer(State(data): State<BackOffice>, Path(id): Path<String>, params: Params) -> Answer {
    one("customer", &id, all_customers(&data, &expand(&params, "")).into_iter())
}

fn all_subscriptions(data: &BackOffice, expand: &Expand) -> Vec<Value> {
    data.0.customers.iter().filter_map(|customer| shapes::subscription(data, customer, expand)).collect()
}

async fn list_subscriptions(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &["customer", "status"])?;
    let mut subscriptions =
        matching(all_subscriptions(&data, &expand(&params, "data.")), &params, "customer");
    match params.get("status") {
        Some("all") => {}
        Some(status) => subscriptions.retain(|subscription| subscription["status"] == status),
        None => subscriptions.retain(|subscription| subscription["status"] != "canceled"),
    }
    page("/v1/subscriptions", subscriptions, &params)
}

async fn one_subscription(State(data): State<BackOffice>, Path(id): Path<String>, params: Params) -> Answer {
    one("subscription", &id, all_subscriptions(&data, &expand(&params, "")).into_iter())
}

fn all_invoices(data: &BackOffice) -> Vec<Value> {
    data.0.invoices.iter().map(|invoice| shapes::invoice(data, invoice)).collect()
}

async fn list_invoices(State(data): State<BackOffice>, params: Params) -> Answer {
    only(&params, &["customer", "status", "subscription", "created"])?;
    let invoices = matching(matching(all_invoices(&data), &params, "customer"), &params, "status");
    page("/v1/invoices", created_within(matching(invoices, &params, "subscription"), &params), &params)
}

async fn one_invoice(State(data): State<BackOffice>, Path(id): Path<String>) -> Answer {
    one("invoice", &id, all_invoices(&data).into_iter())
}
