//! How often one caller may ask.

use std::num::NonZeroU32;

use errand_engine::access::Caller;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};

/// One bucket per caller; a burst of a minute's worth is fine.
#[derive(Debug)]
pub struct RateLimits {
    limiter: RateLimiter<String, HashMapStateStore<String>, DefaultClock>,
}

impl RateLimits {
    pub fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::hashmap(quota) }
    }

    /// Counts a request; `Err` holds the seconds to wait.
    pub fn check(&self, caller: &Caller) -> Result<(), u64> {
        let key = match caller {
            Caller::User(user) => user.id.to_string(),
            Caller::ApiKey(key) => key.id.to_string(),
        };
        self.check_name(&key)
    }

    /// Counts a request of somebody unknown, by the address that it came from.
    pub fn check_address(&self, address: &str) -> Result<(), u64> {
        self.check_name(&format!("address {address}"))
    }

    fn check_name(&self, name: &String) -> Result<(), u64> {
        self.limiter
            .check_key(name)
            .map_err(|busy| busy.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}
