//! Shippo: orders with their labels, and tracking; reading only.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    BackOffice, catalogue,
    clock::{DAY, HOUR, hex_id, iso},
    keys::{self, Door, Presented, reply},
    orders::{Order, Parcel, ParcelState, Shipping},
    params::Params,
};

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 250;

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/orders", get(list_orders))
        .route("/orders/", get(list_orders))
        .route("/orders/{id}", get(show_order))
        .route("/tracks/{carrier}/{number}", get(track))
        .fallback(async || not_found());
    let door = Door {
        rate: Some(("x-ratelimit-limit", "x-ratelimit-remaining", 500)),
        ..Door::authorization(format!("ShippoToken {}", keys::SHIPPO_API_KEY), refuse)
    };
    keys::guarded(routes, door, data)
}

fn refuse(presented: Presented) -> Response {
    let detail = match presented {
        Presented::Nothing => "Authentication credentials were not provided.",
        Presented::WrongKey => "Invalid token",
    };
    reply(StatusCode::UNAUTHORIZED, json!({"detail": detail}))
}

fn not_found() -> Response {
    reply(StatusCode::NOT_FOUND, json!({"detail": "Not found"}))
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn object_id(order: &Order) -> String {
    hex_id(u64::from(order.number))
}

fn parcel(order: &Order) -> Option<Parcel> {
    match order.shipping {
        Shipping::Parcel(parcel) => Some(parcel),
        _ => None,
    }
}

fn status(order: &Order) -> &'static str {
    match order.shipping {
        Shipping::AwaitingPayment => "AWAITPAY",
        Shipping::Packing => "PAID",
        Shipping::Cancelled => "CANCELLED",
        Shipping::Parcel(_) => "SHIPPED",
    }
}

fn shape(data: &BackOffice, order: &Order) -> Value {
    let customer = &data.0.customers[order.customer];
    let (country, city) = customer.region.country();
    let items: Vec<_> = order.lines.iter().filter_map(|(sku, quantity)| {
        let (product, variant) = catalogue::article(sku)?;
        Some(json!({
            "object_id": hex_id(u64::from(order.number) + 100_000), "title": product.name, "variant_title": variant.name, "sku": sku,
            "quantity": quantity, "total_price": decimal(product.price * i64::from(*quantity)), "currency": "USD",
        }))
    }).collect();
    json!({
        "object_id": object_id(order),
        "object_owner": "shop@acme.example",
        "order_number": format!("#{}", order.number),
        "order_status": status(order),
        "placed_at": iso(order.placed_at),
        "to_address": {"name": customer.name, "city": city, "country": country, "email": customer.email, "is_complete": true},
        "line_items": items,
        "items": [],
        "shipping_method": order.carrier().1,
        "shipping_cost": "0.00", "shipping_cost_currency": "USD",
        "subtotal_price": decimal(order.total()), "total_price": decimal(order.total()), "total_tax": "0.00", "currency": "USD",
        "shop_app": "Shippo",
        "notes": null, "test": false,
        "transactions": parcel(order).map(|parcel| transaction(order, parcel)).into_iter().collect::<Vec<_>>(),
    })
}

fn transaction(order: &Order, parcel: Parcel) -> Value {
    json!({
        "object_id": hex_id(u64::from(order.number) + 200_000), "object_state": "VALID", "status": "SUCCESS",
        "tracking_number": order.tracking_number(), "tracking_status": parcel.state.as_str(), "eta": iso(parcel.eta),
        "tracking_url_provider": format!("https://tracking.example/{}/{}", order.carrier().0, order.tracking_number()),
        "label_url": null, "messages": [],
    })
}

/// `q` looks in order numbers, names and e-mail addresses.
async fn list_orders(State(data): State<BackOffice>, params: Params) -> Response {
    let wanted = params.get("q").map(|text| {
        let text = text.trim().trim_start_matches('#').to_lowercase();
        text.strip_prefix("ord-").map_or(text.clone(), str::to_owned)
    });
    let meets = |order: &&Order| {
        let customer = &data.0.customers[order.customer];
        let in_status = params.get("order_status[]").is_none_or(|wanted| wanted == status(order));
        in_status
            && wanted.as_deref().is_none_or(|wanted| {
                order.number.to_string() == wanted
                    || customer.email == wanted
                    || customer.name.to_lowercase() == wanted
            })
    };
    let found: Vec<_> = data.0.orders.iter().rev().filter(meets).collect();
    let (size, number) =
        (params.count("results", PAGE_DEFAULT, PAGE_MAX), params.count("page", 1, usize::MAX));
    let start = (number - 1).saturating_mul(size);
    if number > 1 && start >= found.len() {
        return reply(StatusCode::NOT_FOUND, json!({"detail": "Invalid page."}));
    }
    let link = |number: usize| format!("https://api.goshippo.com/orders/?page={number}&results={size}");
    let results: Vec<_> = found.iter().skip(start).take(size).map(|order| shape(&data, order)).collect();
    reply(
        StatusCode::OK,
        json!({
            "count": found.len(), "next": (found.len() > start + size).then(|| link(number + 1)),
            "previous": (number > 1).then(|| link(number - 1)), "results": results,
        }),
    )
}

async fn show_order(State(data): State<BackOffice>, Path(id): Path<String>) -> Response {
    match data.0.orders.iter().find(|order| object_id(order) == id) {
        Some(order) => reply(StatusCode::OK, shape(&data, order)),
        None => not_found(),
    }
}

async fn track(State(data): State<BackOffice>, Path((carrier, number)): Path<(String, String)>) -> Response {
    let sent_as = |order: &&Order| order.carrier().0 == carrier && order.tracking_number() == number;
    let order = data.0.orders.iter().find(sent_as);
    let Some((order, parcel)) = order.and_then(|order| Some((order, parcel(order)?))) else {
        return not_found();
    };
    let (country, city) = data.0.customers[order.customer].region.country();
    let at = match parcel.state {
        ParcelState::Delivered | ParcelState::Returned | ParcelState::Failure => parcel.eta,
        ParcelState::PreTransit | ParcelState::Transit => data.now().plus_ms(-5 * HOUR),
    };
    let status = json!({
        "object_id": hex_id(u64::from(order.number) + 300_000), "status": parcel.state.as_str(), "status_date": iso(at),
        "status_details": details(parcel.state), "location": {"city": city, "country": country},
    });
    let packed = json!({"status": "PRE_TRANSIT", "status_date": iso(order.placed_at.plus_ms(DAY)), "status_details": details(ParcelState::PreTransit)});
    reply(
        StatusCode::OK,
        json!({
            "carrier": carrier, "tracking_number": number, "eta": iso(parcel.eta), "servicelevel": {"name": order.carrier().1},
            "address_to": {"city": city, "country": country}, "tracking_history": [packed, status.clone()], "tracking_status": status,
        }),
    )
}

const fn details(state: ParcelState) -> &'static str {
    match state {
        ParcelState::PreTransit => "The carrier has been told about the parcel.",
        ParcelState::Transit => "The parcel has left the sorting centre.",
        ParcelState::Delivered => "The parcel was handed over.",
        ParcelState::Returned => "The parcel is back with the sender.",
        ParcelState::Failure => "The address could not be found.",
    }
}
