//! Keeps credentials: types that cannot print them ([`Secret`]), their sealing at rest ([`Keyring`]) and their
//! masking in everything that leaves a runner ([`Raw`] → [`Masker`] → [`Masked`]).
//!
//! This crate must not know where sealed values are stored, who may use a secret, how an action runs, or where the
//! master key's text comes from: the environment is read by the app, which hands the text in. The only I/O is the
//! master key file, because its permissions are part of the rule.

mod key_file;
mod masking;
mod master_key;
mod seal;
mod secret;
mod text;

pub use key_file::{KeyFile, KeyFileError, add_new_key_to_file, open_or_create_key_file, read_key_file};
pub use masking::{Masker, StreamMasker};
pub use master_key::{KeyId, Keyring, MasterKey, MasterKeyError};
pub use seal::{SealContext, SealError, Sealed};
pub use secret::{Secret, SecretText, check_secret_value};
pub use text::{Masked, Raw};
