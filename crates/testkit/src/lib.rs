//! What tests share: fresh databases of both kinds, and stand-ins for the outer world. A development dependency only.
//!
//! Whatever a test is given here is gone when the test ends, also when it fails.

pub mod identity;
pub mod litellm;
pub mod postgres;
pub mod smtp;
pub mod upstream;

pub use postgres::{TestDatabase, databases};
pub use upstream::{Received, Reply, Upstream, eventually};
