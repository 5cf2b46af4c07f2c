//! Who somebody is, by the word of an identity provider: `OpenID Connect`'s authorization code flow with PKCE.
//!
//! This crate speaks with the provider and judges what it says: signature, issuer, audience, nonce, times. It must not
//! know users, sessions, roles or storage; what an [`Identity`] may do here, the engine decides.

mod attempt;
mod claims;
mod error;
mod http;
mod known;
mod settings;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::Arc};

use errand_domain::UnixMillis;
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, CsrfToken, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreJwsSigningAlgorithm as Alg},
};
use tokio::sync::Mutex;

pub use attempt::{Attempt, BrowserToken};
pub use claims::Identity;
pub use error::IdentityError;
pub use settings::{ProviderSettings, SettingsProblem};

use claims::{IdClaims, Tokens, UserInfo};
use http::Http;
use known::Known;

/// How far the provider's clock and ours may be apart.
pub const CLOCK_SKEW_MS: i64 = 60_000;
/// How long after it was issued an ID token is taken: it comes at once, so more is somebody else's.
pub const TOKEN_AGE_MS_MAX: i64 = 10 * 60_000;

/// How long a provider that could not be asked is left alone: a crowd at the door must not wait for it one by one.
const LEFT_ALONE_MS: i64 = 3_000;

/// Signatures by keys that only the provider has. `none` and those by the shared client secret are never taken.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// One provider, with what it said of itself. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: ProviderSettings,
    http: Http,
    /// What discovery found, with when; asked again when it is old or a key is missing.
    known: Mutex<Found>,
}

/// What came of asking the provider what it is.
#[derive(Debug, Default)]
struct Found {
    known: Option<Known>,
    /// When it last could not be asked, and why.
    failed: Option<(UnixMillis, String)>,
}

impl Provider {
    /// Nothing is asked yet: a provider that is down must not keep Errand from starting.
    ///
    /// # Errors
    /// When the settings can't be right, or TLS can't be set up.
    pub fn new(settings: ProviderSettings) -> Result<Self, SettingsProblem> {
        settings.check()?;
        // The operator wrote the provider's address by hand, so it may be one of the inner network; actions get none of
        // this client. The cloud's metadata address stays closed.
        let policy = EgressPolicy::from_texts(["0.0.0.0/0", "::/0"]).map_err(SettingsProblem::client)?;
        let egress = Egress::new(policy, &EgressLimits::default()).map_err(SettingsProblem::client)?;
        Ok(Self(Arc::new(Inner { settings, http: Http::new(egress), known: Mutex::default() })))
    }

    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// Asks the provider what it is, to see whether it can be used.
    pub async fn look(&self, now: UnixMillis) -> Result<(), IdentityError> {
        self.known(now, |_| false).await.map(drop)
    }

    /// Where the browser is sent to sign in.
    pub async fn sign_in_address(&self, attempt: &Attempt, now: UnixMillis) -> Result<String, IdentityError> {
        let known = self.known(now, |known| !known.is_old(now)).await?;
        let client = known.client(&self.0.settings)?;
        let verifier = PkceCodeVerifier::new(attempt.pkce_verifier());
        let (state, nonce) = (attempt.state().to_owned(), attempt.nonce());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in &self.0.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        Ok(request.url().0.to_string())
    }

    /// Trades the code that the browser brought back for who it is about.
    pub async fn redeem(
        &self,
        code: &str,
        attempt: &Attempt,
        now: UnixMillis,
    ) -> Result<Identity, IdentityError> {
        let known = self.known(now, |known| !known.is_old(now)).await?;
        let tokens = self.exchange(&known, code, attempt).await?;
        match self.claims(&known, &tokens, attempt, now) {
            // The provider changed its keys since they were read.
            Err(Judged::UnknownKey) => {
                let fresh = self.known(now, |known| known.was_just_read(now)).await?;
                let claims = self.claims(&fresh, &tokens, attempt, now).map_err(IdentityError::from)?;
                self.identity(&fresh, &tokens, claims).await
            }
            claims => self.identity(&known, &tokens, claims.map_err(IdentityError::from)?).await,
        }
    }

    /// Where the browser is sent to sign out at the provider too; None when the provider has no such place.
    pub async fn sign_out_address(
        &self,
        back: &str,
        now: UnixMillis,
    ) -> Result<Option<String>, IdentityError> {
        let known = self.known(now, |known| !known.is_old(now)).await?;
        let Some(address) = known.sign_out_address() else { return Ok(None) };
        let back = PostLogoutRedirectUrl::new(back.to_owned())
            .map_err(|_| IdentityError::Misconfigured("the public address is no URL".to_owned()))?;
        let request = LogoutRequest::from(address)
            .set_client_id(self.0.settings.client_id())
            .set_post_logout_redirect_uri(back);
        Ok(Some(request.http_get_url().to_string()))
    }

    /// What is known of the provider, if that `is_good`; else what it says now.
    async fn known(&self, now: UnixMillis, is_good: impl Fn(&Known) -> bool) -> Result<Known, IdentityError> {
        // Held while asking, so that a crowd at the door asks once.
        let mut found = self.0.known.lock().await;
        if let Some(known) = found.known.as_ref().filter(|known| is_good(known)) {
            return Ok(known.clone());
        }
        if let Some((_, why)) = found.failed.as_ref().filter(|(at, _)| now.0 - at.0 < LEFT_ALONE_MS) {
            return Err(IdentityError::Unreachable(why.clone()));
        }
        match Known::discover(&self.0.settings, &self.0.http, now).await {
            Ok(fresh) => {
                *found = Found { known: Some(fresh.clone()), failed: None };
                Ok(fresh)
            }
            Err(error) => {
                found.failed = Some((now, error.to_string()));
                Err(error)
            }
        }
    }

    async fn exchange(&self, known: &Known, code: &str, attempt: &Attempt) -> Result<Tokens, IdentityError> {
        let client = known.client(&self.0.settings)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| IdentityError::Misconfigured("it names no token endpoint".to_owned()))?;
        request
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.pkce_verifier()))
            .request_async(&self.0.http)
            .await
            .map_err(error::of_exchange)
    }

    /// The ID token's claims, when everything about it is right.
    fn claims(
        &self,
        known: &Known,
        tokens: &Tokens,
        attempt: &Attempt,
        now: UnixMillis,
    ) -> Result<IdClaims, Judged> {
        let refused = |why: &'static str| Judged::Refused(IdentityError::BadToken(why.to_owned()));
        let client = known.client(&self.0.settings).map_err(Judged::Refused)?;
        let token = tokens.id_token().ok_or_else(|| refused("there is none"))?;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(HashSet::from(ALGORITHMS))
            .set_time_fn(move || known::instant(now.plus_ms(-CLOCK_SKEW_MS)).into())
            .set_issue_time_verifier_fn(move |issued| {
                let age_ms = now.0 - issued.timestamp_millis();
                match age_ms {
                    age if age < -CLOCK_SKEW_MS => Err("issued in the future".to_owned()),
                    age if age > TOKEN_AGE_MS_MAX + CLOCK_SKEW_MS => Err("issued too long ago".to_owned()),
                    _ => Ok(()),
                }
            });
        let claims = token.claims(&verifier, &Nonce::new(attempt.nonce())).map_err(judged)?;
        if claims.authorized_party().is_some_and(|party| **party != self.0.settings.client_id) {
            return Err(refused("it was issued to another application"));
        }
        if let Some(expected) = claims.access_token_hash() {
            let actual = token
                .signing_alg()
                .ok()
                .zip(token.signing_key(&verifier).ok())
                .and_then(|(alg, key)| AccessTokenHash::from_token(tokens.access_token(), alg, key).ok());
            if actual.as_ref() != Some(expected) {
                return Err(refused("it belongs to another access token"));
            }
        }
        Ok(claims.clone())
    }

    /// Many providers tell the rest only when they are asked with the access token.
    async fn identity(
        &self,
        known: &Known,
        tokens: &Tokens,
        claims: IdClaims,
    ) -> Result<Identity, IdentityError> {
        let groups_claim = self.0.settings.groups_claim.as_deref();
        let identity = Identity::of_token(self.issuer(), &claims, groups_claim);
        if identity.is_whole(groups_claim.is_some()) || !known.has_user_info() {
            return Ok(identity);
        }
        let client = known.client(&self.0.settings)?;
        let request = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|_| IdentityError::Misconfigured("its user info endpoint can't be used".to_owned()))?;
        let info: UserInfo = request.request_async(&self.0.http).await.map_err(error::of_user_info)?;
        Ok(identity.with(&info, groups_claim))
    }
}

/// What came of looking at an ID token.
enum Judged {
    /// It is signed with a key that was not among the provider's when they were read.
    UnknownKey,
    Refused(IdentityError),
}

impl From<Judged> for IdentityError {
    fn from(judged: Judged) -> Self {
        match judged {
            Judged::UnknownKey => Self::BadToken("it is signed with none of the provider's keys".to_owned()),
            Judged::Refused(error) => error,
        }
    }
}

fn judged(error: ClaimsVerificationError) -> Judged {
    match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Judged::UnknownKey
        }
        error => Judged::Refused(IdentityError::BadToken(error::words(&error))),
    }
}
