//! Why a run could not be started. Messages name parameters and secrets, never their values.

use errand_domain::ActionKind;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunFailure {
    #[error("Actions of type `{}` can't run on this installation. Change the action's type or disable it.", .kind.as_str())]
    NoRunner { kind: ActionKind },

    #[error(
        "The secret `{name}` is not there. Add it under Secrets, or remove `{{{name}}}` from the action."
    )]
    MissingSecret { name: String },

    #[error("The value of `{name}` has a zero byte, which no variable can hold. Correct the value.")]
    BadVariable { name: String },

    #[error("The parameter `{name}` has no value. Give one.")]
    MissingArgument { name: String },

    #[error(
        "The URL can't be built: {reason}. Write one such as `https://api.example.com/orders/{{order_id}}`."
    )]
    BadUrl { reason: &'static str },

    #[error(
        "The value of `{name}` can't be part of a host: only letters, digits, `.`, `-`, `_` and a port are. Correct the value."
    )]
    BadHost { name: String },

    #[error(
        "The value of `{name}` would change the URL's path: a segment can't be {what}. Correct the value."
    )]
    BadPathSegment { name: String, what: &'static str },

    #[error(
        "The value of `{name}` can't be part of the header `{header}`: it has a line break or another control character. Correct the value."
    )]
    BadHeader { name: String, header: String },

    #[error(
        "The user name for basic authentication has a colon, which would end it early. Correct the value."
    )]
    BadUserName,
}
