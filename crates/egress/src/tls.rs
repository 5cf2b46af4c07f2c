//! Whom we trust: the machine's root certificates.

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt;

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[error(
    "TLS could not be set up: {0}. Check the machine's root certificates (package `ca-certificates`, or `SSL_CERT_FILE`)."
)]
pub struct SetupError(#[from] rustls::Error);

/// For mail, which names no protocol above TLS.
pub(crate) fn mail_config() -> Result<ClientConfig, SetupError> {
    let mut config = client_config()?;
    config.alpn_protocols = Vec::new();
    Ok(config)
}

/// The machine's roots; a slim container has none, and then Mozilla's list that is built in serves.
pub(crate) fn client_config() -> Result<ClientConfig, SetupError> {
    let mut config = match builder()?.with_platform_verifier() {
        Ok(trusting) => trusting.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no root certificates on this machine; the built-in list is used");
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            builder()?.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, SetupError> {
    let provider = aws_lc_rs::default_provider();
    Ok(ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions()?)
}
