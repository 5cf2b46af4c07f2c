//! Members: who may do what in one guru, and the groups that they are in there.

use errand_domain::{Problem, Role, UserId, caller::EVERYONE};
use errand_storage::users::{self, Membership, User};
use serde::Serialize;

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
};

const GROUPS_PER_MEMBER_MAX: usize = 50;
const GROUP_CHARS_MAX: usize = 64;

impl Engine {
    /// The guru's members, by e-mail. Super admins may do everything in every guru, members or not.
    pub async fn list_members(&self, permit: &Permit<Manage>) -> Result<Vec<(User, Membership)>> {
        Ok(users::members(&self.db().reader, permit.guru_id()).await?)
    }

    /// Makes somebody with an account a member, by their e-mail address.
    pub async fn add_member(
        &self,
        permit: &Permit<Manage>,
        email: &str,
        membership: Membership,
    ) -> Result<(User, Membership)> {
        let found = users::credentials(&self.db().reader, email).await?;
        let (user, _) = found.ok_or_else(|| {
            EngineError::NotFound(Problem::new(
                "not_found",
                format!("Nobody here has the e-mail address `{}`.", email.escape_debug()),
                "A super admin can let them in first (`errand user create`).",
            ))
        })?;
        self.set_member(permit, user.id, membership).await
    }

    /// Gives somebody this role and these groups in the guru, in place of what they had there.
    pub async fn set_member(
        &self,
        permit: &Permit<Manage>,
        id: UserId,
        membership: Membership,
    ) -> Result<(User, Membership)> {
        let membership = checked(&membership)?;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let user = users::by_id(&mut tx, id).await?.ok_or_else(|| EngineError::not_found("user", id))?;
        let old = users::membership(&mut tx, permit.guru_id(), id).await?;
        users::set_membership(&mut tx, permit.guru_id(), id, &membership).await?;
        let verb = if old.is_some() { "member.update" } else { "member.add" };
        let change = change(permit, verb, &user, old.as_ref(), Some(&membership));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        Ok((user, membership))
    }

    pub async fn remove_member(&self, permit: &Permit<Manage>, id: UserId) -> Result<()> {
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = users::membership(&mut tx, permit.guru_id(), id).await?;
        let user = users::by_id(&mut tx, id).await?;
        let (Some(old), Some(user)) = (old, user) else { return Err(EngineError::not_found("member", id)) };
        users::remove_membership(&mut tx, permit.guru_id(), id).await?;
        let change = change(permit, "member.remove", &user, Some(&old), None);
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        Ok(tx.commit().await?)
    }
}

/// Groups reach actions joined by commas, so that none may hold one.
fn checked(membership: &Membership) -> Result<Membership> {
    if membership.role == Role::SuperAdmin {
        return Err(Problem::new(
            "bad_role",
            "A super admin is one of the whole installation, not of a guru.",
            "Choose `guru_admin` or `viewer`.",
        )
        .at("role")
        .into());
    }
    if membership.groups.len() > GROUPS_PER_MEMBER_MAX {
        let hint = format!("Give {GROUPS_PER_MEMBER_MAX} at most.");
        return Err(Problem::new("too_many", "These are too many groups.", hint).at("groups").into());
    }
    let mut groups: Vec<String> = Vec::new();
    for group in &membership.groups {
        let group = group.trim();
        let chars = group.chars().count();
        let is_name =
            (1..=GROUP_CHARS_MAX).contains(&chars) && !group.contains(|c: char| c == ',' || c.is_control());
        if !is_name {
            let message = format!("`{}` can't be a group's name.", group.escape_debug());
            let hint = format!("Give 1 to {GROUP_CHARS_MAX} characters, without commas.");
            return Err(Problem::new("bad_group", message, hint).at("groups").into());
        }
        // Everybody is in it; noting it would only say it twice.
        if group != EVERYONE && !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    Ok(Membership { role: membership.role, groups })
}

/// What the audit log shows of a membership.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    role: Role,
    groups: &'a [String],
}

impl<'a> Shown<'a> {
    pub(crate) fn of(membership: &'a Membership) -> Self {
        Self { role: membership.role, groups: &membership.groups }
    }
}

fn change<'a>(
    permit: &'a Permit<Manage>,
    verb: &'static str,
    user: &User,
    before: Option<&'a Membership>,
    after: Option<&'a Membership>,
) -> Change<'a, Shown<'a>, Shown<'a>> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("member {}", user.email),
        guru_id: Some(permit.guru_id()),
        before: before.map(Shown::of),
        after: after.map(Shown::of),
    }
}
