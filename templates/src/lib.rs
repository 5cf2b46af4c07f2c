//! The shipped actions and the demo back office that they run against when no account is anywhere at hand.
//!
//! [`gallery`] gives access to the thirteen templates, embedded in the binary; [`back_office`] is an HTTP service
//! that answers as Stripe, Statuspage, Jira, Zendesk, Shippo, Slack and six in-house systems do; [`demo`] puts the
//! two together as one guru. This crate must not know how actions are planned, run or stored.

pub mod back_office;
pub mod demo;
pub mod gallery;

pub use back_office::{BackOffice, router};
pub use demo::{demo_actions, demo_guru_settings, demo_secrets, demo_slug};
pub use gallery::{Case, ServiceMap, Template, template, templates};
