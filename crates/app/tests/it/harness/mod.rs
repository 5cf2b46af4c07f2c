//! What the tests share: the server as a process, clients of its API, and actions to try things with.

pub mod actions;
pub mod api;
pub mod browser;
pub mod server;
pub mod sse;

pub use actions::{get_action, post_action, python_action};
pub use api::{Api, Outcome};
pub use browser::Browser;
pub use server::{Server, Setup};
