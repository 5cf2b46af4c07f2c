//! What the provider's groups mean here: roles and groups in gurus, brought up to date at each sign-in.

use std::collections::BTreeMap;

use errand_domain::{GuruSlug, Role};
use errand_secrets::Masker;
use errand_storage::{
    Transaction, gurus,
    users::{self, Membership, User},
};

use super::provider::Entering;
use crate::{
    Engine,
    error::Result,
    manage::{
        Change,
        members::Shown as MembershipShown,
        users::{Shown as UserShown, is_an_admin_left},
    },
};

/// What a group at the provider gives here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// As the provider writes it.
    pub group: String,
    pub grant: Grant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    SuperAdmin,
    Member { guru: GuruSlug, membership: Membership },
}

/// What somebody is to have in the gurus that the rules speak of; None for none there.
type Wanted<'r> = BTreeMap<&'r GuruSlug, Option<Membership>>;

/// The highest role and all groups of the rules that hold for these groups.
fn memberships(rules: &[GroupRule], has: impl Fn(&str) -> bool) -> Wanted<'_> {
    let mut wanted = Wanted::new();
    for rule in rules {
        let Grant::Member { guru, membership } = &rule.grant else { continue };
        let slot = wanted.entry(guru).or_default();
        if !has(&rule.group) {
            continue;
        }
        let merged = slot.get_or_insert_with(|| Membership { role: membership.role, groups: Vec::new() });
        merged.role = merged.role.max(membership.role);
        for group in &membership.groups {
            if !merged.groups.contains(group) {
                merged.groups.push(group.clone());
            }
        }
    }
    wanted
}

/// Whether the rules make somebody a super admin; None when they don't speak of it.
fn super_admin(rules: &[GroupRule], has: impl Fn(&str) -> bool) -> Option<bool> {
    let mut speaking = rules.iter().filter(|rule| rule.grant == Grant::SuperAdmin).peekable();
    speaking.peek()?;
    Some(speaking.any(|rule| has(&rule.group)))
}

impl Engine {
    /// Gives what the rules say, and takes what they don't: in the gurus that they name, the provider decides.
    pub(super) async fn apply_group_rules(
        &self,
        tx: &mut Transaction,
        entering: &Entering<'_>,
        user: User,
    ) -> Result<User> {
        let rules = &entering.known.rules.groups;
        if rules.is_empty() {
            return Ok(user);
        }
        if entering.identity.groups.is_none() {
            tracing::warn!(
                "the identity provider says nothing of groups; check `oidc.groups_claim` and the scopes"
            );
        }
        let groups = entering.identity.groups.as_deref().unwrap_or_default();
        let has = |group: &str| groups.iter().any(|own| own == group);
        let user = self.apply_super_admin(tx, entering, user, super_admin(rules, has)).await?;
        for (slug, wanted) in memberships(rules, has) {
            self.apply_membership(tx, entering, &user, (slug, wanted)).await?;
        }
        Ok(user)
    }

    async fn apply_super_admin(
        &self,
        tx: &mut Transaction,
        entering: &Entering<'_>,
        user: User,
        wanted: Option<bool>,
    ) -> Result<User> {
        let role = match wanted {
            Some(true) => Role::SuperAdmin,
            Some(false) => Role::Viewer,
            None => return Ok(user),
        };
        if role == user.role {
            return Ok(user);
        }
        let changed = User { role, updated_at: entering.now, ..user.clone() };
        users::update(tx, &changed).await?;
        if !is_an_admin_left(tx).await? {
            tracing::warn!("the last super admin keeps the role, whatever the identity provider says");
            users::update(tx, &user).await?;
            return Ok(user);
        }
        let change = Change {
            actor: entering.actor(&changed),
            verb: "user.update",
            object: format!("user {}", changed.email),
            guru_id: None,
            before: Some(UserShown::of(&user)),
            after: Some(UserShown::of(&changed)),
        };
        self.audit(tx, &Masker::default(), change).await?;
        Ok(changed)
    }

    async fn apply_membership(
        &self,
        tx: &mut Transaction,
        entering: &Entering<'_>,
        user: &User,
        (slug, wanted): (&GuruSlug, Option<Membership>),
    ) -> Result<()> {
        // A rule may be older or newer than its guru.
        let Some(guru) = gurus::by_slug(&mut *tx, slug).await? else { return Ok(()) };
        let old = users::membership(&mut *tx, guru.id, user.id).await?;
        if old == wanted {
            return Ok(());
        }
        let verb = match (&old, &wanted) {
            (_, None) => "member.remove",
            (None, Some(_)) => "member.add",
            (Some(_), Some(_)) => "member.update",
        };
        match &wanted {
            Some(membership) => users::set_membership(tx, guru.id, user.id, membership).await?,
            None => users::remove_membership(tx, guru.id, user.id).await.map(drop)?,
        }
        let change = Change {
            actor: entering.actor(user),
            verb,
            object: format!("member {}", user.email),
            guru_id: Some(guru.id),
            before: old.as_ref().map(MembershipShown::of),
            after: wanted.as_ref().map(MembershipShown::of),
        };
        self.audit(tx, &Masker::default(), change).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: &str, role: Role, groups: &[&str]) -> GroupRule {
        let membership = Membership { role, groups: groups.iter().map(ToString::to_string).collect() };
        let guru = "demo".parse().expect("a slug");
        GroupRule { group: group.to_owned(), grant: Grant::Member { guru, membership } }
    }

    fn check(own: &[&str], expect: Option<(Role, &[&str])>) {
        let rules = [
            rule("support", Role::Viewer, &["Support"]),
            rule("builders", Role::GuruAdmin, &["Support", "Builders"]),
        ];
        let wanted = memberships(&rules, |group| own.contains(&group));
        let found = wanted.into_values().next().expect("the guru that is named");
        let expect = expect.map(|(role, groups)| Membership {
            role,
            groups: groups.iter().map(ToString::to_string).collect(),
        });
        assert_eq!(found, expect, "{own:?}");
    }

    #[test]
    fn the_highest_role_and_all_groups_count() {
        check(&[], None);
        check(&["other"], None);
        check(&["support"], Some((Role::Viewer, &["Support"])));
        check(&["builders", "support"], Some((Role::GuruAdmin, &["Support", "Builders"])));
    }

    #[test]
    fn rules_that_do_not_speak_of_super_admins_change_none() {
        let admins = GroupRule { group: "admins".to_owned(), grant: Grant::SuperAdmin };
        assert_eq!(super_admin(&[rule("a", Role::Viewer, &[])], |_| true), None);
        assert_eq!(super_admin(std::slice::from_ref(&admins), |group| group == "admins"), Some(true));
        assert_eq!(super_admin(&[admins], |_| false), Some(false));
    }
}
