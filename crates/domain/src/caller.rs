//! Who asked, and what actions may know of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::GuruSlug;

/// Where an execution came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Web,
    Test,
    Manual,
    Schedule,
    Api,
    Widget,
    Slack,
    Discord,
    Jira,
    Github,
    Zendesk,
    Mcp,
    Agent,
}

impl Source {
    pub const ALL: [Self; 13] = [
        Self::Web,
        Self::Test,
        Self::Manual,
        Self::Schedule,
        Self::Api,
        Self::Widget,
        Self::Slack,
        Self::Discord,
        Self::Jira,
        Self::Github,
        Self::Zendesk,
        Self::Mcp,
        Self::Agent,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Test => "test",
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Api => "api",
            Self::Widget => "widget",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Jira => "jira",
            Self::Github => "github",
            Self::Zendesk => "zendesk",
            Self::Mcp => "mcp",
            Self::Agent => "agent",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a signed-in person may do. The order is the order of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May ask.
    Viewer,
    /// May build actions, secrets and schedules of a guru.
    GuruAdmin,
    /// May do everything.
    SuperAdmin,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::GuruAdmin => "guru_admin",
            Self::SuperAdmin => "super_admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::GuruAdmin, Self::SuperAdmin].into_iter().find(|role| role.as_str() == text)
    }
}

pub const USER_EMAIL: &str = "GURUBASE_USER_EMAIL";
pub const USER_NAME: &str = "GURUBASE_USER_NAME";
pub const USER_GROUPS: &str = "GURUBASE_USER_GROUPS";
pub const GURU_SLUG: &str = "GURUBASE_GURU_SLUG";
pub const BUILT_IN_NAMES: [&str; 4] = [USER_EMAIL, USER_NAME, USER_GROUPS, GURU_SLUG];

/// The group of everybody, and of everybody whose identity is not known.
pub const EVERYONE: &str = "Everyone";

/// The four reserved variables of SPEC §7. Made from an authenticated session only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltIns {
    pub user_email: String,
    pub user_name: String,
    /// Comma-separated.
    pub user_groups: String,
    pub guru_slug: String,
}

impl BuiltIns {
    /// For a person signed in to the web UI. An empty name falls back to the e-mail's part before `@`.
    pub fn of_user(email: &str, name: &str, groups: &[String], guru: &GuruSlug) -> Self {
        let fallback = email.split('@').next().unwrap_or_default();
        Self {
            user_email: email.to_owned(),
            user_name: if name.trim().is_empty() { fallback.to_owned() } else { name.to_owned() },
            user_groups: if groups.is_empty() { EVERYONE.to_owned() } else { groups.join(",") },
            guru_slug: guru.to_string(),
        }
    }

    /// For API keys, the widget, bots, MCP and schedules: nobody in particular.
    pub fn anonymous(guru: &GuruSlug) -> Self {
        Self {
            user_email: String::new(),
            user_name: String::new(),
            user_groups: EVERYONE.to_owned(),
            guru_slug: guru.to_string(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            USER_EMAIL => Some(&self.user_email),
            USER_NAME => Some(&self.user_name),
            USER_GROUPS => Some(&self.user_groups),
            GURU_SLUG => Some(&self.guru_slug),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_ins_fall_back_as_the_specification_says() {
        let Ok(guru) = "acme".parse::<GuruSlug>() else { panic!("a valid slug") };
        let ana = BuiltIns::of_user("ana@acme.test", " ", &[], &guru);
        assert_eq!(ana.get(USER_NAME), Some("ana"));
        assert_eq!(ana.get(USER_GROUPS), Some("Everyone"));
        let nobody = BuiltIns::anonymous(&guru);
        assert_eq!((nobody.get(USER_EMAIL), nobody.get(GURU_SLUG)), (Some(""), Some("acme")));
        assert_eq!(nobody.get("GURUBASE_OTHER"), None);
    }

    #[test]
    fn every_source_reads_back() {
        for source in Source::ALL {
            assert_eq!(Source::parse(source.as_str()), Some(source));
        }
    }
}
