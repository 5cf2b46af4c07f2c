//! Links that show a conversation to others.

use crate::{ConversationId, GuruId, Problem, ShareId, UnixMillis};

/// Links that one conversation may have at a time.
pub const SHARES_PER_CONVERSATION_MAX: usize = 20;
pub const SHARE_DAYS_DEFAULT: u32 = 30;
pub const SHARE_DAYS_MAX: u32 = 365;

/// Who may read through a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Who is signed in and may ask the guru.
    #[default]
    Members,
    /// Whoever has the link, as long as the guru allows such links.
    Anyone,
}

impl Audience {
    pub const ALL: [Self; 2] = [Self::Members, Self::Anyone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Anyone => "anyone",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }
}

/// A link as its maker sees it. Its token is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub id: ShareId,
    pub guru_id: GuruId,
    pub conversation_id: ConversationId,
    pub audience: Audience,
    /// E-mail address of the person, or name of the key.
    pub made_by: String,
    /// Turns that ended later are not shown.
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// How many days a link lasts.
///
/// # Errors
/// When it would never, or hardly ever, end.
pub fn check_days(days: Option<u32>) -> Result<u32, Problem> {
    match days.unwrap_or(SHARE_DAYS_DEFAULT) {
        days @ 1..=SHARE_DAYS_MAX => Ok(days),
        days => Err(Problem::new(
            "out_of_range",
            format!("A link can't last {days} days."),
            format!("Choose 1 to {SHARE_DAYS_MAX}."),
        )
        .at("expires_in_days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(days: Option<u32>, expect: Result<u32, &str>) {
        assert_eq!(check_days(days).map_err(|problem| problem.code), expect);
    }

    #[test]
    fn every_link_ends() {
        check(None, Ok(SHARE_DAYS_DEFAULT));
        check(Some(1), Ok(1));
        check(Some(SHARE_DAYS_MAX), Ok(SHARE_DAYS_MAX));
        check(Some(0), Err("out_of_range"));
        check(Some(SHARE_DAYS_MAX + 1), Err("out_of_range"));
    }

    #[test]
    fn audiences_read_back() {
        for audience in Audience::ALL {
            assert_eq!(Audience::parse(audience.as_str()), Some(audience));
        }
    }
}
