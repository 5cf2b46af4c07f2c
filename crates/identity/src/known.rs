//! What the provider says of itself: its endpoints and its keys.

use std::time::{Duration, SystemTime};

use errand_domain::UnixMillis;
use openidconnect::{
    EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, ProviderMetadataWithLogout,
    RedirectUrl,
};

use crate::{
    claims::Client,
    error::{self, IdentityError},
    http::Http,
    settings::{ProviderSettings, bad_address},
};

/// How long it is believed. A key that the provider withdrew opens nothing after that.
const BELIEVED_MS: i64 = 60 * 60_000;
/// An unknown key makes Errand read the keys again, but not more often than this: forged tokens must not make it a
/// hammer.
const READ_AGAIN_AFTER_MS: i64 = 10_000;

#[derive(Debug, Clone)]
pub(crate) struct Known {
    metadata: ProviderMetadataWithLogout,
    read_at: UnixMillis,
}

pub(crate) type ReadyClient =
    Client<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Known {
    pub(crate) async fn discover(
        settings: &ProviderSettings,
        http: &Http,
        now: UnixMillis,
    ) -> Result<Self, IdentityError> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| IdentityError::Misconfigured("its issuer is no URL".to_owned()))?;
        let metadata =
            ProviderMetadataWithLogout::discover_async(issuer, http).await.map_err(error::of_discovery)?;
        let known = Self { metadata, read_at: now };
        known.check()?;
        Ok(known)
    }

    /// The document may name any endpoints; secrets go only to those that keep them.
    fn check(&self) -> Result<(), IdentityError> {
        let sign_out = self.sign_out_address();
        let endpoints = [
            Some(self.metadata.authorization_endpoint().as_str()),
            self.metadata.token_endpoint().map(|url| url.as_str()),
            self.metadata.userinfo_endpoint().map(|url| url.as_str()),
            sign_out.as_ref().map(|url| url.as_str()),
        ];
        for endpoint in endpoints.into_iter().flatten() {
            if let Some(why) = bad_address(endpoint) {
                return Err(IdentityError::Misconfigured(format!("its endpoint `{endpoint}` {why}")));
            }
        }
        Ok(())
    }

    pub(crate) fn is_old(&self, now: UnixMillis) -> bool {
        now.0 - self.read_at.0 > BELIEVED_MS
    }

    pub(crate) fn was_just_read(&self, now: UnixMillis) -> bool {
        now.0 - self.read_at.0 < READ_AGAIN_AFTER_MS
    }

    pub(crate) fn has_user_info(&self) -> bool {
        self.metadata.userinfo_endpoint().is_some()
    }

    pub(crate) fn sign_out_address(&self) -> Option<EndSessionUrl> {
        self.metadata.additional_metadata().end_session_endpoint.clone()
    }

    pub(crate) fn client(&self, settings: &ProviderSettings) -> Result<ReadyClient, IdentityError> {
        let secret = settings.client_secret.as_ref();
        let secret = secret.map(|secret| openidconnect::ClientSecret::new(secret.expose().to_owned()));
        let back = RedirectUrl::new(settings.redirect_address.clone())
            .map_err(|_| IdentityError::Misconfigured("the public address is no URL".to_owned()))?;
        let client = Client::from_provider_metadata(self.metadata.clone(), settings.client_id(), secret);
        Ok(client.set_redirect_uri(back))
    }
}

/// The same moment as the protocol library wants it.
pub(crate) fn instant(at: UnixMillis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}
