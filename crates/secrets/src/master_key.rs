//! Master keys: the 256-bit keys that wrap the data keys of secrets, and the keyring that holds them.

use std::fmt;

use aes_gcm::{Aes256Gcm, KeyInit};
use base64::{Engine, engine::general_purpose};
use hmac::{Hmac, Mac};
use rand::{TryRng, rngs::SysRng};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::SecretText;

pub(crate) const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 8;
const KEY_ID_LABEL: &[u8] = b"errand master key id v1";

/// The master keys of an installation: new secrets are sealed with `current`, old ones are still opened with
/// `older` until they are rewrapped.
#[derive(Debug)]
pub struct Keyring {
    pub current: MasterKey,
    pub older: Vec<MasterKey>,
}

impl Keyring {
    /// Reads keys separated by commas or white space, newest first: `KEY1,KEY2`. Each is 32 bytes in base64
    /// (standard or URL-safe, with or without padding) or in hex. A key given twice counts once.
    ///
    /// # Errors
    /// When there is no key at all or one of them is malformed; the message says which, never what it held.
    pub fn from_text(text: &SecretText) -> Result<Self, MasterKeyError> {
        let words =
            text.expose().split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, word) in words.enumerate() {
            let key = MasterKey::parse(word, index + 1)?;
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(MasterKeyError::None)?;
        Ok(Self { current, older: keys.collect() })
    }

    /// The current key, then the older ones, newest first.
    pub fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.older)
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&MasterKey> {
        self.keys().find(|key| key.id == id)
    }
}

/// One master key. It prints as its id only.
pub struct MasterKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: KeyId,
}

impl MasterKey {
    /// A new random key from the operating system's generator.
    pub fn generate() -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(bytes.as_mut_slice())?;
        Self::from_bytes(bytes)
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key in base64, for the key file.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(general_purpose::STANDARD.encode(self.bytes.as_slice()))
    }

    pub(crate) fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.bytes).into())
    }

    fn parse(word: &str, position: usize) -> Result<Self, MasterKeyError> {
        let malformed = || MasterKeyError::Malformed { position };
        let decoded = if word.len() == KEY_BYTES * 2 { hex_decode(word) } else { base64_decode(word) };
        let decoded = decoded.ok_or_else(malformed)?;
        let bytes = Zeroizing::new(<[u8; KEY_BYTES]>::try_from(decoded.as_slice()).map_err(|_| malformed())?);
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(MasterKeyError::NotRandom { position });
        }
        Self::from_bytes(bytes)
    }

    /// The id is a keyed hash, so it tells nothing about the key and differs for every key.
    fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Result<Self, MasterKeyError> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(bytes.as_slice())
            .map_err(|_| MasterKeyError::None)?;
        mac.update(KEY_ID_LABEL);
        let digest = mac.finalize().into_bytes();
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        Ok(Self { bytes, id: KeyId(id) })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// Names a master key without telling anything about it; stored in every sealed value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why master keys could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    #[error(
        "There is no master key. Give one: 32 random bytes in base64, such as `openssl rand -base64 32` prints."
    )]
    None,
    #[error(
        "Master key {position} is not 32 bytes in base64 or hex. Make one with `openssl rand -base64 32`, and part \
         several keys by commas, newest first."
    )]
    Malformed {
        /// Counted from 1.
        position: usize,
    },
    #[error(
        "Master key {position} is one byte repeated, which anyone can guess. Make one with `openssl rand -base64 32`."
    )]
    NotRandom { position: usize },
    #[error("The operating system gave no random bytes: {0}. Nothing was written; try again.")]
    Random(String),
}

/// Keys and nonces come straight from the operating system: no caller can pass a seeded generator in by mistake.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), MasterKeyError> {
    SysRng.try_fill_bytes(bytes).map_err(|error| MasterKeyError::Random(error.to_string()))
}

fn base64_decode(word: &str) -> Option<Zeroizing<Vec<u8>>> {
    let unpadded = word.trim_end_matches('=');
    let standard = general_purpose::STANDARD_NO_PAD.decode(unpadded);
    standard.or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(unpadded)).ok().map(Zeroizing::new)
}

fn hex_decode(word: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = word.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    const OTHER: &str = "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA";

    fn check(text: &str, expect: Result<usize, &MasterKeyError>) {
        let got = Keyring::from_text(&SecretText::from(text.to_owned()));
        assert_eq!(got.as_ref().map(|ring| ring.keys().count()), expect);
    }

    #[test]
    fn keys_are_read_in_every_accepted_form() {
        check(BASE64, Ok(1));
        check(BASE64.trim_end_matches('='), Ok(1));
        check(HEX, Ok(1));
        check(OTHER, Ok(1));
        check(&format!("{BASE64},{OTHER}"), Ok(2));
        check(&format!(" {BASE64} ,\n{OTHER}\n"), Ok(2));
        check(&format!("{BASE64},{HEX}"), Ok(1));
    }

    #[test]
    fn what_is_not_a_key_is_refused_by_its_place() {
        check("", Err(&MasterKeyError::None));
        check(" , ", Err(&MasterKeyError::None));
        check("c2hvcnQ=", Err(&MasterKeyError::Malformed { position: 1 }));
        check(&format!("{BASE64},not-a-key"), Err(&MasterKeyError::Malformed { position: 2 }));
        check(&"zz".repeat(32), Err(&MasterKeyError::Malformed { position: 1 }));
        check(&"00".repeat(32), Err(&MasterKeyError::NotRandom { position: 1 }));
    }

    #[test]
    fn no_message_and_no_debug_holds_key_material() -> Result<(), MasterKeyError> {
        let Err(error) = Keyring::from_text(&SecretText::from("hunter2hunter2".to_owned())) else {
            panic!("a short key was taken");
        };
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let ring = Keyring::from_text(&SecretText::from(BASE64.to_owned()))?;
        assert_eq!(format!("{:?}", ring.current), format!("MasterKey({})", ring.current.id()));
        Ok(())
    }

    #[test]
    fn the_id_depends_on_the_key_alone() -> Result<(), MasterKeyError> {
        let id =
            |text: &str| Keyring::from_text(&SecretText::from(text.to_owned())).map(|ring| ring.current.id());
        assert_eq!(id(BASE64)?, id(HEX)?);
        assert_ne!(id(BASE64)?, id(OTHER)?);
        Ok(())
    }
}
