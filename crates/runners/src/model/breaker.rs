//! The circuit breaker: a server that failed several times in a row is left alone for a while, so that nobody waits
//! for it in vain; then one question finds out whether it is back.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::ModelFailure;

const FAILURES_MAX: u32 = 5;
const OPEN_FOR: Duration = Duration::from_secs(30);
/// Circuits remembered; a guru's settings can name any server, and memory is no place for all of them.
const CIRCUITS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<String, Circuit>>);

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    /// Nobody asks before this; whoever comes first then moves it on and asks alone.
    closed_from: Option<Instant>,
}

impl Breakers {
    pub(crate) fn admits(&self, name: &str, now: Instant) -> bool {
        let mut circuits = self.circuits();
        let Some(circuit) = circuits.get_mut(name) else { return true };
        match circuit.closed_from {
            None => true,
            Some(from) if now < from => false,
            Some(_) => {
                circuit.closed_from = Some(now + OPEN_FOR);
                true
            }
        }
    }

    pub(crate) fn note(&self, name: &str, now: Instant, failure: Option<&ModelFailure>) {
        let mut circuits = self.circuits();
        if !failure.is_some_and(ModelFailure::speaks_of_the_server) {
            circuits.remove(name);
            return;
        }
        if circuits.len() >= CIRCUITS_MAX {
            circuits.retain(|_, circuit| circuit.closed_from.is_some_and(|from| now < from));
        }
        let circuit = circuits.entry(name.to_owned()).or_default();
        circuit.failures += 1;
        if circuit.failures >= FAILURES_MAX {
            circuit.closed_from = Some(now + OPEN_FOR);
        }
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<String, Circuit>> {
        // A circuit is changed in single steps, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_server_is_left_alone_then_tried_once() {
        let breakers = Breakers::default();
        let start = Instant::now();
        let failed = ModelFailure::TimedOut;
        for _ in 0..FAILURES_MAX {
            assert!(breakers.admits("a", start));
            breakers.note("a", start, Some(&failed));
        }
        assert!(!breakers.admits("a", start));
        assert!(breakers.admits("b", start), "another server is not to blame");

        let later = start + OPEN_FOR;
        assert!(breakers.admits("a", later));
        assert!(!breakers.admits("a", later), "one question at a time finds out");
        breakers.note("a", later, None);
        assert!(breakers.admits("a", later));
    }

    #[test]
    fn a_wrong_request_says_nothing_of_the_server() {
        let breakers = Breakers::default();
        let now = Instant::now();
        for _ in 0..FAILURES_MAX * 2 {
            breakers.note("a", now, Some(&ModelFailure::BadReply(String::new())));
        }
        assert!(breakers.admits("a", now));
    }
}
