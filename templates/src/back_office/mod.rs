//! A make-believe company behind real interfaces: one HTTP service with a prefix per product (`/stripe`, `/jira`, …)
//! that takes the requests the shipped actions send and answers in the products' own shapes, errors included.
//!
//! The data is the same for the same start time and is told relative to it (a refund of three days ago stays three
//! days old); time stands still afterwards. What is written (issues, leave requests, messages) is kept in memory
//! and can be read back.

mod analytics;
mod catalogue;
mod clock;
mod helpdesk;
mod hr;
mod inventory;
mod jira;
mod keys;
mod orders;
mod params;
mod payments;
mod people;
mod productdb;
mod sap;
mod shippo;
mod slack;
mod statuspage;
mod stripe;
mod stripe_search;
mod stripe_shapes;
mod zendesk;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use axum::Router;
use errand_domain::UnixMillis;

pub use keys::{JIRA_PROJECT_KEY, STATUSPAGE_PAGE_ID, keys};

/// The company's books. Cheap to clone: all clones are the same company.
#[derive(Debug, Clone)]
pub struct BackOffice(Arc<Books>);

#[derive(Debug)]
struct Books {
    now: UnixMillis,
    customers: Vec<people::Customer>,
    orders: Vec<orders::Order>,
    charges: Vec<payments::Charge>,
    invoices: Vec<payments::Invoice>,
    written: Mutex<Written>,
    requests: AtomicU64,
}

/// What callers have created since the start.
#[derive(Debug, Default)]
struct Written {
    issues: Vec<jira::Issue>,
    leave: Vec<sap::LeaveRequest>,
    messages: Vec<slack::Message>,
}

impl BackOffice {
    /// The company as it stands at `now`.
    pub fn seeded(now: UnixMillis) -> Self {
        let customers = people::customers();
        let orders = orders::orders(now);
        let charges = payments::charges(now, &customers, &orders);
        let invoices = payments::invoices(now, &customers);
        let written = Written { issues: jira::seeded(now), ..Written::default() };
        let (written, requests) = (Mutex::new(written), AtomicU64::new(0));
        Self(Arc::new(Books { now, customers, orders, charges, invoices, written, requests }))
    }

    fn now(&self) -> UnixMillis {
        self.0.now
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // A panic while it was held leaves whole records behind: each is pushed in one step.
        self.0.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn customer_by_email(&self, email: &str) -> Option<&people::Customer> {
        self.0.customers.iter().find(|customer| customer.email.eq_ignore_ascii_case(email.trim()))
    }

    /// Counts a request and returns its number, from 1.
    fn count_request(&self) -> u64 {
        self.0.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Answers on `listener` until the process ends. Bind it to loopback: its keys are public.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: tokio::net::TcpListener, data: BackOffice) -> std::io::Result<()> {
    axum::serve(listener, router(data)).await
}

/// Every service under its prefix. Serve it on a loopback address only: its keys are public.
pub fn router(data: BackOffice) -> Router {
    Router::new()
        .nest("/stripe", stripe::router(&data))
        .nest("/statuspage", statuspage::router(&data))
        .nest("/jira", jira::router(&data))
        .nest("/zendesk", zendesk::router(&data))
        .nest("/shippo", shippo::router(&data))
        .nest("/productdb", productdb::router(&data))
        .nest("/inventory", inventory::router(&data))
        .nest("/analytics", analytics::router(&data))
        .nest("/hr", hr::router(&data))
        .nest("/sap", sap::router(&data))
        .nest("/slack", slack::router(&data))
        .with_state(data)
}
