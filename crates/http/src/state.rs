//! What every handler may use.

use std::{net::IpAddr, sync::Arc};

use errand_domain::action_file::ActionFile;
use errand_engine::Engine;

use crate::rate::RateLimits;

/// Settings of the doors.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub version: &'static str,
    /// Whether the session cookie is for https only (when the public address is).
    pub secure_cookies: bool,
    /// Requests per minute and caller; more are answered 429.
    pub requests_per_minute_max: u32,
    /// Proxies whose word on who asks is taken, for the audit log.
    pub trusted_proxies: Vec<IpAddr>,
    /// What the operator should see: opened address ranges, a missing model.
    pub egress_open: Vec<String>,
    pub notices: Vec<String>,
}

/// One template of the gallery, handed in by the app.
#[derive(Debug, Clone)]
pub struct GalleryEntry {
    pub name: String,
    pub title: String,
    pub summary: String,
    pub category: String,
    pub secrets: Vec<String>,
    pub readme: String,
    pub action: ActionFile,
}

#[derive(Debug, Clone)]
pub struct HttpState {
    pub engine: Engine,
    pub settings: Arc<HttpSettings>,
    pub gallery: Arc<Vec<GalleryEntry>>,
    pub(crate) rates: Arc<RateLimits>,
}

impl HttpState {
    pub fn new(engine: Engine, settings: HttpSettings, gallery: Vec<GalleryEntry>) -> Self {
        let rates = Arc::new(RateLimits::new(settings.requests_per_minute_max));
        Self { engine, settings: Arc::new(settings), gallery: Arc::new(gallery), rates }
    }
}
