//! Host patterns (`api.stripe.com`, `*.zendesk.com`), and what is left where two lists of them hold at once.

use crate::{Problem, limits};

/// Whether every host that `narrower` means, a pattern itself, is one that `pattern` means.
pub fn covers(pattern: &str, narrower: &str) -> bool {
    if pattern.eq_ignore_ascii_case(narrower) {
        return true;
    }
    let Some(domain) = pattern.strip_prefix("*.") else { return false };
    let name = narrower.strip_prefix("*.").unwrap_or(narrower);
    let Some(split) = name.len().checked_sub(domain.len() + 1).filter(|split| *split > 0) else {
        return false;
    };
    name.is_char_boundary(split)
        && name[split..].strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(domain))
}

/// The hosts that both lists mean, as patterns.
pub fn in_both(one: &[String], other: &[String]) -> Vec<String> {
    let mut found: Vec<String> =
        one.iter().filter(|host| other.iter().any(|pattern| covers(pattern, host))).cloned().collect();
    for host in other {
        if !found.contains(host) && one.iter().any(|pattern| covers(pattern, host)) {
            found.push(host.clone());
        }
    }
    found
}

/// A name, or `*.` and a name: no scheme, port or path.
pub fn is_pattern(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
}

/// The hosts that a secret is for, as they are kept; none for any.
///
/// # Errors
/// When one is no host, or there are too many.
pub fn check(hosts: Vec<String>) -> Result<Option<Vec<String>>, Problem> {
    let limit = limits::HOSTS_PER_SECRET_MAX;
    if hosts.len() > limit {
        return Err(Problem::new("too_many", "There are too many hosts.", format!("Give {limit} at most."))
            .at("hosts"));
    }
    if let Some(off) = hosts.iter().find(|host| !is_pattern(host)) {
        let hint = "Write a name such as `api.stripe.com` or `*.zendesk.com`, without scheme, port or path.";
        return Err(Problem::new("bad_host", format!("`{off}` is not a host name."), hint).at("hosts"));
    }
    let hosts: Vec<_> = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
    Ok(Some(hosts).filter(|hosts| !hosts.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_covers(pattern: &str, narrower: &str, expect: bool) {
        assert_eq!(covers(pattern, narrower), expect, "{pattern} {narrower}");
    }

    #[test]
    fn a_pattern_covers_what_is_below_it() {
        check_covers("api.stripe.com", "API.stripe.com", true);
        check_covers("*.zendesk.com", "acme.zendesk.com", true);
        check_covers("*.zendesk.com", "*.zendesk.com", true);
        check_covers("*.zendesk.com", "*.eu.zendesk.com", true);
        check_covers("*.eu.zendesk.com", "*.zendesk.com", false);
        check_covers("*.zendesk.com", "zendesk.com", false);
        check_covers("*.zendesk.com", ".zendesk.com", false);
        check_covers("*.zendesk.com", "evilzendesk.com", false);
        check_covers("acme.zendesk.com", "*.zendesk.com", false);
    }

    #[track_caller]
    fn check_both(one: &[&str], other: &[&str], expect: &[&str]) {
        let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(in_both(&list(one), &list(other)), expect);
    }

    #[test]
    fn what_both_lists_mean_is_left() {
        check_both(&["a.com", "b.com"], &["b.com", "c.com"], &["b.com"]);
        check_both(&["*.a.com"], &["x.a.com", "b.com"], &["x.a.com"]);
        check_both(&["x.a.com"], &["*.a.com"], &["x.a.com"]);
        check_both(&["*.a.com"], &["*.x.a.com"], &["*.x.a.com"]);
        check_both(&["a.com"], &["b.com"], &[]);
    }

    #[test]
    fn a_secrets_hosts_are_checked() {
        let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(check(list(&["API.a.com", "*.b.com"])), Ok(Some(list(&["api.a.com", "*.b.com"]))));
        assert_eq!(check(Vec::new()), Ok(None));
        for off in ["https://a.com", "a.com:443", "a.com/x", "*", "*.", "a..com", ""] {
            assert_eq!(check(list(&[off])).map_err(|problem| problem.code), Err("bad_host"), "{off}");
        }
        assert!(check(vec!["a.com".to_owned(); limits::HOSTS_PER_SECRET_MAX + 1]).is_err());
    }
}
