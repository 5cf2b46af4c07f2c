//! Slows down who guesses passwords: so many tries per name within a window, then none until it has passed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use errand_domain::Problem;

use crate::{EngineError, error::Result};

const TRIES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_mins(15);
/// Names remembered; past it the oldest windows are forgotten first.
const NAMES_MAX: usize = 10_000;

/// Tries counted per name since the window began.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, (u32, Instant)>>);

impl Throttle {
    /// Counts a try; refuses it when there were too many.
    pub fn check(&self, name: &str) -> Result<()> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= NAMES_MAX {
            tries.retain(|_, (_, since)| since.elapsed() < WINDOW);
        }
        let (count, since) = tries.entry(name.to_lowercase()).or_insert((0, Instant::now()));
        if since.elapsed() >= WINDOW {
            (*count, *since) = (0, Instant::now());
        }
        *count += 1;
        if *count <= TRIES_MAX {
            return Ok(());
        }
        Err(EngineError::TooMany(Problem::new(
            "too_many_tries",
            "There were too many tries to sign in with this name.",
            "Wait a quarter of an hour, or ask the operator for a sign-in link.",
        )))
    }

    /// Forgives after a success.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_is_refused_and_success_forgives() {
        let throttle = Throttle::default();
        for _ in 0..TRIES_MAX {
            assert!(throttle.check("Ana@acme.test").is_ok());
        }
        assert!(throttle.check("ana@acme.test").is_err());
        assert!(throttle.check("bo@acme.test").is_ok());
        throttle.forget("ana@acme.test");
        assert!(throttle.check("ana@acme.test").is_ok());
    }
}
