//! The company's customers and their plans.

/// One customer account.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    /// Position in the list; seeds the ids.
    pub index: u64,
    pub name: &'static str,
    pub email: &'static str,
    pub company: &'static str,
    pub region: Region,
    pub plan: &'static Plan,
    pub seats: u32,
    pub seats_used: u32,
    pub card: Option<Card>,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    EuCentral,
    UsEast,
    UsWest,
    ApSouth,
}

impl Region {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::EuCentral => "eu-central",
            Self::UsEast => "us-east",
            Self::UsWest => "us-west",
            Self::ApSouth => "ap-south",
        }
    }

    /// Whether people mean this region by `asked`: its name, its continent, a common word for it.
    pub(super) fn is_meant_by(self, asked: &str) -> bool {
        let asked = asked.trim().to_lowercase();
        let words: &[&str] = match self {
            Self::EuCentral => &["eu", "europe", "emea", "germany"],
            Self::UsEast | Self::UsWest => &["us", "usa", "america", "north america", "united states"],
            Self::ApSouth => &["apac", "asia", "asia pacific", "india"],
        };
        asked.replace([' ', '_'], "-") == self.as_str() || words.contains(&asked.as_str())
    }

    pub(super) const fn account_manager(self) -> &'static str {
        match self {
            Self::EuCentral => "Ingrid Holm",
            Self::UsEast => "Marcus Reed",
            Self::UsWest => "Tessa Nguyen",
            Self::ApSouth => "Arjun Mehta",
        }
    }

    pub(super) const fn country(self) -> (&'static str, &'static str) {
        match self {
            Self::EuCentral => ("DE", "Berlin"),
            Self::UsEast => ("US", "New York"),
            Self::UsWest => ("US", "Seattle"),
            Self::ApSouth => ("IN", "Bengaluru"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Card {
    pub brand: &'static str,
    pub last4: &'static str,
    pub exp_month: u32,
    /// Years after the year of the start.
    pub exp_years_ahead: i16,
}

/// How the subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Trialing,
    PastDue,
    /// Runs out at the end of the period.
    Ending,
    Canceled,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active | Self::Ending => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }
}

/// A plan and what it grants.
#[derive(Debug)]
pub(super) struct Plan {
    pub code: &'static str,
    pub name: &'static str,
    /// Per seat and month, in cents.
    pub seat_price: i64,
    /// Place in the order of plans, from 0.
    pub rank: usize,
}

pub(super) static PLANS: [Plan; 4] = [
    Plan { code: "free", name: "Free", seat_price: 0, rank: 0 },
    Plan { code: "team", name: "Team", seat_price: 1_800, rank: 1 },
    Plan { code: "business", name: "Business", seat_price: 3_200, rank: 2 },
    Plan { code: "enterprise", name: "Enterprise", seat_price: 5_400, rank: 3 },
];

/// A feature: from which plan on it is included, and its limit per plan when it has one.
#[derive(Debug)]
pub(super) struct Feature {
    pub key: &'static str,
    pub label: &'static str,
    pub from_rank: usize,
    /// Limit by plan rank; 0 for none.
    pub limits: [u32; 4],
    pub unit: &'static str,
    /// Other words that people use for it.
    pub aliases: &'static [&'static str],
}

pub(super) const FEATURES: [Feature; 9] = [
    Feature {
        key: "projects",
        label: "Projects",
        from_rank: 0,
        limits: [3, 50, 500, 0],
        unit: "projects",
        aliases: &["project"],
    },
    Feature {
        key: "automation_runs",
        label: "Automation runs",
        from_rank: 0,
        limits: [100, 5_000, 50_000, 0],
        unit: "runs a month",
        aliases: &["automations", "automation"],
    },
    Feature {
        key: "webhooks",
        label: "Webhooks",
        from_rank: 1,
        limits: [0, 10, 100, 0],
        unit: "endpoints",
        aliases: &["webhook"],
    },
    Feature {
        key: "api_access",
        label: "API access",
        from_rank: 1,
        limits: [0, 10_000, 100_000, 0],
        unit: "calls a day",
        aliases: &["api"],
    },
    Feature {
        key: "data_export",
        label: "Data export",
        from_rank: 1,
        limits: [0, 0, 0, 0],
        unit: "",
        aliases: &["export", "exports", "csv export"],
    },
    Feature {
        key: "custom_roles",
        label: "Custom roles",
        from_rank: 2,
        limits: [0, 0, 0, 0],
        unit: "",
        aliases: &["roles", "permissions"],
    },
    Feature {
        key: "sso",
        label: "SSO",
        from_rank: 2,
        limits: [0, 0, 0, 0],
        unit: "",
        aliases: &["single sign-on", "single sign on", "saml", "oidc"],
    },
    Feature {
        key: "audit_log",
        label: "Audit log",
        from_rank: 2,
        limits: [0, 0, 0, 0],
        unit: "",
        aliases: &["audit logs", "audit trail"],
    },
    Feature {
        key: "priority_support",
        label: "Priority support",
        from_rank: 3,
        limits: [0, 0, 0, 0],
        unit: "",
        aliases: &["24/7 support"],
    },
];

const VISA: Card = Card { brand: "visa", last4: "4242", exp_month: 11, exp_years_ahead: 2 };
const MASTERCARD: Card = Card { brand: "mastercard", last4: "4444", exp_month: 8, exp_years_ahead: 2 };
const AMEX: Card = Card { brand: "amex", last4: "0005", exp_month: 3, exp_years_ahead: 4 };
const VISA_DEBIT: Card = Card { brand: "visa", last4: "5556", exp_month: 12, exp_years_ahead: 0 };

/// Name, e-mail, company, region, plan rank, seats, seats used, card, state.
type Row = (&'static str, &'static str, &'static str, Region, usize, u32, u32, Option<Card>, State);

use Region::{ApSouth, EuCentral, UsEast, UsWest};
use State::{Active, Canceled, Ending, PastDue, Trialing};

const ROWS: [Row; 25] = [
    ("Ana Silva", "ana@acme.test", "Acme", EuCentral, 2, 40, 36, Some(VISA), Active),
    ("Bo Lindqvist", "bo@globex.test", "Globex", EuCentral, 1, 25, 18, Some(MASTERCARD), Active),
    ("Lena Fischer", "lena@initech.test", "Initech", EuCentral, 1, 10, 10, Some(VISA_DEBIT), PastDue),
    ("Joe Parker", "joe@initech.test", "Initech Labs", UsEast, 1, 5, 4, Some(MASTERCARD), Ending),
    ("Dora Marsh", "dora@umbrella.test", "Umbrella", UsWest, 2, 60, 51, Some(AMEX), Active),
    ("Marco Conti", "marco@hooli.test", "Hooli", EuCentral, 1, 15, 12, Some(VISA), Active),
    ("Priya Raman", "priya@stark.test", "Stark Industries", ApSouth, 3, 400, 372, Some(AMEX), Active),
    ("Nora Quinn", "nora@wayne.test", "Wayne Enterprises", UsEast, 3, 250, 240, Some(VISA), PastDue),
    ("Kim Tanaka", "kim@cyberdyne.test", "Cyberdyne", ApSouth, 0, 3, 2, None, Active),
    ("Tomás Vega", "tomas@soylent.test", "Soylent", UsWest, 1, 12, 9, Some(VISA), Trialing),
    ("Greta Nowak", "greta@tyrell.test", "Tyrell", EuCentral, 2, 80, 77, Some(MASTERCARD), Active),
    ("Sam Okafor", "sam@wonka.test", "Wonka", UsEast, 1, 20, 20, Some(AMEX), Active),
    ("Mei Chen", "mei@oscorp.test", "Oscorp", ApSouth, 2, 45, 30, Some(VISA), Active),
    ("Liam Byrne", "liam@gringotts.test", "Gringotts", EuCentral, 3, 150, 148, Some(MASTERCARD), Active),
    ("Zoe Laurent", "zoe@monarch.test", "Monarch", EuCentral, 0, 3, 3, None, Active),
    ("Omar Haddad", "omar@aperture.test", "Aperture", UsWest, 1, 8, 6, Some(VISA_DEBIT), Canceled),
    ("Ida Sørensen", "ida@vandelay.test", "Vandelay", EuCentral, 1, 30, 22, Some(VISA), Active),
    ("Ravi Kumar", "ravi@massive.test", "Massive Dynamic", ApSouth, 2, 55, 41, Some(MASTERCARD), Active),
    ("Ella Brooks", "ella@dunder.test", "Dunder", UsEast, 1, 18, 11, Some(VISA), Active),
    ("Hugo Martin", "hugo@pied.test", "Pied Piper", UsWest, 2, 35, 33, Some(AMEX), Active),
    ("Sofia Rossi", "sofia@bluth.test", "Bluth", EuCentral, 1, 6, 5, Some(MASTERCARD), Active),
    ("Noah Becker", "noah@sirius.test", "Sirius", EuCentral, 2, 70, 64, Some(VISA), Active),
    ("Amara Diallo", "amara@zorg.test", "Zorg", UsEast, 1, 14, 13, Some(VISA), Active),
    ("Jin Park", "jin@nakatomi.test", "Nakatomi", ApSouth, 3, 300, 255, Some(MASTERCARD), Active),
    ("Ruth Cohen", "ruth@prestige.test", "Prestige", UsWest, 0, 3, 1, None, Active),
];

pub(super) fn customers() -> Vec<Customer> {
    (0..).zip(ROWS).map(|(index, row)| customer(index, row)).collect()
}

fn customer(index: u64, row: Row) -> Customer {
    let (name, email, company, region, rank, seats, seats_used, card, state) = row;
    Customer { index, name, email, company, region, plan: &PLANS[rank], seats, seats_used, card, state }
}

impl Customer {
    /// Day of the month-long billing period that the start falls on, from 1 to 27.
    pub(super) fn days_into_period(&self) -> i64 {
        1 + i64::try_from(self.index * 7 % 27).unwrap_or(0)
    }

    /// What a month costs, in cents.
    pub(super) fn monthly_price(&self) -> i64 {
        self.plan.seat_price * i64::from(self.seats)
    }
}
