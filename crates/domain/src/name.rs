//! Names that people give: slugs, action, parameter and secret names. A value of these types is always valid.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Problem, limits};

/// Prefix of the built-in variables; no parameter or secret may start with it.
pub const RESERVED_PREFIX: &str = "GURUBASE_";

/// Path segments of the API that a guru's slug may not take, since guru routes share their place.
pub const RESERVED_SLUGS: [&str; 12] = [
    "auth",
    "me",
    "gurus",
    "users",
    "templates",
    "openapi",
    "docs",
    "health",
    "system",
    "settings",
    "api",
    "keys",
];

/// Path segments of the API that stand where an action's name does; an action named so could not be reached.
pub const RESERVED_ACTION_NAMES: [&str; 2] = ["import", "lint"];

macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                $check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

checked_name!(/** A guru's place in URLs: lower-case letters, digits and inner hyphens. */ GuruSlug, check_slug);
checked_name!(
    /** An action's name, unique in its guru: a letter, then letters, digits, underscores and hyphens. */
    ActionName,
    check_action_name
);
checked_name!(/** A parameter's name: letters and underscores only (SPEC §3). */ ParameterName, check_parameter_name);
checked_name!(/** A secret's name: a letter, then letters, digits and underscores. */ SecretName, check_secret_name);

fn check_slug(text: &str) -> Result<(), Problem> {
    let hint = "Use lower-case letters, digits and hyphens, such as `acme-support`.";
    let shape = !text.is_empty()
        && text.len() <= limits::SLUG_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if !shape {
        return Err(Problem::new("bad_slug", format!("`{text}` can't be a guru's slug."), hint).at("slug"));
    }
    if RESERVED_SLUGS.contains(&text) {
        return Err(Problem::new(
            "reserved_slug",
            format!("`{text}` is taken by the API itself."),
            "Choose another slug.",
        )
        .at("slug"));
    }
    Ok(())
}

fn check_action_name(text: &str) -> Result<(), Problem> {
    let hint = "Start with a letter; use letters, digits, underscores and hyphens, such as `refund_lookup`.";
    check_identifier("action", text, hint, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn check_parameter_name(text: &str) -> Result<(), Problem> {
    let hint = "Use letters and underscores only, such as `order_id`.";
    let shape = !text.is_empty()
        && text.len() <= limits::NAME_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    if !shape {
        return Err(
            Problem::new("bad_name", format!("`{text}` can't be a parameter's name."), hint).at("name")
        );
    }
    check_not_reserved("parameter", text)
}

fn check_secret_name(text: &str) -> Result<(), Problem> {
    let hint = "Start with a letter; use letters, digits and underscores, such as `STRIPE_API_KEY`.";
    check_identifier("secret", text, hint, |b| b.is_ascii_alphanumeric() || b == b'_')?;
    check_not_reserved("secret", text)
}

fn check_identifier(kind: &str, text: &str, hint: &str, allowed: fn(u8) -> bool) -> Result<(), Problem> {
    let shape = text.len() <= limits::NAME_CHARS_MAX
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(allowed);
    if shape {
        return Ok(());
    }
    let article = if kind == "action" { "an action" } else { "a secret" };
    Err(Problem::new("bad_name", format!("`{text}` can't be {article}'s name."), hint).at("name"))
}

fn check_not_reserved(kind: &str, text: &str) -> Result<(), Problem> {
    if !text.to_ascii_uppercase().starts_with(RESERVED_PREFIX) {
        return Ok(());
    }
    Err(Problem::new(
        "reserved_name",
        format!("The {kind} name `{text}` starts with `{RESERVED_PREFIX}`, which belongs to the built-in variables."),
        "Choose a name without that prefix.",
    )
    .at("name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<N: FromStr<Err = Problem>>(text: &str, expect: Result<(), &str>) {
        assert_eq!(text.parse::<N>().map(|_| ()).map_err(|p| p.code), expect, "{text}");
    }

    #[test]
    fn slugs() {
        check::<GuruSlug>("acme-support", Ok(()));
        check::<GuruSlug>("Acme", Err("bad_slug"));
        check::<GuruSlug>("-a", Err("bad_slug"));
        check::<GuruSlug>("", Err("bad_slug"));
        check::<GuruSlug>("auth", Err("reserved_slug"));
    }

    #[test]
    fn parameter_names() {
        check::<ParameterName>("order_id", Ok(()));
        check::<ParameterName>("order1", Err("bad_name"));
        check::<ParameterName>("order id", Err("bad_name"));
        check::<ParameterName>("GURUBASE_X", Err("reserved_name"));
        check::<ParameterName>("gurubase_x", Err("reserved_name"));
    }

    #[test]
    fn secret_and_action_names() {
        check::<SecretName>("STRIPE_API_KEY2", Ok(()));
        check::<SecretName>("2STRIPE", Err("bad_name"));
        check::<SecretName>("GURUBASE_USER_EMAIL", Err("reserved_name"));
        check::<ActionName>("refund-lookup_2", Ok(()));
        check::<ActionName>("refund lookup", Err("bad_name"));
    }
}
