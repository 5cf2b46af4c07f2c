//! Typed identifiers: a visible prefix over a UUIDv7, so that an id says what it names and sorts by time of birth.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{Problem, UnixMillis};

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID made elsewhere (UUIDv7, so that ids sort by time of birth).
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// When it was made: a UUIDv7 begins with its milliseconds.
            pub fn born_at(self) -> UnixMillis {
                UnixMillis(i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| {
                        Problem::new(
                            "bad_id",
                            format!("`{text}` is not an id of this kind."),
                            concat!("Give an id that starts with `", $prefix, "_`, as a list shows it."),
                        )
                    })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(/** One guru. */ GuruId, "guru");
typed_id!(/** One action of a guru. */ ActionId, "act");
typed_id!(/** One secret of a guru. */ SecretId, "sec");
typed_id!(/** A sequence of turns. */ ConversationId, "conv");
typed_id!(/** One question with its answer. */ TurnId, "turn");
typed_id!(/** One run of one action. */ ExecutionId, "run");
typed_id!(/** One action's schedule. */ ScheduleId, "sched");
typed_id!(/** A person who can sign in. */ UserId, "user");
typed_id!(/** A key that programs authenticate with. */ ApiKeyId, "key");
typed_id!(/** A link that shows a conversation. */ ShareId, "share");
typed_id!(/** A result on its way to somebody. */ DeliveryId, "dlv");
typed_id!(/** A suite of labelled questions. */ SuiteId, "suite");
typed_id!(/** One labelled question of a suite. */ CaseId, "case");
typed_id!(/** One run of a suite against a planner. */ LabRunId, "lab");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_knows_when_it_was_made() {
        let at = UnixMillis(1_767_225_600_123);
        let millis = u64::try_from(at.0).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
        assert_eq!(TurnId::from_uuid(uuid).born_at(), at);
    }

    #[test]
    fn an_id_reads_back_what_it_writes_and_refuses_another_kind() {
        let id = ActionId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<ActionId>().ok(), Some(id));
        assert!(id.to_string().parse::<GuruId>().is_err());
    }
}
