//! Slows down who guesses passwords: so many tries per name within a window, then none until it has passed. And keeps
//! password hashing, which is costly on purpose, from taking all of the machine.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use errand_domain::Problem;
use errand_storage::users::email_key;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{EngineError, error::Result};

const TRIES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_mins(15);
/// Names are counted by buckets, so that no flood of names grows the memory; two names that share one share its tries.
const BUCKETS: usize = 8_192;
/// Passwords hashed at once. Each takes about 20 MiB and a core for tens of milliseconds.
const HASHED_AT_ONCE_MAX: usize = 2;

/// Tries to sign in, counted by name, and the places for hashing passwords.
#[derive(Debug)]
pub struct Throttle {
    /// Makes it unforeseeable which names share a bucket.
    salt: [u8; 32],
    tries: Mutex<Box<[Tries]>>,
    places: Arc<Semaphore>,
}

/// Tries since a window began; None when there were none yet.
#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    count: u32,
    since: Option<Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            salt: rand::random(),
            tries: Mutex::new(vec![Tries::default(); BUCKETS].into_boxed_slice()),
            places: Arc::new(Semaphore::new(HASHED_AT_ONCE_MAX)),
        }
    }
}

impl Throttle {
    /// Counts a try; refuses it when there were too many. A name counts the same in every writing that signs in.
    pub fn check(&self, name: &str) -> Result<()> {
        let mut buckets = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = &mut buckets[self.bucket(name)];
        if tries.since.is_none_or(|since| since.elapsed() >= WINDOW) {
            *tries = Tries { count: 0, since: Some(Instant::now()) };
        }
        tries.count = tries.count.saturating_add(1);
        if tries.count <= TRIES_MAX {
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
        let mut buckets = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        buckets[self.bucket(name)] = Tries::default();
    }

    /// A place to hash one password; to be held until the hashing ends, also when nobody waits for it any more.
    pub fn hashing_place(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            EngineError::Overloaded(Problem::new(
                "overloaded",
                "Too many people are signing in at this moment.",
                "Try again in a few seconds.",
            ))
        })
    }

    fn bucket(&self, name: &str) -> usize {
        let hash = Sha256::new().chain_update(self.salt).chain_update(email_key(name)).finalize();
        usize::from(u16::from_be_bytes([hash[0], hash[1]])) % BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_is_refused_and_success_forgives() {
        // The salt is fixed, so that the two names surely have a bucket each.
        let throttle = Throttle { salt: [1; 32], ..Throttle::default() };
        for name in ["Ana@acme.test", " ana@acme.test", "ANA@acme.test\t"]
            .into_iter()
            .cycle()
            .take(TRIES_MAX as usize)
        {
            assert!(throttle.check(name).is_ok());
        }
        assert!(throttle.check("ana@acme.test").is_err());
        assert!(throttle.check("  ana@acme.test  ").is_err());
        assert!(throttle.check("bo@acme.test").is_ok());
        throttle.forget("Ana@acme.test ");
        assert!(throttle.check("ana@acme.test").is_ok());
    }

    #[test]
    fn hashing_places_run_out_and_come_back() {
        let throttle = Throttle::default();
        let held: Vec<_> = (0..HASHED_AT_ONCE_MAX).filter_map(|_| throttle.hashing_place().ok()).collect();
        assert_eq!(held.len(), HASHED_AT_ONCE_MAX);
        assert!(matches!(throttle.hashing_place(), Err(EngineError::Overloaded(_))));
        drop(held);
        assert!(throttle.hashing_place().is_ok());
    }
}
