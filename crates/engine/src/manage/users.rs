//! People: who may come in, and what they may do to the installation as a whole.

use errand_domain::{GuruSlug, Problem, Role, UserId};
use errand_secrets::Masker;
use errand_storage::{
    StorageError, Transaction,
    users::{self, Membership, User, identities, sessions},
};
use serde::Serialize;

use super::Change;
use crate::{
    Engine, EngineError,
    access::{InstancePermit, Manage},
    accounts::{
        Token,
        own::{OwnSession, session_id, shown},
    },
    clock::new_uuid,
    error::Result,
};

/// No address is longer (RFC 5321's path without its brackets).
const EMAIL_BYTES_MAX: usize = 254;
const NAME_CHARS_MAX: usize = 120;

/// A person with the gurus that they belong to.
#[derive(Debug, Clone)]
pub struct UserDetails {
    pub user: User,
    pub gurus: Vec<(GuruSlug, Membership)>,
}

/// A person to be let in.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
}

/// A new person and the token of their sign-in link.
#[allow(missing_debug_implementations, reason = "a token must not print")]
pub struct Invited {
    pub user: User,
    pub token: Token,
}

/// What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub email: Option<String>,
    pub name: Option<String>,
    pub role: Option<Role>,
}

impl Engine {
    /// Everybody, by e-mail.
    pub async fn list_users(&self, _permit: &InstancePermit<Manage>) -> Result<Vec<UserDetails>> {
        let people = users::list(&self.db().reader).await?;
        let memberships = users::all_memberships(&self.db().reader).await?;
        let of = |id: UserId| -> Vec<_> {
            let own = memberships.iter().filter(|(user, _, _)| *user == id);
            own.map(|(_, slug, membership)| (slug.clone(), membership.clone())).collect()
        };
        Ok(people.into_iter().map(|user| UserDetails { gurus: of(user.id), user }).collect())
    }

    pub async fn find_user(&self, _permit: &InstancePermit<Manage>, id: UserId) -> Result<UserDetails> {
        let user = users::by_id(&self.db().reader, id).await?.ok_or_else(|| not_found(id))?;
        let memberships = users::all_memberships(&self.db().reader).await?;
        let own = memberships.into_iter().filter(|(user, _, _)| *user == id);
        Ok(UserDetails { user, gurus: own.map(|(_, slug, membership)| (slug, membership)).collect() })
    }

    /// Lets somebody in; the token's link is for them alone and works once.
    pub async fn create_user(&self, permit: &InstancePermit<Manage>, new: NewUser) -> Result<Invited> {
        let now = self.clock().now();
        let user = User {
            id: UserId::from_uuid(new_uuid()),
            email: checked_email(&new.email)?,
            name: checked_name(&new.name)?,
            role: checked_role(new.role)?,
            groups: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db().writer.begin().await?;
        users::insert(&mut tx, &user).await.map_err(|error| email_taken(error, &user.email))?;
        let token = self.insert_claim(&mut tx, user.id).await?;
        let change = change(permit, "user.create", &user, None, Some(Shown::of(&user)));
        self.audit(&mut tx, &Masker::default(), change).await?;
        tx.commit().await?;
        Ok(Invited { user, token })
    }

    pub async fn update_user(
        &self,
        permit: &InstancePermit<Manage>,
        id: UserId,
        wanted: UserChange,
    ) -> Result<User> {
        let mut tx = self.db().writer.begin().await?;
        let old = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        let user = User {
            email: wanted.email.as_deref().map_or_else(|| Ok(old.email.clone()), checked_email)?,
            name: wanted.name.as_deref().map_or_else(|| Ok(old.name.clone()), checked_name)?,
            role: wanted.role.map_or(Ok(old.role), checked_role)?,
            updated_at: self.clock().now(),
            ..old.clone()
        };
        users::update(&mut tx, &user).await.map_err(|error| email_taken(error, &user.email))?;
        check_an_admin_is_left(&mut tx).await?;
        let change = change(permit, "user.update", &user, Some(Shown::of(&old)), Some(Shown::of(&user)));
        self.audit(&mut tx, &Masker::default(), change).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Takes a person out with their sessions, links and memberships; what they did stays in history and audit log.
    pub async fn delete_user(&self, permit: &InstancePermit<Manage>, id: UserId) -> Result<()> {
        if permit.caller.user_id() == Some(id) {
            return Err(EngineError::Conflict(Problem::new(
                "own_account",
                "You can't delete your own account.",
                "Let another super admin do it.",
            )));
        }
        let mut tx = self.db().writer.begin().await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        users::delete(&mut tx, id).await?;
        check_an_admin_is_left(&mut tx).await?;
        let change = change(permit, "user.delete", &user, Some(Shown::of(&user)), None);
        self.audit(&mut tx, &Masker::default(), change).await?;
        Ok(tx.commit().await?)
    }

    /// A new one-time sign-in link's token for somebody who lost theirs or their password.
    pub async fn invite_again(&self, permit: &InstancePermit<Manage>, id: UserId) -> Result<Token> {
        let mut tx = self.db().writer.begin().await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        let token = self.insert_claim(&mut tx, user.id).await?;
        self.audit(&mut tx, &Masker::default(), change(permit, "link.create", &user, None, None)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Where somebody is signed in, last seen first.
    pub async fn user_sessions(
        &self,
        _permit: &InstancePermit<Manage>,
        id: UserId,
    ) -> Result<Vec<OwnSession>> {
        users::by_id(&self.db().reader, id).await?.ok_or_else(|| not_found(id))?;
        let rows = sessions::list_of_user(&self.db().reader, id, self.clock().now()).await?;
        Ok(rows.into_iter().map(|row| shown(row, None)).collect())
    }

    /// Ends one of somebody's sessions.
    pub async fn end_user_session(
        &self,
        permit: &InstancePermit<Manage>,
        id: UserId,
        session: &str,
    ) -> Result<()> {
        let mut tx = self.db().writer.begin().await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        let rows = sessions::list_of_user(&mut tx, id, self.clock().now()).await?;
        let row = rows.into_iter().find(|row| session_id(&row.hash) == session);
        let row = row.ok_or_else(|| EngineError::not_found("session", session))?;
        sessions::delete(&mut tx, row.hash).await?;
        self.audit(&mut tx, &Masker::default(), change(permit, "session.end", &user, None, None)).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets who somebody is at the identity provider: the next to come with their address is linked anew.
    pub async fn unlink_user(&self, permit: &InstancePermit<Manage>, id: UserId) -> Result<u64> {
        let mut tx = self.db().writer.begin().await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        let unlinked = identities::unlink(&mut tx, id).await?;
        self.audit(&mut tx, &Masker::default(), change(permit, "user.unlink", &user, None, None)).await?;
        tx.commit().await?;
        Ok(unlinked)
    }

    /// Signs somebody out everywhere; how many sessions ended.
    pub async fn sign_user_out(&self, permit: &InstancePermit<Manage>, id: UserId) -> Result<u64> {
        let mut tx = self.db().writer.begin().await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
        let ended = sessions::delete_of_user(&mut tx, id).await?;
        self.audit(&mut tx, &Masker::default(), change(permit, "user.sign_out", &user, None, None)).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

fn not_found(id: UserId) -> EngineError {
    EngineError::not_found("user", id)
}

pub(crate) async fn is_an_admin_left(tx: &mut Transaction) -> Result<bool> {
    Ok(users::count_of_role(&mut *tx, Role::SuperAdmin).await? > 0)
}

/// Looked at in the transaction that took one away: two that go at once can't both be the last but one.
async fn check_an_admin_is_left(tx: &mut Transaction) -> Result<()> {
    if is_an_admin_left(tx).await? {
        return Ok(());
    }
    Err(EngineError::Conflict(Problem::new(
        "last_admin",
        "Nobody would be left who may manage this installation.",
        "Make somebody else a super admin first.",
    )))
}

pub(crate) fn checked_email(text: &str) -> Result<String> {
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@').unwrap_or_default();
    let is_address = !name.is_empty() && !domain.is_empty() && text.len() <= EMAIL_BYTES_MAX;
    if is_address
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ','))
    {
        return Ok(text.to_owned());
    }
    let message = format!("`{}` is no e-mail address.", text.escape_debug());
    Err(Problem::new("bad_email", message, "Write it like ana@example.com.").at("email").into())
}

pub(crate) fn checked_name(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() <= NAME_CHARS_MAX && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    let hint = format!("Give {NAME_CHARS_MAX} characters at most, in one line.");
    Err(Problem::new("bad_name", "This name is too long or has odd characters.", hint).at("name").into())
}

/// Of the installation there are admins and everybody else; who builds a guru is said in the guru.
fn checked_role(role: Role) -> Result<Role> {
    if role != Role::GuruAdmin {
        return Ok(role);
    }
    Err(Problem::new(
        "bad_role",
        "Nobody is an admin of all gurus without being a super admin.",
        "Choose `viewer`, and make the person a `guru_admin` in the guru's members.",
    )
    .at("role")
    .into())
}

fn email_taken(error: StorageError, email: &str) -> EngineError {
    if !matches!(error, StorageError::Conflict { .. }) {
        return error.into();
    }
    let message = format!("Somebody has the e-mail address `{email}` already.");
    EngineError::Conflict(Problem::new("email_taken", message, "Look for them among the users."))
}

/// What the audit log shows of a person.
#[derive(Serialize)]
pub(crate) struct Shown {
    email: String,
    name: String,
    role: Role,
}

impl Shown {
    pub(crate) fn of(user: &User) -> Self {
        Self { email: user.email.clone(), name: user.name.clone(), role: user.role }
    }
}

fn change<'a>(
    permit: &'a InstancePermit<Manage>,
    verb: &'static str,
    user: &User,
    before: Option<Shown>,
    after: Option<Shown>,
) -> Change<'a, Shown, Shown> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("user {}", user.email),
        guru_id: None,
        before,
        after,
    }
}
