//! The mail servers that results by e-mail are tested with, started beside the tests.

/// Names the address of the desk that tells of them.
pub const URL_VARIABLE: &str = "ERRAND_TEST_SMTP_URL";

const HOW_TO_START: &str = "ERRAND_TEST_SMTP_URL is not set, and mail is tested against real servers. Start them: eval \
     \"$(scripts/smtp-for-tests.sh)\"";

/// Where `/about` and `/mails` are asked, `http://host:port`.
///
/// # Panics
/// With a sentence on how to start the servers when there are none.
pub fn desk() -> String {
    std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()).expect(HOW_TO_START)
}
