//! One's own account: where one is signed in, and one's password.

use std::fmt::Write as _;

use errand_domain::{Problem, UnixMillis};
use errand_secrets::Masker;
use errand_storage::users::{
    self,
    sessions::{self, BegunWith, SessionEntry},
};

use super::{PASSWORD_BYTES_MAX, password, token, wrong_password};
use crate::{
    Engine, EngineError,
    access::{Actor, UserCaller},
    error::Result,
    manage::Change,
};

/// Bytes of a token's hash that name its session: enough that no two meet, and no use to whoever reads them.
const SESSION_ID_BYTES: usize = 16;

/// A place where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// Names it; it can't be signed in with.
    pub id: String,
    /// None when it is older than the note.
    pub begun_with: Option<BegunWith>,
    /// What its browser called itself.
    pub user_agent: Option<String>,
    pub created_at: UnixMillis,
    pub last_seen_at: UnixMillis,
    pub expires_at: UnixMillis,
    /// The one that asks.
    pub is_current: bool,
}

impl Engine {
    /// Where the caller is signed in, last seen first. `presented` is the token of the session that asks.
    pub async fn own_sessions(
        &self,
        caller: &UserCaller,
        presented: Option<&str>,
    ) -> Result<Vec<OwnSession>> {
        let current = presented.map(token::hash);
        let rows = sessions::list_of_user(&self.db().reader, caller.id, self.clock().now()).await?;
        Ok(rows.into_iter().map(|row| shown(row, current)).collect())
    }

    /// Ends one of the caller's sessions.
    pub async fn end_own_session(&self, caller: &UserCaller, id: &str) -> Result<()> {
        let mut tx = self.db().writer.begin().await?;
        let rows = sessions::list_of_user(&mut tx, caller.id, self.clock().now()).await?;
        let row = rows.into_iter().find(|row| session_id(&row.hash) == id);
        let row = row.ok_or_else(|| EngineError::not_found("session", id))?;
        sessions::delete(&mut tx, row.hash).await?;
        Ok(tx.commit().await?)
    }

    /// Sets a new password and signs the caller out everywhere else. Who has one must know it.
    pub async fn change_password(
        &self,
        caller: &UserCaller,
        presented: Option<&str>,
        current: Option<&str>,
        new: &str,
    ) -> Result<()> {
        self.check_passwords_are_on()?;
        if new.len() > PASSWORD_BYTES_MAX || current.is_some_and(|text| text.len() > PASSWORD_BYTES_MAX) {
            return Err(wrong_password());
        }
        self.check_current_password(caller, current.unwrap_or_default().to_owned()).await?;
        let hash = self.hash_password(new.to_owned()).await?;
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        users::set_password_hash(&mut tx, caller.id, Some(&hash), now).await?;
        let own = presented.map(token::hash);
        for row in sessions::list_of_user(&mut tx, caller.id, now).await? {
            if Some(row.hash) != own {
                sessions::delete(&mut tx, row.hash).await?;
            }
        }
        let change = Change {
            actor: Actor { label: &caller.email, origin: "" },
            verb: "user.password",
            object: format!("user {}", caller.email),
            guru_id: None,
            before: None::<()>,
            after: None::<()>,
        };
        self.audit(&mut tx, &Masker::default(), change).await?;
        Ok(tx.commit().await?)
    }

    async fn check_current_password(&self, caller: &UserCaller, current: String) -> Result<()> {
        let place = self.0.sign_ins.hashing_place()?;
        self.0.sign_ins.check(&caller.email)?;
        let found = users::credentials(&self.db().reader, &caller.email).await?;
        let Some(hash) = found.and_then(|(_, hash)| hash) else { return Ok(()) };
        let checking = tokio::task::spawn_blocking(move || {
            let right = password::verify(Some(&hash), &current);
            drop(place);
            right
        });
        if checking.await.map_err(|error| EngineError::internal("checking a password", error))? {
            self.0.sign_ins.forget(&caller.email);
            return Ok(());
        }
        Err(Problem::new("wrong_password", "This is not your present password.", "Type it again.")
            .at("current_password")
            .into())
    }
}

pub(crate) fn shown(row: SessionEntry, current: Option<[u8; 32]>) -> OwnSession {
    OwnSession {
        id: session_id(&row.hash),
        begun_with: row.begun_with,
        user_agent: row.user_agent,
        created_at: row.times.created_at,
        last_seen_at: row.times.last_seen_at,
        expires_at: row.times.expires_at,
        is_current: current == Some(row.hash),
    }
}

pub(crate) fn session_id(hash: &[u8; 32]) -> String {
    hash[..SESSION_ID_BYTES].iter().fold("session_".to_owned(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
