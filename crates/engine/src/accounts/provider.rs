//! Signing in by an identity provider: the way there and back, and whom its people are here.

mod refusal;
mod return_path;
mod rules;

use errand_domain::{Problem, Role, UnixMillis, UserId};
use errand_identity::{Attempt, BrowserToken, Identity, Provider};
use errand_secrets::Masker;
use errand_storage::{
    Transaction,
    users::{
        self, User, email_key,
        identities::{self, NewAttempt, Subject},
        sessions::BegunWith,
    },
};
use serde::Serialize;

use super::{SignedIn, Token, token};
use crate::{
    Engine, EngineError,
    access::Actor,
    clock::new_uuid,
    error::Result,
    manage::{
        Change,
        users::{checked_email, checked_name},
    },
};

pub use refusal::ProviderRefusal;
use return_path::own_path;
pub use rules::{Emails, Newcomers, Passwords, ProviderRules, SignOut};

/// How long somebody may stay at the provider.
pub const ATTEMPT_MS: i64 = 10 * 60_000;
/// Tries under way at once; more are told to come back. It bounds what a flood can write.
const ATTEMPTS_MAX: u32 = 10_000;

/// The identity provider with what its people may do here.
#[derive(Debug, Clone)]
pub struct SignInProvider {
    pub provider: Provider,
    pub rules: ProviderRules,
}

/// The way to the provider.
#[allow(missing_debug_implementations, reason = "a token must not print")]
pub struct Departure {
    pub address: String,
    /// For a cookie: who comes back must bring it along.
    pub token: Token,
}

/// What the browser came back with.
#[derive(Clone, Copy, Default)]
#[allow(missing_debug_implementations, reason = "a code must not print")]
pub struct Arrival<'a> {
    pub token: Option<&'a str>,
    pub state: Option<&'a str>,
    pub code: Option<&'a str>,
    /// The provider's word for why it sends no code.
    pub error: Option<&'a str>,
    pub issuer: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    /// Where the request came from, for the audit log.
    pub origin: &'a str,
}

type Signing<T> = std::result::Result<T, ProviderRefusal>;

impl Engine {
    /// The identity provider that people may sign in by.
    pub fn sign_in_provider(&self) -> Option<&SignInProvider> {
        self.0.identity.as_ref()
    }

    /// Asks the provider what it is; None when there is none.
    pub async fn look_at_provider(&self) -> Option<std::result::Result<(), String>> {
        let known = self.sign_in_provider()?;
        Some(known.provider.look(self.clock().now()).await.map_err(|error| error.to_string()))
    }

    pub(super) fn check_passwords_are_on(&self) -> Result<()> {
        match self.sign_in_provider() {
            Some(known) if known.rules.passwords == Passwords::Off => {
                Err(EngineError::Forbidden(Problem::new(
                    "passwords_off",
                    "Passwords are turned off in this installation.",
                    format!("Sign in with `{}`, or by a one-time link of the operator.", known.rules.button),
                )))
            }
            _ => Ok(()),
        }
    }

    /// Sends somebody to the provider. `return_to` is where in the web app they want to go.
    pub async fn begin_provider_sign_in(
        &self,
        known: &SignInProvider,
        return_to: Option<&str>,
    ) -> Signing<Departure> {
        let now = self.clock().now();
        if identities::count_attempts(&self.db().reader, now).await? >= ATTEMPTS_MAX {
            return Err(ProviderRefusal::Crowded);
        }
        let token = Token::random();
        let attempt = Attempt::new(BrowserToken::new(token.expose().to_owned()));
        let address = known.provider.sign_in_address(&attempt, now).await?;
        let row = NewAttempt {
            state_hash: token::hash(attempt.state()),
            token_hash: token::hash(token.expose()),
            return_to: own_path(return_to.unwrap_or("/")),
            expires_at: now.plus_ms(ATTEMPT_MS),
        };
        let mut tx = self.db().writer.begin().await?;
        identities::begin_attempt(&mut tx, row).await?;
        tx.commit().await?;
        Ok(Departure { address, token })
    }

    /// Signs in who comes back from the provider; also where in the web app they wanted to go.
    pub async fn finish_provider_sign_in(
        &self,
        known: &SignInProvider,
        arrival: Arrival<'_>,
    ) -> Signing<(SignedIn, String)> {
        let now = self.clock().now();
        let (attempt, return_to) = self.end_attempt(arrival, now).await?;
        if arrival.issuer.is_some_and(|issuer| issuer != known.provider.issuer()) {
            tracing::warn!("a browser came back from another identity provider than it was sent to");
            return Err(ProviderRefusal::NotTrusted);
        }
        let code = arrival.code.filter(|_| arrival.error.is_none()).ok_or(ProviderRefusal::Denied)?;
        let identity = known.provider.redeem(code, &attempt, now).await?;
        let entering = Entering { known, identity: &identity, origin: arrival.origin, now };
        let (user, token) = self.enter(&entering, arrival.user_agent).await?;
        let caller = self.user_caller(user).await?;
        Ok((SignedIn { caller, token, lasts_ms: known.rules.session_ms }, return_to))
    }

    /// The try that this browser began with this state, once.
    async fn end_attempt(&self, arrival: Arrival<'_>, now: UnixMillis) -> Signing<(Attempt, String)> {
        let (token, state) = arrival.token.zip(arrival.state).ok_or(ProviderRefusal::Expired)?;
        let attempt = Attempt::new(BrowserToken::new(token.to_owned()));
        if !attempt.has_state(state) {
            return Err(ProviderRefusal::Expired);
        }
        let mut tx = self.db().writer.begin().await?;
        let ended = identities::end_attempt(&mut tx, token::hash(state), token::hash(token), now).await?;
        tx.commit().await?;
        Ok((attempt, ended.ok_or(ProviderRefusal::Expired)?))
    }

    /// Finds or makes the account, brings its rights up to date and begins a session, all or nothing.
    async fn enter(&self, entering: &Entering<'_>, user_agent: Option<&str>) -> Signing<(User, Token)> {
        let email = entering.email()?;
        let mut tx = self.db().writer.begin().await?;
        let subject = entering.subject();
        let user = match identities::user(&mut tx, subject).await? {
            Some(id) => {
                identities::touch(&mut tx, subject, entering.now).await?;
                users::by_id(&mut tx, id).await?.ok_or(ProviderRefusal::NoAccount)?
            }
            None => self.link(&mut tx, entering, email.ok_or(ProviderRefusal::NoVerifiedEmail)?).await?,
        };
        let user = self.apply_group_rules(&mut tx, entering, user).await?;
        self.audit(&mut tx, &Masker::default(), entering.change(&user, "user.sign_in", None)).await?;
        let begun =
            super::Begun { with: BegunWith::Provider, user_agent, lasts_ms: entering.known.rules.session_ms };
        let token = self.insert_session(&mut tx, user.id, begun).await?;
        tx.commit().await?;
        Ok((user, token))
    }

    /// The first time, a verified address says which account is the person's; from then on the subject does.
    async fn link(&self, tx: &mut Transaction, entering: &Entering<'_>, email: &str) -> Signing<User> {
        let user = match users::credentials(&mut *tx, email).await? {
            Some((user, _)) => user,
            None if entering.known.rules.newcomers == Newcomers::LetIn => {
                self.let_in(tx, entering, email).await?
            }
            None => return Err(ProviderRefusal::NoAccount),
        };
        let own = identities::list_of_user(&mut *tx, user.id).await?;
        if own.iter().any(|linked| linked.issuer == entering.identity.issuer) {
            return Err(ProviderRefusal::OtherPerson);
        }
        identities::link(tx, entering.subject(), user.id, entering.now).await?;
        let after = Shown { email: &user.email, issuer: &entering.identity.issuer };
        self.audit(tx, &Masker::default(), entering.change(&user, "user.link", Some(after))).await?;
        Ok(user)
    }

    async fn let_in(&self, tx: &mut Transaction, entering: &Entering<'_>, email: &str) -> Signing<User> {
        let name = entering.identity.name.as_deref().unwrap_or_default();
        let user = User {
            id: UserId::from_uuid(new_uuid()),
            email: checked_email(email).map_err(|_| ProviderRefusal::NoVerifiedEmail)?,
            // A name is for people's eyes; an odd one is no reason to turn somebody away.
            name: checked_name(name).unwrap_or_default(),
            role: Role::Viewer,
            groups: Vec::new(),
            created_at: entering.now,
            updated_at: entering.now,
        };
        users::insert(tx, &user).await?;
        let after = Shown { email: &user.email, issuer: &entering.identity.issuer };
        self.audit(tx, &Masker::default(), entering.change(&user, "user.create", Some(after))).await?;
        Ok(user)
    }
}

/// Somebody whom the provider vouches for.
pub(super) struct Entering<'a> {
    pub(super) known: &'a SignInProvider,
    pub(super) identity: &'a Identity,
    origin: &'a str,
    pub(super) now: UnixMillis,
}

impl<'a> Entering<'a> {
    fn subject(&self) -> Subject<'a> {
        Subject { issuer: &self.identity.issuer, subject: &self.identity.subject }
    }

    /// The address that is believed; the domains are checked each time, also for who was let in before.
    fn email(&self) -> Signing<Option<&'a str>> {
        let rules = &self.known.rules;
        let is_believed = self.identity.email_is_verified || rules.emails == Emails::All;
        let email = self.identity.email.as_deref().filter(|_| is_believed);
        if rules.email_domains.is_empty() {
            return Ok(email);
        }
        let key = email_key(email.ok_or(ProviderRefusal::NoVerifiedEmail)?);
        let domain = key.rsplit_once('@').map(|(_, domain)| domain);
        if domain.is_some_and(|domain| rules.email_domains.iter().any(|known| known == domain)) {
            return Ok(email);
        }
        Err(ProviderRefusal::OtherDomain)
    }

    pub(super) fn actor<'u>(&self, user: &'u User) -> Actor<'u>
    where
        'a: 'u,
    {
        Actor { label: &user.email, origin: self.origin }
    }

    fn change<'u>(
        &self,
        user: &'u User,
        verb: &'static str,
        after: Option<Shown<'u>>,
    ) -> Change<'u, (), Shown<'u>>
    where
        'a: 'u,
    {
        let object = format!("user {}", user.email);
        Change { actor: self.actor(user), verb, object, guru_id: None, before: None, after }
    }
}

/// What the audit log shows of who came by the provider.
#[derive(Serialize)]
struct Shown<'a> {
    email: &'a str,
    issuer: &'a str,
}
