//! How long to wait before asking again.

use std::time::Duration;

use super::ModelFailure;

/// Further tries after the first; the timeout of the whole question bounds them too.
pub(crate) const RETRIES_MAX: u32 = 3;
const FIRST_WAIT_MS: u64 = 400;
/// A server that asks for a longer wait than this is not waited for: the fallback answers sooner.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The waits of one question: each about twice the one before, up to half of it left to chance, so that many callers
/// that failed together don't come back together.
pub(crate) struct Waits {
    seed: u64,
    tried: u32,
}

impl Waits {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, tried: 0 }
    }

    /// None when it should not be asked again.
    pub(crate) fn before_another(&mut self, failure: &ModelFailure) -> Option<Duration> {
        let asked_for = failure.retry_after()?;
        if self.tried == RETRIES_MAX {
            return None;
        }
        let base = FIRST_WAIT_MS << self.tried;
        self.tried += 1;
        let chance = Duration::from_millis(self.next_random() % (base / 2 + 1));
        let wait = asked_for.unwrap_or(Duration::from_millis(base)) + chance;
        (wait <= WAIT_MAX).then_some(wait)
    }

    /// `SplitMix64`: well spread, and a pure function of the seed.
    fn next_random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(retry_after_s: Option<u64>) -> ModelFailure {
        ModelFailure::RateLimited { said: String::new(), retry_after: retry_after_s.map(Duration::from_secs) }
    }

    #[test]
    fn waits_grow_and_end() {
        let mut waits = Waits::new(7);
        let lengths: Vec<_> = std::iter::from_fn(|| waits.before_another(&busy(None))).collect();
        assert_eq!(lengths.len(), 3);
        for (wait, base) in lengths.iter().zip([400, 800, 1_600]) {
            let range = Duration::from_millis(base)..=Duration::from_millis(base * 3 / 2);
            assert!(range.contains(wait), "{wait:?} for {base}");
        }
    }

    #[test]
    fn a_server_is_waited_for_as_it_asks_within_reason() {
        let check = |failure: ModelFailure, expect: Option<u64>| {
            let wait = Waits::new(1).before_another(&failure);
            assert_eq!(wait.map(|wait| wait.as_secs()), expect, "{failure:?}");
        };
        check(busy(Some(2)), Some(2));
        check(busy(Some(300)), None);
        check(ModelFailure::TimedOut, None);
        check(ModelFailure::Unauthorized { status: 401, said: String::new() }, None);
        check(ModelFailure::BadReply(String::new()), None);
    }

    #[test]
    fn two_callers_wait_differently() {
        assert_ne!(Waits::new(1).before_another(&busy(None)), Waits::new(2).before_another(&busy(None)));
    }
}
