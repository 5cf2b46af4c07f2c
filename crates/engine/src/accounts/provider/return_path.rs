//! Where in the web app somebody goes after signing in.

/// In bytes.
const RETURN_BYTES_MAX: usize = 500;

/// A path within the web app; anything else leads to its start.
pub fn own_path(text: &str) -> &str {
    let is_own = text.starts_with('/')
        && !text.starts_with("//")
        && !text.starts_with("/api/")
        && text.len() <= RETURN_BYTES_MAX
        && !text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace() || !c.is_ascii());
    if is_own { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: &str) {
        assert_eq!(own_path(path), expect, "{path}");
    }

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        check("/g/demo/chat?c=1#x", "/g/demo/chat?c=1#x");
        check("/", "/");
        for foreign in [
            "",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "evil",
            "/a\r\nset-cookie: x",
            "/\t/evil.test",
            "/api/v1/me",
            &format!("/{}", "a".repeat(RETURN_BYTES_MAX)),
        ] {
            check(foreign, "/");
        }
    }
}
