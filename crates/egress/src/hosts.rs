//! Host names that an action lists.

/// Whether `host` is one that `pattern` means. `*.example.com` means every name below `example.com`, not itself.
/// Case and a trailing dot don't matter.
pub fn host_matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(domain) = pattern.strip_prefix("*.") else {
        return pattern.eq_ignore_ascii_case(host);
    };
    // At least one character and the dot must stand before the domain.
    let Some(split) = host.len().checked_sub(domain.len()).filter(|split| *split > 1) else {
        return false;
    };
    host.is_char_boundary(split)
        && host[split..].eq_ignore_ascii_case(domain)
        && host.as_bytes()[split - 1] == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, host: &str, expect: bool) {
        assert_eq!(host_matches(pattern, host), expect, "{pattern} {host}");
    }

    #[test]
    fn patterns() {
        check("api.stripe.com", "api.stripe.com", true);
        check("api.stripe.com", "API.Stripe.com.", true);
        check("api.stripe.com", "api.stripe.com.evil.test", false);
        check("api.stripe.com", "xapi.stripe.com", false);
        check("*.zendesk.com", "acme.zendesk.com", true);
        check("*.zendesk.com", "a.b.zendesk.com", true);
        check("*.zendesk.com", "zendesk.com", false);
        check("*.zendesk.com", ".zendesk.com", false);
        check("*.zendesk.com", "evilzendesk.com", false);
        check("*.zendesk.com", "ü.zendesk.com", true);
        check("*.com", "com", false);
    }
}
