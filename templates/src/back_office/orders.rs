//! Orders of the shop and where their parcels are.

use errand_domain::UnixMillis;

use super::{
    catalogue::{self, PRODUCTS},
    clock::{DAY, HOUR, draw_below},
};

/// Number of the oldest order on the books.
pub(super) const FIRST_NUMBER: u32 = 12_340;
/// How many orders are on the books.
pub(super) const ORDERS: u32 = 64;

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub number: u32,
    /// Index into the customers.
    pub customer: usize,
    /// Article number and quantity.
    pub lines: Vec<(String, u32)>,
    pub placed_at: UnixMillis,
    pub shipping: Shipping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shipping {
    AwaitingPayment,
    Packing,
    Cancelled,
    Parcel(Parcel),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parcel {
    pub state: ParcelState,
    /// When it should arrive or did.
    pub eta: UnixMillis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParcelState {
    PreTransit,
    Transit,
    Delivered,
    Returned,
    Failure,
}

impl ParcelState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PreTransit => "PRE_TRANSIT",
            Self::Transit => "TRANSIT",
            Self::Delivered => "DELIVERED",
            Self::Returned => "RETURNED",
            Self::Failure => "FAILURE",
        }
    }
}

/// An order that the documentation and the examples speak of: number, customer, article, quantity, age in days,
/// shipping with the arrival in days from now.
type Told = (u32, usize, &'static str, u32, i64, Fate);

#[derive(Clone, Copy)]
enum Fate {
    Await,
    Pack,
    Cancel,
    Ship(ParcelState, i64),
}

use Fate::{Await, Cancel, Pack, Ship};
use ParcelState::{Delivered, Failure, PreTransit, Returned, Transit};

const TOLD: [Told; 24] = [
    (12_345, 0, "PIC-KB-DE", 1, 16, Ship(Returned, -5)),
    (12_350, 4, "LUM-FL-BLK", 1, 8, Ship(Delivered, -1)),
    (12_351, 9, "AUR-DL-WHT", 1, 22, Ship(Returned, -9)),
    (12_355, 5, "ORB-WC-STL", 2, 19, Ship(Delivered, -13)),
    (12_360, 0, "NIM-OC-GRN", 1, 6, Ship(Transit, 2)),
    (12_361, 1, "DRI-DM-GRY", 4, 17, Ship(Delivered, -11)),
    (12_362, 2, "PIC-KB-US", 1, 25, Ship(Returned, -12)),
    (12_365, 7, "FJO-TB-SND", 2, 9, Ship(Failure, -2)),
    (12_366, 10, "TER-BP-SND", 1, 34, Ship(Returned, -20)),
    (12_368, 11, "HAL-MA-SGL", 1, 12, Ship(Returned, -1)),
    (12_370, 6, "BOR-SD-OAK", 2, 10, Ship(Delivered, -3)),
    (12_372, 3, "SOL-TF-WHT", 3, 11, Ship(Transit, -1)),
    (12_374, 13, "COV-BS-WHT", 1, 9, Ship(Transit, 1)),
    (12_377, 12, "AUR-DL-BLK", 2, 3, Ship(PreTransit, 4)),
    (12_380, 16, "NIM-OC-GRY", 1, 5, Ship(Transit, 1)),
    (12_383, 17, "SOL-TF-BLK", 1, 8, Ship(Delivered, -2)),
    (12_386, 5, "TER-BP-GRN", 1, 4, Ship(Delivered, -1)),
    (12_387, 5, "TER-BP-SND", 1, 4, Ship(Transit, 1)),
    (12_388, 2, "FJO-TB-BLU", 2, 7, Ship(Delivered, -3)),
    (12_390, 18, "BOR-SD-WHT", 1, 2, Await),
    (12_391, 19, "AUR-DL-WHT", 1, 1, Pack),
    (12_396, 20, "HAL-MA-SGL", 2, 3, Cancel),
    (12_399, 3, "SOL-TF-WHT", 1, 1, Pack),
    (12_402, 0, "PIC-KB-US", 1, 2, Ship(Transit, 3)),
];

/// All orders, oldest number first.
pub(super) fn orders(now: UnixMillis) -> Vec<Order> {
    (FIRST_NUMBER..FIRST_NUMBER + ORDERS).map(|number| order(number, now)).collect()
}

fn order(number: u32, now: UnixMillis) -> Order {
    match TOLD.iter().find(|told| told.0 == number) {
        Some(&(_, customer, sku, quantity, age, fate)) => Order {
            number,
            customer,
            lines: vec![(sku.to_owned(), quantity)],
            placed_at: now.plus_ms(-age * DAY - 2 * HOUR),
            shipping: shipping(fate, now),
        },
        None => ordinary(number, now),
    }
}

fn shipping(fate: Fate, now: UnixMillis) -> Shipping {
    match fate {
        Await => Shipping::AwaitingPayment,
        Pack => Shipping::Packing,
        Cancel => Shipping::Cancelled,
        Ship(state, eta_days) => Shipping::Parcel(Parcel { state, eta: now.plus_ms(eta_days * DAY) }),
    }
}

/// An order nobody speaks of: drawn from its number, so that it is the same on every start.
fn ordinary(number: u32, now: UnixMillis) -> Order {
    let seed = u64::from(number);
    let product = &PRODUCTS[draw_below(seed, PRODUCTS.len())];
    let variant = &product.variants[draw_below(seed + 1_000_000, product.variants.len())];
    let quantity = [1, 1, 1, 2, 3][draw_below(seed + 2_000_000, 5)];
    let age = i64::from((FIRST_NUMBER + ORDERS - number) / 2);
    let hours = i64::try_from(draw_below(seed + 3_000_000, 20)).unwrap_or(0);
    let fate = match age {
        0..=1 => Pack,
        2..=4 => Ship(PreTransit, 3),
        5..=8 => Ship(Transit, 2),
        _ => Ship(Delivered, 5 - age),
    };
    Order {
        number,
        // The named customers come first in the list; spare them, so that what is told of them stays true.
        customer: 6 + draw_below(seed + 4_000_000, 19),
        lines: vec![(format!("{}-{}", product.code, variant.code), quantity)],
        placed_at: now.plus_ms(-age * DAY - hours * HOUR),
        shipping: shipping(fate, now),
    }
}

impl Order {
    /// What the order costs, in cents.
    pub(super) fn total(&self) -> i64 {
        let price = |(sku, quantity): &(String, u32)| {
            catalogue::article(sku).map_or(0, |(product, _)| product.price * i64::from(*quantity))
        };
        self.lines.iter().map(price).sum()
    }

    pub(super) fn carrier(&self) -> (&'static str, &'static str) {
        [
            ("dhl_express", "DHL Express"),
            ("ups", "UPS Ground"),
            ("fedex", "FedEx Home Delivery"),
            ("usps", "USPS Priority Mail"),
        ][draw_below(u64::from(self.number) + 5_000_000, 4)]
    }

    pub(super) fn tracking_number(&self) -> String {
        format!(
            "{}{:010}",
            9_200 + self.number % 97,
            super::clock::draw(u64::from(self.number)) % 10_000_000_000
        )
    }
}
