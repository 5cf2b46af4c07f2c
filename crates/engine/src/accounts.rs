//! People and keys: who a request comes from. Tokens are random, shown once and kept as hashes.

pub mod grants;
pub mod own;
mod password;
pub mod provider;
mod throttle;
mod token;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use errand_domain::{ApiKeyId, GuruId, Problem, Role, UnixMillis, UserId};
use errand_secrets::{Masker, SecretText};
use errand_storage::{
    Transaction, shares,
    users::{
        self, User,
        api_keys::{self, ApiKey},
        sessions::{self, BegunWith, NewToken},
    },
};

use crate::{
    Engine, EngineError,
    access::{Actor, Caller, KeyCaller, Scope, UserCaller},
    clock::new_uuid,
    error::Result,
    manage::Change,
};
pub use provider::SignInProvider;
pub use throttle::Throttle;
pub use token::Token;
pub(crate) use token::hash;

use provider::SignOut;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a sign-in lasts.
const SESSION_MS: i64 = 30 * DAY_MS;
/// How long a one-time link is good for.
const CLAIM_MS: i64 = 7 * DAY_MS;
/// How long a looked-up key is believed before it is looked up again: a key revoked on another node may work this
/// much longer.
const KEY_BELIEVED_FOR: Duration = Duration::from_secs(2);
/// How often a session's or key's use is noted; more often would be a write with every request.
const USE_NOTED_EVERY_MS: u64 = 5 * 60 * 1_000;
const USER_AGENT_CHARS_MAX: usize = 300;
const KEYS_CACHED_MAX: usize = 10_000;
/// No address is longer (RFC 5321's path without its brackets).
const EMAIL_BYTES_MAX: usize = 254;
/// Every password that may be set fits: four bytes for each character of the longest.
const PASSWORD_BYTES_MAX: usize = 4 * password::PASSWORD_CHARS_MAX;
/// Prefix of API keys, so that scanners and people recognise one.
pub const API_KEY_PREFIX: &str = "errand_";
/// Who does in the audit log what nobody signed in does.
const SYSTEM_ACTOR: Actor<'static> = Actor { label: "system", origin: "" };
/// The first admin's name until somebody changes it.
pub const FIRST_ADMIN_EMAIL: &str = "admin@localhost";

/// Keys looked up a moment ago.
#[derive(Debug, Default)]
pub struct KeyCache(Mutex<HashMap<[u8; 32], LookedUp>>);

type LookedUp = (Arc<Caller>, Instant);

impl KeyCache {
    fn get(&self, hash: &[u8; 32]) -> Option<Arc<Caller>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache
            .get(hash)
            .filter(|(_, at)| at.elapsed() < KEY_BELIEVED_FOR)
            .map(|(caller, _)| Arc::clone(caller))
    }

    fn put(&self, hash: [u8; 32], caller: &Arc<Caller>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= KEYS_CACHED_MAX {
            cache.clear();
        }
        cache.insert(hash, (Arc::clone(caller), Instant::now()));
    }

    fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A sign-in: the token goes into a cookie and is never shown again.
#[allow(missing_debug_implementations, reason = "a token must not print")]
pub struct SignedIn {
    pub caller: Arc<Caller>,
    pub token: Token,
    pub lasts_ms: i64,
}

/// How a session begins.
struct Begun<'a> {
    with: BegunWith,
    user_agent: Option<&'a str>,
    lasts_ms: i64,
}

/// A fresh API key; `text` can't be read again later.
#[allow(missing_debug_implementations, reason = "a key must not print")]
pub struct NewKey {
    pub id: ApiKeyId,
    pub text: SecretText,
}

impl Engine {
    /// Who presents this API key.
    pub async fn authenticate_key(&self, presented: &str) -> Result<Arc<Caller>> {
        let hash = token::hash(presented);
        if let Some(caller) = self.keys().get(&hash) {
            return Ok(caller);
        }
        let row =
            api_keys::by_hash(&self.db().reader, hash).await?.ok_or_else(EngineError::unauthenticated)?;
        let now = self.clock().now();
        if row.last_used_at.is_none_or(|at| now.since(at) > USE_NOTED_EVERY_MS) {
            let mut tx = self.db().writer.begin().await?;
            api_keys::touch(&mut tx, row.id, now).await?;
            tx.commit().await?;
        }
        let caller = Arc::new(Caller::ApiKey(key_caller(row)));
        self.keys().put(hash, &caller);
        Ok(caller)
    }

    /// Who holds this session token.
    pub async fn authenticate_session(&self, presented: &str) -> Result<Arc<Caller>> {
        let now = self.clock().now();
        let hash = token::hash(presented);
        let (user, times) =
            sessions::user(&self.db().reader, hash, now).await?.ok_or_else(EngineError::unauthenticated)?;
        if now.since(times.last_seen_at) > USE_NOTED_EVERY_MS {
            let mut tx = self.db().writer.begin().await?;
            sessions::touch(&mut tx, hash, now, times.expires_at).await?;
            tx.commit().await?;
        }
        self.user_caller(user).await
    }

    /// Signs in with a password. Wrong addresses and wrong passwords look and take the same.
    pub async fn sign_in(&self, email: &str, password: &str, user_agent: Option<&str>) -> Result<SignedIn> {
        self.check_passwords_are_on()?;
        let email = email.trim();
        if email.len() > EMAIL_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
            return Err(wrong_password());
        }
        let place = self.0.sign_ins.hashing_place()?;
        self.0.sign_ins.check(email)?;
        let (user, hash) = users::credentials(&self.db().reader, email)
            .await?
            .map_or((None, None), |(user, hash)| (Some(user), hash));
        let password = password.to_owned();
        let checking = tokio::task::spawn_blocking(move || {
            let right = password::verify(hash.as_deref(), &password);
            drop(place);
            right
        });
        let right = checking.await.map_err(|error| EngineError::internal("checking a password", error))?;
        let Some(user) = user.filter(|_| right) else { return Err(wrong_password()) };
        self.0.sign_ins.forget(email);
        let mut tx = self.db().writer.begin().await?;
        let begun = Begun { with: BegunWith::Password, user_agent, lasts_ms: SESSION_MS };
        let token = self.insert_session(&mut tx, user.id, begun).await?;
        tx.commit().await?;
        self.signed_in(user, token).await
    }

    /// Trades a one-time link's token for a session; sets a password when one is given, which signs the user out
    /// everywhere else.
    pub async fn claim(
        &self,
        presented: &str,
        new_password: Option<&str>,
        user_agent: Option<&str>,
    ) -> Result<SignedIn> {
        if new_password.is_some() {
            self.check_passwords_are_on()?;
        }
        let now = self.clock().now();
        let token_hash = token::hash(presented);
        // Asked first, so that only who holds a good link makes this machine hash.
        if !sessions::is_claimable(&self.db().reader, token_hash, now).await? {
            return Err(link_used());
        }
        let password_hash = match new_password {
            Some(password) => Some(self.hash_password(password.to_owned()).await?),
            None => None,
        };
        let mut tx = self.db().writer.begin().await?;
        let user_id = sessions::claim(&mut tx, token_hash, now).await?.ok_or_else(link_used)?;
        if let Some(hash) = password_hash {
            users::set_password_hash(&mut tx, user_id, Some(&hash), now).await?;
            sessions::delete_of_user(&mut tx, user_id).await?;
        }
        let begun = Begun { with: BegunWith::Link, user_agent, lasts_ms: SESSION_MS };
        let token = self.insert_session(&mut tx, user_id, begun).await?;
        tx.commit().await?;
        let user =
            users::by_id(&self.db().reader, user_id).await?.ok_or_else(EngineError::unauthenticated)?;
        self.signed_in(user, token).await
    }

    async fn hash_password(&self, password: String) -> Result<String> {
        let place = self.0.sign_ins.hashing_place()?;
        let hashing = tokio::task::spawn_blocking(move || {
            let hash = password::hash(&password);
            drop(place);
            hash
        });
        hashing.await.map_err(|error| EngineError::internal("hashing a password", error))?
    }

    /// Ends the session; where the browser is to go on to, when it is to sign out at the identity provider too.
    pub async fn sign_out(&self, presented: &str) -> Result<Option<String>> {
        let hash = token::hash(presented);
        let mut tx = self.db().writer.begin().await?;
        let begun_with = sessions::begun_with(&mut tx, hash).await?;
        sessions::delete(&mut tx, hash).await?;
        tx.commit().await?;
        let known = self.sign_in_provider().filter(|known| {
            begun_with == Some(BegunWith::Provider) && known.rules.sign_out == SignOut::Everywhere
        });
        let Some(known) = known else { return Ok(None) };
        let address = known.provider.sign_out_address(&known.rules.home, self.clock().now()).await;
        // The session here is over in any case.
        Ok(address.unwrap_or_else(|error| {
            tracing::warn!(%error, "somebody signed out here, and not at the identity provider");
            None
        }))
    }

    /// Makes the first admin when there is nobody yet. The token of a sign-in link, when one was made.
    pub async fn ensure_admin(&self) -> Result<Option<Token>> {
        if users::count(&self.db().reader).await? > 0 {
            return Ok(None);
        }
        let now = self.clock().now();
        let user = User {
            id: UserId::from_uuid(new_uuid()),
            email: FIRST_ADMIN_EMAIL.to_owned(),
            name: "Admin".to_owned(),
            role: Role::SuperAdmin,
            groups: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db().writer.begin().await?;
        users::insert(&mut tx, &user).await?;
        tx.commit().await?;
        self.make_claim(&user.email).await.map(Some)
    }

    /// A new one-time sign-in token for a user.
    pub async fn make_claim(&self, email: &str) -> Result<Token> {
        let (user, _) = users::credentials(&self.db().reader, email)
            .await?
            .ok_or_else(|| EngineError::not_found("user", email))?;
        let mut tx = self.db().writer.begin().await?;
        let token = self.insert_claim(&mut tx, user.id).await?;
        self.audit(
            &mut tx,
            &Masker::default(),
            by_system("link.create", format!("user {}", user.email), None),
        )
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// A new API key, made on the server itself; for all gurus when `guru` is None.
    pub async fn create_api_key(&self, name: &str, scopes: &[Scope], guru: Option<GuruId>) -> Result<NewKey> {
        self.insert_api_key(SYSTEM_ACTOR, name, scopes, guru).await
    }

    pub(crate) async fn insert_api_key(
        &self,
        actor: Actor<'_>,
        name: &str,
        scopes: &[Scope],
        guru: Option<GuruId>,
    ) -> Result<NewKey> {
        let text = format!("{API_KEY_PREFIX}{}", Token::random().expose());
        let row = ApiKey {
            id: ApiKeyId::from_uuid(new_uuid()),
            name: name.to_owned(),
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            guru_id: guru,
            created_at: self.clock().now(),
            last_used_at: None,
        };
        let mut tx = self.db().writer.begin().await?;
        api_keys::insert(&mut tx, &row, token::hash(&text)).await?;
        let made = Change {
            actor,
            after: Some(KeyShown { name: &row.name, scopes: &row.scopes }),
            ..by_system("api_key.create", format!("API key {}", row.id), guru)
        };
        self.audit(&mut tx, &Masker::default(), made).await?;
        tx.commit().await?;
        Ok(NewKey { id: row.id, text: SecretText::new(text) })
    }

    /// Ends a key on the server itself; on other nodes it may work for a moment longer (`KEY_BELIEVED_FOR`).
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<bool> {
        self.end_api_key(SYSTEM_ACTOR, id, None).await
    }

    pub(crate) async fn end_api_key(
        &self,
        actor: Actor<'_>,
        id: ApiKeyId,
        guru: Option<GuruId>,
    ) -> Result<bool> {
        let mut tx = self.db().writer.begin().await?;
        let revoked = api_keys::delete(&mut tx, id).await?;
        if revoked {
            let change = Change { actor, ..by_system("api_key.revoke", format!("API key {id}"), guru) };
            self.audit(&mut tx, &Masker::default(), change).await?;
        }
        tx.commit().await?;
        self.keys().forget_all();
        Ok(revoked)
    }

    /// Forgets sessions, sign-in links and shared links that ended; how many. To be called now and then: nothing else depends on it.
    pub async fn forget_expired(&self) -> Result<u64> {
        let mut tx = self.db().writer.begin().await?;
        let now = self.clock().now();
        let forgotten =
            sessions::delete_expired(&mut tx, now).await? + shares::delete_expired(&mut tx, now).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    /// Keeps a new one-time link's token.
    pub(crate) async fn insert_claim(&self, tx: &mut Transaction, user_id: UserId) -> Result<Token> {
        let token = Token::random();
        sessions::insert_claim(tx, new_token(&token, user_id, self.clock().now(), CLAIM_MS)).await?;
        Ok(token)
    }

    async fn insert_session(&self, tx: &mut Transaction, user_id: UserId, begun: Begun<'_>) -> Result<Token> {
        let token = Token::random();
        let user_agent: Option<String> =
            begun.user_agent.map(|text| text.chars().take(USER_AGENT_CHARS_MAX).collect());
        let row = new_token(&token, user_id, self.clock().now(), begun.lasts_ms);
        sessions::insert(tx, row, begun.with, user_agent.as_deref()).await?;
        Ok(token)
    }

    async fn signed_in(&self, user: User, token: Token) -> Result<SignedIn> {
        Ok(SignedIn { caller: self.user_caller(user).await?, token, lasts_ms: SESSION_MS })
    }

    async fn user_caller(&self, user: User) -> Result<Arc<Caller>> {
        let gurus = users::memberships_of(&self.db().reader, user.id).await?;
        Ok(Arc::new(Caller::User(UserCaller {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            groups: user.groups,
            gurus,
        })))
    }

    fn keys(&self) -> &KeyCache {
        &self.0.keys
    }
}

/// What the audit log shows of a key.
#[derive(serde::Serialize)]
struct KeyShown<'a> {
    name: &'a str,
    scopes: &'a [String],
}

/// Keys and links are made on the server itself, by nobody who signed in.
fn by_system<'a>(
    verb: &'static str,
    object: String,
    guru_id: Option<GuruId>,
) -> Change<'a, (), KeyShown<'a>> {
    Change { actor: SYSTEM_ACTOR, verb, object, guru_id, before: None, after: None }
}

/// One answer for every sign-in that does not fit, so that it tells nothing of who has an account.
fn wrong_password() -> EngineError {
    EngineError::Unauthenticated(Problem::new(
        "wrong_password",
        "This e-mail address and password do not go together.",
        "Check both, or ask the operator for a new sign-in link (`errand link`).",
    ))
}

fn link_used() -> EngineError {
    EngineError::Unauthenticated(Problem::new(
        "link_used",
        "This sign-in link was used already or is too old.",
        "Make a new one on the server with `errand link`.",
    ))
}

fn key_caller(row: ApiKey) -> KeyCaller {
    KeyCaller {
        id: row.id,
        name: row.name,
        scopes: row.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
        guru: row.guru_id,
    }
}

fn new_token(token: &Token, user_id: UserId, now: UnixMillis, lasts_ms: i64) -> NewToken {
    NewToken {
        hash: token::hash(token.expose()),
        user_id,
        created_at: now,
        expires_at: now.plus_ms(lasts_ms),
    }
}
