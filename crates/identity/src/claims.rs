//! What the provider says of a person.

use openidconnect::{
    AdditionalClaims, EmptyExtraTokenFields, IdTokenClaims, IdTokenFields, StandardErrorResponse,
    StandardTokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Claims beyond the standard ones: the groups are among them, under a name that the operator gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Extra(Map<String, Value>);

impl AdditionalClaims for Extra {}

pub(crate) type IdClaims = IdTokenClaims<Extra, CoreGenderClaim>;
pub(crate) type UserInfo = UserInfoClaims<Extra, CoreGenderClaim>;
type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
pub(crate) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
pub(crate) type Client<Auth, Device, Introspection, Revocation, Token, Info> = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    Auth,
    Device,
    Introspection,
    Revocation,
    Token,
    Info,
>;

/// Groups that are read of one person; more are left out.
const GROUPS_MAX: usize = 500;

/// Who signed in, by the provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    /// The provider's own name for the person: never given to anybody else.
    pub subject: String,
    pub email: Option<String>,
    /// Whether the provider made sure that the address is the person's.
    pub email_is_verified: bool,
    pub name: Option<String>,
    /// None when the provider said nothing of groups.
    pub groups: Option<Vec<String>>,
}

impl Identity {
    pub(crate) fn of_token(issuer: &str, claims: &IdClaims, groups_claim: Option<&str>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_is_verified: claims.email_verified().unwrap_or(false),
            name: first_name_of(claims.name()),
            groups: groups_claim.and_then(|claim| groups(claims.additional_claims(), claim)),
        }
    }

    pub(crate) fn is_whole(&self, with_groups: bool) -> bool {
        self.email.is_some() && (self.groups.is_some() || !with_groups)
    }

    /// With what the token left out. An address and whether it is verified come from the same place.
    pub(crate) fn with(self, info: &UserInfo, groups_claim: Option<&str>) -> Self {
        let (email, email_is_verified) = match self.email {
            Some(email) => (Some(email), self.email_is_verified),
            None => (info.email().map(|email| email.to_string()), info.email_verified().unwrap_or(false)),
        };
        let told = groups_claim.and_then(|claim| groups(info.additional_claims(), claim));
        Self {
            email,
            email_is_verified,
            name: self.name.or_else(|| first_name_of(info.name())),
            groups: self.groups.or(told),
            ..self
        }
    }
}

fn first_name_of(name: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserName>>) -> Option<String> {
    let name = name?;
    name.get(None).or_else(|| name.iter().next().map(|(_, name)| name)).map(|name| name.to_string())
}

/// A list of texts, or one text alone, as some providers write it. A dot leads into objects (`realm_access.roles`);
/// a claim whose own name has dots is found first.
fn groups(claims: &Extra, claim: &str) -> Option<Vec<String>> {
    let whole = claims.0.get(claim);
    let inner = || {
        let (first, rest) = claim.split_once('.')?;
        rest.split('.').try_fold(claims.0.get(first)?, |value, part| value.get(part))
    };
    match whole.or_else(inner)? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => {
            let texts = all.iter().filter_map(|group| group.as_str().map(str::to_owned));
            Some(texts.take(GROUPS_MAX).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(claims: &Value, claim: &str, expect: Option<&[&str]>) {
        let extra: Extra = serde_json::from_value(claims.clone()).expect("an object");
        let expect = expect.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(groups(&extra, claim), expect, "{claim} in {claims}");
    }

    #[test]
    fn groups_are_found_as_providers_write_them() {
        check(&json!({"groups": ["a", "b"]}), "groups", Some(&["a", "b"]));
        check(&json!({"groups": "a"}), "groups", Some(&["a"]));
        check(&json!({"groups": []}), "groups", Some(&[]));
        check(&json!({"groups": ["a", 1, null]}), "groups", Some(&["a"]));
        check(&json!({"realm_access": {"roles": ["a"]}}), "realm_access.roles", Some(&["a"]));
        check(&json!({"https://acme.test/groups": ["a"]}), "https://acme.test/groups", Some(&["a"]));
        check(&json!({"groups": {"a": true}}), "groups", None);
        check(&json!({}), "groups", None);
        check(&json!({}), "realm_access.roles", None);
    }
}
