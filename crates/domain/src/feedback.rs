//! What an asker thought of an answer.

use crate::{Problem, TurnId, UnixMillis};

pub const COMMENT_CHARS_MAX: usize = 2_000;

/// Thumbs up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    Up,
    Down,
}

impl Vote {
    pub const ALL: [Self; 2] = [Self::Up, Self::Down];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vote| vote.as_str() == text)
    }
}

/// A vote with what was said about it; masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    pub turn_id: TurnId,
    pub vote: Vote,
    pub comment: Option<String>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// The comment as it is kept: without space around it, none when nothing is left.
///
/// # Errors
/// When it is too long.
pub fn check_comment(comment: Option<&str>) -> Result<Option<&str>, Problem> {
    let comment = comment.map(str::trim).filter(|text| !text.is_empty());
    let chars = comment.map_or(0, |text| text.chars().count());
    if chars <= COMMENT_CHARS_MAX {
        return Ok(comment);
    }
    let hint = format!("Keep it within {COMMENT_CHARS_MAX} characters.");
    Err(Problem::new("too_long", format!("The comment has {chars} characters."), hint).at("comment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(comment: Option<&str>, expect: Result<Option<&str>, &str>) {
        assert_eq!(check_comment(comment).map_err(|problem| problem.code), expect);
    }

    #[test]
    fn comments_are_trimmed_and_bounded() {
        check(None, Ok(None));
        check(Some(" \n"), Ok(None));
        check(Some(" wrong order "), Ok(Some("wrong order")));
        let longest = "ä".repeat(COMMENT_CHARS_MAX);
        check(Some(&longest), Ok(Some(&longest)));
        check(Some(&format!("{longest}ä")), Err("too_long"));
    }

    #[test]
    fn votes_read_back() {
        for vote in Vote::ALL {
            assert_eq!(Vote::parse(vote.as_str()), Some(vote));
        }
        assert_eq!(Vote::parse("sideways"), None);
    }
}
