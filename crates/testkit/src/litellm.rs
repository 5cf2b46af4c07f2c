//! The proxy that the model client is tested against, started beside the tests.

/// Names the address of the proxy.
pub const URL_VARIABLE: &str = "ERRAND_TEST_LITELLM_URL";

const HOW_TO_START: &str = "ERRAND_TEST_LITELLM_URL is not set, and the model client is tested against LiteLLM. \
     Start it: eval \"$(scripts/litellm-for-tests.sh)\"";

/// `http://host:port`.
///
/// # Panics
/// With a sentence on how to start the proxy when there is none.
pub fn url() -> String {
    std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()).expect(HOW_TO_START)
}
