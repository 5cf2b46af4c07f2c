//! Charges, refunds and invoices.

use errand_domain::UnixMillis;

use super::{
    clock::{DAY, HOUR, MINUTE, SECOND},
    orders::Order,
    people::{Customer, State},
};

#[derive(Debug, Clone)]
pub(super) struct Charge {
    /// Unique; seeds the ids.
    pub seed: u64,
    /// Index into the customers.
    pub customer: usize,
    pub order: Option<u32>,
    /// Seed of the invoice it pays.
    pub invoice: Option<u64>,
    /// In cents.
    pub amount: i64,
    pub outcome: Outcome,
    pub created: UnixMillis,
    pub refund: Option<Refund>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    InsufficientFunds,
}

#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub amount: i64,
    pub status: RefundStatus,
    pub created: UnixMillis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefundStatus {
    Pending,
    Succeeded,
    RequiresAction,
    Failed,
}

impl RefundStatus {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::RequiresAction => "requires_action",
            Self::Failed => "failed",
        }
    }
}

use RefundStatus::{Failed, Pending, RequiresAction, Succeeded};

/// Order, status, age of the refund in hours, amount in cents (None for all of it).
const REFUNDS: [(u32, RefundStatus, i64, Option<i64>); 7] = [
    (12_345, Pending, 72, None),
    (12_351, Succeeded, 144, None),
    (12_362, Failed, 240, None),
    (12_366, Succeeded, 432, None),
    (12_368, RequiresAction, 26, None),
    (12_388, Succeeded, 98, Some(3_900)),
    (12_396, Succeeded, 50, None),
];

/// An order that was charged twice, the minutes between, and whether the second charge was refunded.
const DOUBLES: [(u32, i64, bool); 2] = [(12_402, 4, false), (12_399, 12, true)];

/// Orders whose payment failed.
const FAILED: [u32; 1] = [12_390];

/// Paid some time after it was placed, so that it is not taken for a part of the order before: order, minutes.
const LATER: [(u32, i64); 1] = [(12_387, 90)];

/// All charges, newest first.
pub(super) fn charges(now: UnixMillis, customers: &[Customer], orders: &[Order]) -> Vec<Charge> {
    let mut charges: Vec<_> = orders.iter().flat_map(|order| order_charges(now, order)).collect();
    for invoice in invoices(now, customers).iter().filter(|invoice| invoice.paid && invoice.total > 0) {
        charges.push(Charge {
            seed: 7_000_000 + invoice.seed,
            customer: invoice.customer,
            order: None,
            invoice: Some(invoice.seed),
            amount: invoice.total,
            outcome: Outcome::Succeeded,
            created: invoice.created.plus_ms(HOUR),
            refund: None,
        });
    }
    charges.sort_by_key(|charge| std::cmp::Reverse((charge.created, charge.seed)));
    charges
}

fn order_charges(now: UnixMillis, order: &Order) -> Vec<Charge> {
    let later = LATER.iter().find(|(number, _)| *number == order.number).map_or(0, |(_, minutes)| *minutes);
    let outcome =
        if FAILED.contains(&order.number) { Outcome::InsufficientFunds } else { Outcome::Succeeded };
    let first = Charge {
        seed: u64::from(order.number),
        customer: order.customer,
        order: Some(order.number),
        invoice: None,
        amount: order.total(),
        outcome,
        created: order.placed_at.plus_ms(later * MINUTE + 40 * SECOND),
        refund: REFUNDS.iter().find(|(number, ..)| *number == order.number).map(
            |&(_, status, hours, amount)| Refund {
                amount: amount.unwrap_or_else(|| order.total()),
                status,
                created: now.plus_ms(-hours * HOUR),
            },
        ),
    };
    let second =
        DOUBLES.iter().find(|(number, ..)| *number == order.number).map(|&(_, minutes, refunded)| Charge {
            seed: first.seed + 1_000_000,
            created: first.created.plus_ms(minutes * MINUTE),
            refund: refunded.then(|| Refund {
                amount: order.total(),
                status: Succeeded,
                created: now.plus_ms(-20 * HOUR),
            }),
            ..first.clone()
        });
    std::iter::once(first).chain(second).collect()
}

#[derive(Debug, Clone)]
pub(super) struct Invoice {
    /// Unique; seeds the id.
    pub seed: u64,
    pub customer: usize,
    /// Counts the customer's invoices from 1.
    pub number: u32,
    /// In cents.
    pub total: i64,
    pub paid: bool,
    pub created: UnixMillis,
}

/// The last three monthly invoices of every customer on a paid plan, newest first.
pub(super) fn invoices(now: UnixMillis, customers: &[Customer]) -> Vec<Invoice> {
    let paying = customers.iter().enumerate().filter(|(_, customer)| customer.plan.rank > 0);
    let mut invoices: Vec<_> =
        paying.flat_map(|(index, customer)| customer_invoices(now, index, customer)).collect();
    invoices.sort_by_key(|invoice| std::cmp::Reverse((invoice.created, invoice.seed)));
    invoices
}

fn customer_invoices(now: UnixMillis, index: usize, customer: &Customer) -> impl Iterator<Item = Invoice> {
    let start = now.plus_ms(-customer.days_into_period() * DAY);
    let (state, price, first_seed) = (customer.state, customer.monthly_price(), customer.index * 10);
    (0..3_u32).map(move |months_ago| {
        let latest = months_ago == 0;
        // The trial's invoice is over nothing; a cancelled subscription ended two months ago.
        let months_back = i64::from(months_ago) + if state == State::Canceled { 2 } else { 0 };
        Invoice {
            seed: first_seed + u64::from(months_ago),
            customer: index,
            number: 7 - months_ago,
            total: if state == State::Trialing { 0 } else { price },
            paid: !(latest && state == State::PastDue),
            created: start.plus_ms(-months_back * 30 * DAY),
        }
    })
}
