//! What a secret may be used for, and the record of what used it last.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use errand_domain::{ActionBody, ActionSpec, GuruId, Problem, SecretName, UnixMillis, hosts};
use errand_storage::{LedgerWrite, secrets::SecretsUsed};

use crate::{Engine, catalogue::GuruView};

/// A use is noted unless the same one was noted this shortly before: a secret that is used a thousand times a second must
/// not be written so often.
const NOTED_EVERY_MS: i64 = 60_000;

/// When the use of a secret by something was last noted here.
#[derive(Debug, Default)]
pub(crate) struct LastNoted(Mutex<HashMap<(GuruId, SecretName, String), UnixMillis>>);

impl LastNoted {
    /// Whether this use is to be noted; from then on it is.
    fn is_news(&self, guru: GuruId, name: &SecretName, by: &str, now: UnixMillis) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (guru, name.clone(), by.to_owned());
        let is_old = noted.get(&key).is_some_and(|at| (0..NOTED_EVERY_MS).contains(&(now.0 - at.0)));
        if !is_old {
            noted.insert(key, now);
        }
        !is_old
    }
}

impl Engine {
    /// Notes that these secrets are used now, and by what: an action's name, or what else it is. Nobody waits for it.
    pub(crate) fn note_secrets_used<'a>(
        &self,
        guru: &GuruView,
        names: impl IntoIterator<Item = &'a SecretName>,
        by: &str,
    ) {
        let (guru_id, at) = (guru.guru.id, self.clock().now());
        let is_news = |name: &&SecretName| self.0.secret_uses.is_news(guru_id, name, by, at);
        let names: Vec<_> = names.into_iter().filter(is_news).cloned().collect();
        if !names.is_empty() {
            let used = SecretsUsed { guru_id, names, by: guru.masker.mask_str(by), at };
            self.recorder().note(LedgerWrite::SecretsUsed(used));
        }
    }
}

/// The action as it may run: where its secrets are bound to hosts, it reaches these and no others. One request carries all
/// its secrets, so its host must be among those of each; a script may send each secret to its own hosts, and so reaches
/// the hosts of any.
pub(crate) fn with_bound_hosts(guru: &GuruView, spec: &Arc<ActionSpec>) -> Result<Arc<ActionSpec>, Problem> {
    let names = spec.secrets();
    let bound: Vec<&[String]> = names.iter().filter_map(|name| guru.hosts_of(name)).collect();
    let Some((first, rest)) = bound.split_first() else { return Ok(Arc::clone(spec)) };
    let of_secrets = match spec.body {
        ActionBody::ApiCall(_) => {
            rest.iter().fold(first.to_vec(), |left, hosts| hosts::in_both(&left, hosts))
        }
        ActionBody::Python(_) | ActionBody::Agent(_) => {
            bound.concat().into_iter().collect::<BTreeSet<_>>().into_iter().collect()
        }
    };
    let allowed = if spec.allowed_hosts.is_empty() {
        of_secrets
    } else {
        hosts::in_both(&spec.allowed_hosts, &of_secrets)
    };
    if allowed.is_empty() {
        return Err(Problem::new(
            "no_host_left",
            format!("The secrets of `{}` are bound to hosts that it may not reach together.", spec.name),
            "Compare the hosts of its secrets with each other and with its `allowed_hosts`.",
        ));
    }
    Ok(Arc::new(ActionSpec { allowed_hosts: allowed, ..ActionSpec::clone(spec) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_use_is_noted_once_a_minute() {
        let noted = LastNoted::default();
        let guru = GuruId::from_uuid(crate::clock::new_uuid());
        let name: SecretName = "SHOP_KEY".parse().expect("a name");
        let check = |by: &str, at: i64, expect: bool| {
            assert_eq!(noted.is_news(guru, &name, by, UnixMillis(at)), expect, "{by} at {at}");
        };
        check("orders", 0, true);
        check("orders", NOTED_EVERY_MS - 1, false);
        check("refunds", NOTED_EVERY_MS - 1, true);
        check("orders", NOTED_EVERY_MS, true);
        // A clock that was set back must not silence the record.
        check("orders", 0, true);
    }
}
