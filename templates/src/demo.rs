//! The demo guru: every shipped action, working against the back office with no account anywhere.

use errand_domain::{GuruSettings, GuruSlug, SecretName, action_file::ActionFile};

use crate::{
    back_office::{self, JIRA_PROJECT_KEY, STATUSPAGE_PAGE_ID},
    gallery::{ServiceMap, templates},
};

/// Actions that the demo guru may have.
const ACTION_LIMIT: u32 = 20;

const INSTRUCTIONS: &str = "You are the assistant of Acme, a shop for desks, lamps and what goes with them. You help its support team, its \
customers and its own people. Use what the actions give back and nothing else for facts about orders, payments, \
accounts, stock, tickets, incidents and leave. Answer in two to five sentences: the answer first, then the next step. \
If something is missing, ask for exactly that. Never promise money or dates that no action has stated.";

/// Questions that show what the demo can do.
const QUESTIONS: [&str; 8] = [
    "Where is my refund for order 12345?",
    "I was charged twice! My e-mail is ana@acme.test",
    "Is the site down?",
    "Which tickets breach SLA in the next 3 hours?",
    "What plan is bo@globex.test on?",
    "Is the Aurora desk lamp in black in stock?",
    "How many PTO days do I have left?",
    "Book Friday off",
];

/// The demo guru's slug.
///
/// # Panics
/// Never: the word is a valid slug.
pub fn demo_slug() -> GuruSlug {
    "demo".parse().expect("`demo` is a valid slug")
}

/// The demo guru's settings, with the embedded planner and UTC.
pub fn demo_guru_settings() -> GuruSettings {
    GuruSettings {
        name: "Acme assistant (demo)".to_owned(),
        instructions: INSTRUCTIONS.to_owned(),
        example_questions: QUESTIONS.map(str::to_owned).to_vec(),
        action_limit: Some(ACTION_LIMIT),
        ..GuruSettings::default()
    }
}

/// Secret → value for every secret that the demo's actions refer to. The values are public and open nothing but the
/// back office.
///
/// # Panics
/// Never: the names are constants and a test reads them.
pub fn demo_secrets() -> Vec<(SecretName, &'static str)> {
    let named = back_office::keys().into_iter();
    named.map(|(name, value)| (name.parse().expect("the back office's key names are valid"), value)).collect()
}

/// The thirteen actions, calling the back office at `base_url` (`http://127.0.0.1:PORT`, without a closing slash).
pub fn demo_actions(base_url: &str) -> Vec<ActionFile> {
    let services = demo_services(base_url);
    templates().iter().map(|template| template.with_services(&services)).collect()
}

/// Where the back office at `base_url` stands in for the real services.
pub fn demo_services(base_url: &str) -> ServiceMap {
    const REAL: [(&str, &str); 11] = [
        ("https://api.stripe.com", "stripe"),
        ("https://api.statuspage.io", "statuspage"),
        ("https://{JIRA_DOMAIN}", "jira"),
        ("https://{ZENDESK_SUBDOMAIN}.zendesk.com", "zendesk"),
        ("https://api.goshippo.com", "shippo"),
        ("https://product-db.example.com", "productdb"),
        ("https://inventory.example.com", "inventory"),
        ("https://analytics.example.com", "analytics"),
        ("https://hr.example.com", "hr"),
        ("https://sap.example.com", "sap"),
        ("https://slack.com", "slack"),
    ];
    let settings = ServiceMap::default()
        .setting("STATUSPAGE_PAGE_ID", STATUSPAGE_PAGE_ID)
        .setting("JIRA_PROJECT_KEY", JIRA_PROJECT_KEY);
    let base_url = base_url.trim_end_matches('/');
    REAL.iter()
        .fold(settings, |services, (real, prefix)| services.base(*real, format!("{base_url}/{prefix}")))
}
