//! The support desk's tickets, groups and agents.

use errand_domain::UnixMillis;

use super::clock::{HOUR, MINUTE};

/// Group id and name.
pub(super) const GROUPS: [(u64, &str); 4] =
    [(7_001, "Billing"), (7_002, "Tier 1"), (7_003, "Tier 2"), (7_004, "Returns")];

/// Agent id, name, e-mail.
pub(super) const AGENTS: [(u64, &str, &str); 4] = [
    (8_001, "Hanna Weiss", "hanna@acme.example"),
    (8_002, "Diego Ramos", "diego@acme.example"),
    (8_003, "Yuki Mori", "yuki@acme.example"),
    (8_004, "Clara Novak", "clara@acme.example"),
];

/// Ids of requesters start here; the customer's index is added.
pub(super) const REQUESTER_IDS: u64 = 9_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Active,
    Paused,
    Achieved,
}

impl Stage {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Achieved => "achieved",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub name: &'static str,
    pub stage: Stage,
    /// Minutes until it is breached; negative when it was.
    pub minutes_left: i64,
}

#[derive(Debug)]
pub(super) struct Ticket {
    pub id: u64,
    pub subject: &'static str,
    /// Index into the customers.
    pub requester: u64,
    /// Index into the groups.
    pub group: usize,
    /// Index into the agents.
    pub assignee: Option<usize>,
    pub priority: &'static str,
    pub status: &'static str,
    pub age_hours: i64,
    pub metrics: &'static [Metric],
}

const fn m(name: &'static str, stage: Stage, minutes_left: i64) -> Metric {
    Metric { name, stage, minutes_left }
}

use Stage::{Achieved, Active, Paused};

const FIRST: &str = "first_reply_time";
const NEXT: &str = "next_reply_time";
const WAIT: &str = "requester_wait_time";

pub(super) static TICKETS: [Ticket; 18] = [
    Ticket {
        id: 4_398,
        subject: "Refund for order 12362 never arrived",
        requester: 2,
        group: 0,
        assignee: Some(0),
        priority: "high",
        status: "open",
        age_hours: 50,
        metrics: &[m(FIRST, Achieved, 0), m(NEXT, Active, 95)],
    },
    Ticket {
        id: 4_399,
        subject: "Change the invoice address",
        requester: 4,
        group: 0,
        assignee: Some(3),
        priority: "low",
        status: "pending",
        age_hours: 47,
        metrics: &[m(FIRST, Achieved, 0), m(WAIT, Paused, 900)],
    },
    Ticket {
        id: 4_401,
        subject: "Webhook signatures do not match",
        requester: 6,
        group: 2,
        assignee: Some(2),
        priority: "urgent",
        status: "open",
        age_hours: 30,
        metrics: &[m(FIRST, Achieved, 0), m(WAIT, Active, -125)],
    },
    Ticket {
        id: 4_403,
        subject: "How do I add a colleague?",
        requester: 8,
        group: 1,
        assignee: Some(1),
        priority: "low",
        status: "open",
        age_hours: 28,
        metrics: &[m(FIRST, Active, 1_260)],
    },
    Ticket {
        id: 4_404,
        subject: "Data export stops at 10,000 rows",
        requester: 10,
        group: 2,
        assignee: Some(2),
        priority: "high",
        status: "open",
        age_hours: 26,
        metrics: &[m(FIRST, Achieved, 0), m(NEXT, Active, 150)],
    },
    Ticket {
        id: 4_405,
        subject: "Parcel was returned to you, please send it again",
        requester: 11,
        group: 3,
        assignee: None,
        priority: "normal",
        status: "open",
        age_hours: 22,
        metrics: &[m(FIRST, Active, 310)],
    },
    Ticket {
        id: 4_407,
        subject: "SSO loop after the certificate change",
        requester: 13,
        group: 2,
        assignee: Some(2),
        priority: "urgent",
        status: "open",
        age_hours: 12,
        metrics: &[m(FIRST, Achieved, 0), m(WAIT, Active, 75)],
    },
    Ticket {
        id: 4_408,
        subject: "Lamp arrived broken, order 12350",
        requester: 4,
        group: 3,
        assignee: Some(1),
        priority: "normal",
        status: "open",
        age_hours: 11,
        metrics: &[m(FIRST, Active, 420)],
    },
    Ticket {
        id: 4_409,
        subject: "Please explain the prorated amount",
        requester: 16,
        group: 0,
        assignee: Some(0),
        priority: "normal",
        status: "open",
        age_hours: 9,
        metrics: &[m(FIRST, Active, 200)],
    },
    Ticket {
        id: 4_411,
        subject: "Invoice shows the wrong VAT number",
        requester: 1,
        group: 0,
        assignee: None,
        priority: "urgent",
        status: "new",
        age_hours: 3,
        metrics: &[m(FIRST, Active, 40)],
    },
    Ticket {
        id: 4_412,
        subject: "Checkout fails with 503 for all our buyers",
        requester: 7,
        group: 2,
        assignee: Some(2),
        priority: "urgent",
        status: "open",
        age_hours: 2,
        metrics: &[m(FIRST, Active, 20), m(WAIT, Active, 1_380)],
    },
    Ticket {
        id: 4_413,
        subject: "Charged twice for one keyboard",
        requester: 0,
        group: 0,
        assignee: Some(0),
        priority: "high",
        status: "new",
        age_hours: 2,
        metrics: &[m(FIRST, Active, 170)],
    },
    Ticket {
        id: 4_414,
        subject: "Error 503 when paying",
        requester: 12,
        group: 1,
        assignee: None,
        priority: "high",
        status: "new",
        age_hours: 1,
        metrics: &[m(FIRST, Active, 240)],
    },
    Ticket {
        id: 4_415,
        subject: "Which chair fits a 2 m person?",
        requester: 20,
        group: 1,
        assignee: None,
        priority: "low",
        status: "new",
        age_hours: 1,
        metrics: &[m(FIRST, Active, 2_800)],
    },
    Ticket {
        id: 4_416,
        subject: "Custom roles are gone after the upgrade",
        requester: 21,
        group: 2,
        assignee: Some(3),
        priority: "high",
        status: "open",
        age_hours: 1,
        metrics: &[m(FIRST, Active, 175)],
    },
    Ticket {
        id: 4_417,
        subject: "Feature request: dark invoices",
        requester: 22,
        group: 1,
        assignee: None,
        priority: "low",
        status: "new",
        age_hours: 1,
        metrics: &[],
    },
    Ticket {
        id: 4_390,
        subject: "Cannot reset my password",
        requester: 18,
        group: 1,
        assignee: Some(1),
        priority: "normal",
        status: "solved",
        age_hours: 90,
        metrics: &[m(FIRST, Achieved, 0)],
    },
    Ticket {
        id: 4_391,
        subject: "Order 12351 refunded, thank you",
        requester: 9,
        group: 3,
        assignee: Some(3),
        priority: "normal",
        status: "closed",
        age_hours: 120,
        metrics: &[m(FIRST, Achieved, 0)],
    },
];

/// Statuses in Zendesk's order: `status<solved` means everything before it.
pub(super) const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];

impl Ticket {
    pub(super) fn created(&self, now: UnixMillis) -> UnixMillis {
        // Minutes taken from the number keep tickets of the same hour apart.
        now.plus_ms(-self.age_hours * HOUR - i64::try_from(self.id % 50).unwrap_or(0) * MINUTE)
    }

    pub(super) fn status_rank(&self) -> usize {
        STATUSES.iter().position(|status| *status == self.status).unwrap_or(0)
    }
}
