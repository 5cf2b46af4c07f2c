//! Stripe's objects as JSON (API version 2024-06-20), with `expand[]`.

use serde_json::{Map, Value, json};

use super::{
    BackOffice,
    clock::{DAY, draw, object_id, seconds},
    payments::{Charge, Invoice, Outcome, Refund, RefundStatus},
    people::{Card, Customer, State},
};

/// What the caller asked to have expanded, below the object at hand (`refunds`, `subscriptions.data.latest_invoice`).
#[derive(Debug, Clone, Default)]
pub(super) struct Expand(Vec<String>);

impl Expand {
    /// Paths below `prefix`; `""` for those that start at the object itself.
    pub(super) fn below<'a>(paths: impl Iterator<Item = &'a str>, prefix: &str) -> Self {
        Self(paths.filter_map(|path| path.strip_prefix(prefix)).map(str::to_owned).collect())
    }

    fn has(&self, path: &str) -> bool {
        let deeper = format!("{path}.");
        self.0.iter().any(|asked| asked == path || asked.starts_with(&deeper))
    }
}

pub(super) fn charge_id(charge: &Charge) -> String {
    object_id("ch", charge.seed)
}

pub(super) fn customer_id(index: u64) -> String {
    object_id("cus", 500 + index).chars().take(18).collect()
}

pub(super) fn refund_id(charge: &Charge) -> String {
    object_id("re", 3_000_000 + charge.seed)
}

pub(super) fn invoice_id(seed: u64) -> String {
    object_id("in", 4_000_000 + seed)
}

pub(super) fn subscription_id(customer: &Customer) -> String {
    object_id("sub", 6_000_000 + customer.index)
}

fn payment_method_id(customer: &Customer) -> String {
    object_id("pm", 8_000_000 + customer.index)
}

/// Stripe's list envelope.
pub(super) fn list(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "url": url, "has_more": has_more, "data": data})
}

pub(super) fn charge(data: &BackOffice, charge: &Charge, expand: &Expand) -> Value {
    let customer = &data.0.customers[charge.customer];
    let succeeded = charge.outcome == Outcome::Succeeded;
    let amount_refunded = charge
        .refund
        .as_ref()
        .filter(|refund| refund.status != RefundStatus::Failed)
        .map_or(0, |refund| refund.amount);
    let mut metadata = Map::from_iter([("customer_email".to_owned(), json!(customer.email))]);
    if let Some(order) = charge.order {
        metadata.insert("order_id".to_owned(), json!(order.to_string()));
    }
    let mut object = json!({
        "id": charge_id(charge),
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": if succeeded { charge.amount } else { 0 },
        "amount_refunded": amount_refunded,
        "balance_transaction": succeeded.then(|| object_id("txn", charge.seed)),
        "billing_details": {"address": {"country": customer.region.country().0}, "email": customer.email, "name": customer.name, "phone": null},
        "captured": succeeded,
        "created": seconds(charge.created),
        "currency": "usd",
        "customer": customer_id(customer.index),
        "description": charge.order.map_or_else(|| format!("{} subscription", customer.plan.name), |order| format!("Order {order}")),
        "disputed": false,
        "failure_code": (!succeeded).then_some("card_declined"),
        "failure_message": (!succeeded).then_some("Your card has insufficient funds."),
        "invoice": charge.invoice.map(invoice_id),
        "livemode": false,
        "metadata": metadata,
        "outcome": {"network_status": if succeeded { "approved_by_network" } else { "declined_by_network" }, "risk_level": "normal", "type": if succeeded { "authorized" } else { "issuer_declined" }},
        "paid": succeeded,
        "payment_intent": object_id("pi", charge.seed % 1_000_000),
        "payment_method_details": {"type": "card", "card": charged_card(customer)},
        "receipt_email": customer.email,
        "receipt_number": format!("{}-{:04}", 1_000 + charge.seed % 9_000, draw(charge.seed) % 10_000),
        "refunded": amount_refunded == charge.amount,
        "status": if succeeded { "succeeded" } else { "failed" },
    });
    if expand.has("refunds") {
        let refunds: Vec<_> = charge.refund.iter().map(|one| refund(charge, one)).collect();
        object["refunds"] = list(&format!("/v1/charges/{}/refunds", charge_id(charge)), &refunds, false);
    }
    if expand.has("customer") {
        object["customer"] = self::customer(data, customer, &Expand::default());
    }
    object
}

/// Everyone pays shop orders by card; those without one on file type it in.
fn charged_card(customer: &Customer) -> Value {
    let card = customer.card.map_or(("visa", "1881"), |card| (card.brand, card.last4));
    json!({"brand": card.0, "last4": card.1, "country": customer.region.country().0, "funding": "credit"})
}

pub(super) fn refund(charge: &Charge, refund: &Refund) -> Value {
    let sent = refund.status == RefundStatus::Succeeded;
    json!({
        "id": refund_id(charge),
        "object": "refund",
        "amount": refund.amount,
        "charge": charge_id(charge),
        "created": seconds(refund.created),
        "currency": "usd",
        "destination_details": {"type": "card", "card": {
            "reference": sent.then(|| format!("{:023}", draw(charge.seed))),
            "reference_status": if sent { "available" } else { "pending" },
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        }},
        "failure_reason": (refund.status == RefundStatus::Failed).then_some("expired_or_canceled_card"),
        "metadata": {},
        "payment_intent": object_id("pi", charge.seed % 1_000_000),
        "reason": "requested_by_customer",
        "status": refund.status.as_str(),
    })
}

pub(super) fn customer(data: &BackOffice, customer: &Customer, expand: &Expand) -> Value {
    let method = customer.card.map(|card| {
        if expand.has("invoice_settings.default_payment_method") {
            payment_method(data, customer, card)
        } else {
            json!(payment_method_id(customer))
        }
    });
    let mut object = json!({
        "id": customer_id(customer.index),
        "object": "customer",
        "balance": if customer.email == "dora@umbrella.test" { -2_500 } else { 0 },
        "created": seconds(data.now().plus_ms(-(400 + i64::try_from(customer.index).unwrap_or(0) * 9) * DAY)),
        "currency": "usd",
        "delinquent": customer.state == State::PastDue,
        "description": customer.company,
        "email": customer.email,
        "invoice_prefix": invoice_prefix(customer),
        "invoice_settings": {"custom_fields": null, "default_payment_method": method, "footer": null},
        "livemode": false,
        "metadata": {"company": customer.company},
        "name": customer.name,
        "phone": null,
    });
    if expand.has("subscriptions") {
        let below = Expand::below(expand.0.iter().map(String::as_str), "subscriptions.data.");
        let subscriptions: Vec<_> = subscription(data, customer, &below)
            .into_iter()
            .filter(|one| one["status"] != "canceled")
            .collect();
        object["subscriptions"] = list(
            &format!("/v1/customers/{}/subscriptions", customer_id(customer.index)),
            &subscriptions,
            false,
        );
    }
    object
}

fn payment_method(data: &BackOffice, customer: &Customer, card: Card) -> Value {
    json!({
        "id": payment_method_id(customer),
        "object": "payment_method",
        "type": "card",
        "customer": customer_id(customer.index),
        "card": {
            "brand": card.brand, "last4": card.last4, "exp_month": card.exp_month,
            "exp_year": super::clock::day(data.now()).year() + card.exp_years_ahead, "funding": "credit",
        },
    })
}

fn invoice_prefix(customer: &Customer) -> String {
    let letters = customer.company.chars().filter(char::is_ascii_alphabetic).take(3);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// The customer's subscription; None on the free plan.
pub(super) fn subscription(data: &BackOffice, customer: &Customer, expand: &Expand) -> Option<Value> {
    let latest =
        data.0.invoices.iter().find(|invoice| data.0.customers[invoice.customer].index == customer.index)?;
    let start = latest.created;
    let end = start.plus_ms(30 * DAY);
    let canceled = customer.state == State::Canceled;
    let latest_invoice =
        if expand.has("latest_invoice") { invoice(data, latest) } else { json!(invoice_id(latest.seed)) };
    Some(json!({
        "id": subscription_id(customer),
        "object": "subscription",
        "cancel_at_period_end": customer.state == State::Ending,
        "canceled_at": (canceled || customer.state == State::Ending).then(|| seconds(if canceled { end } else { start.plus_ms(DAY) })),
        "created": seconds(data.now().plus_ms(-390 * DAY)),
        "currency": "usd",
        "current_period_start": seconds(start),
        "current_period_end": seconds(end),
        "customer": customer_id(customer.index),
        "items": list(&format!("/v1/subscription_items?subscription={}", subscription_id(customer)), &[json!({
            "id": object_id("si", customer.index),
            "object": "subscription_item",
            "quantity": customer.seats,
            "price": {
                "id": format!("price_{}_monthly", customer.plan.code), "object": "price", "nickname": customer.plan.name,
                "unit_amount": customer.plan.seat_price, "currency": "usd",
                "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            },
        })], false),
        "latest_invoice": latest_invoice,
        "livemode": false,
        "metadata": {},
        "status": customer.state.as_str(),
        "trial_end": (customer.state == State::Trialing).then(|| seconds(end)),
    }))
}

pub(super) fn invoice(data: &BackOffice, invoice: &Invoice) -> Value {
    let customer = &data.0.customers[invoice.customer];
    let due = if invoice.paid { 0 } else { invoice.total };
    json!({
        "id": invoice_id(invoice.seed),
        "object": "invoice",
        "amount_due": invoice.total,
        "amount_paid": invoice.total - due,
        "amount_remaining": due,
        "attempt_count": if invoice.paid { 1 } else { 3 },
        "created": seconds(invoice.created),
        "currency": "usd",
        "customer": customer_id(customer.index),
        "customer_email": customer.email,
        "due_date": null,
        "next_payment_attempt": (!invoice.paid).then(|| seconds(data.now().plus_ms(2 * DAY))),
        "number": format!("{}-{:04}", invoice_prefix(customer), invoice.number),
        "paid": invoice.paid,
        "period_start": seconds(invoice.created),
        "period_end": seconds(invoice.created.plus_ms(30 * DAY)),
        "status": if invoice.paid { "paid" } else { "open" },
        "subscription": subscription_id(customer),
        "total": invoice.total,
    })
}
