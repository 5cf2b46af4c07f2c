//! The identity provider that the sign-in is tested against, started beside the tests.

/// Names its address.
pub const URL_VARIABLE: &str = "ERRAND_TEST_OIDC_URL";

const HOW_TO_START: &str = "ERRAND_TEST_OIDC_URL is not set, and the sign-in is tested against a real identity provider. \
     Start it: eval \"$(scripts/oidc-for-tests.sh)\"";

/// The issuer, `http://host:port`.
///
/// # Panics
/// With a sentence on how to start the provider when there is none.
pub fn issuer() -> String {
    std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()).expect(HOW_TO_START)
}
