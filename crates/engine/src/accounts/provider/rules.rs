//! What the operator says about who may come in by the provider.

use crate::accounts::grants::GroupRule;

#[derive(Debug, Clone)]
pub struct ProviderRules {
    /// What the button on the sign-in page says.
    pub button: String,
    pub passwords: Passwords,
    pub newcomers: Newcomers,
    pub emails: Emails,
    /// In lower case; people with addresses elsewhere are turned away. Empty for any.
    pub email_domains: Vec<String>,
    pub groups: Vec<GroupRule>,
    /// How long a session lasts: what the provider takes away is noticed at the next sign-in.
    pub session_ms: i64,
    pub sign_out: SignOut,
    /// Where the provider sends people back to who signed out there.
    pub home: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newcomers {
    /// Somebody without an account gets one.
    LetIn,
    /// Only who was let in before.
    TurnAway,
}

/// Which addresses are believed to be the person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emails {
    /// Those that the provider says it has verified.
    Verified,
    /// All that it gives: for a provider that gives its addresses out itself and doesn't say so.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOut {
    Here,
    /// At the provider too.
    Everywhere,
}
