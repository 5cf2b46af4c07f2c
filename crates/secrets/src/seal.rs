//! Sealing at rest: a fresh data key per value, wrapped by a master key, both bound to where the value belongs.
//!
//! Format 1, all parts of fixed length but the last:
//!
//! | bytes | part |
//! |---|---|
//! | 1 | format, 1 |
//! | 8 | id of the wrapping master key |
//! | 12 | nonce of the wrapped data key |
//! | 48 | data key, sealed with the master key (AES-256-GCM, tag at the end) |
//! | 12 | nonce of the value |
//! | length + 16 | value, sealed with the data key (AES-256-GCM, tag at the end) |
//!
//! Both sealings authenticate the format, the guru's id, the secret's name and its version, so that a row copied to
//! another guru, name or version does not open; the wrapping authenticates the master key's id too. A master key
//! wraps at most 2^32 data keys before random nonces would need thought, which no installation reaches.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload, consts::U12},
};
use errand_domain::{GuruId, SecretName};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    KeyId, Keyring, MasterKey, SecretText,
    master_key::{KEY_BYTES, fill_random},
};

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const KEY_ID_END: usize = 1 + 8;
const WRAP_NONCE_END: usize = KEY_ID_END + NONCE_BYTES;
const WRAP_END: usize = WRAP_NONCE_END + KEY_BYTES + TAG_BYTES;
const VALUE_NONCE_END: usize = WRAP_END + NONCE_BYTES;
const LABEL_DATA_KEY: &[u8] = b"errand secret data key";
const LABEL_VALUE: &[u8] = b"errand secret value";

/// A sealed value as stored. It holds no plaintext; it prints as its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Where a value belongs. `version` grows with each new value of the same name, so that an old row put back does
/// not open as the new one.
#[derive(Debug, Clone, Copy)]
pub struct SealContext<'a> {
    pub guru_id: GuruId,
    pub name: &'a SecretName,
    pub version: u32,
}

/// Why a value could not be sealed or opened. No message holds key material or plaintext.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "Secret `{name}` is sealed with master key {key_id}, which is not among the given ones. Add that key after \
         the current one and restart, or set the secret again."
    )]
    UnknownKey { name: SecretName, key_id: KeyId },
    #[error(
        "Secret `{name}` (version {version}) does not open at the step `{step}`: its row was changed, or belongs to \
         another guru, name or version. Restore it from a backup or set the secret again."
    )]
    Damaged { name: SecretName, version: u32, step: &'static str },
    #[error(
        "Secret `{name}` is sealed in format {format}, and this version reads format 1 only. Update Errand, or set the secret again."
    )]
    UnknownFormat { name: SecretName, format: u8 },
    #[error(
        "Secret `{name}` could not be sealed at the step `{step}`: {reason}. Nothing was stored; try again."
    )]
    CannotSeal { name: SecretName, step: &'static str, reason: String },
}

impl Keyring {
    /// Seals a value with a fresh data key under the current master key.
    pub fn seal(&self, context: &SealContext<'_>, value: &SecretText) -> Result<Sealed, SealError> {
        let data_key = Zeroizing::new(random::<KEY_BYTES>(context, "make a data key")?);
        let mut blob = self.wrap(context, &data_key)?;
        let nonce = random(context, "make a nonce")?;
        let aad = context.associated_data(LABEL_VALUE, &[]);
        let cipher = Aes256Gcm::new(&(*data_key).into());
        blob.extend_from_slice(&nonce);
        blob.extend(encrypt(context, &cipher, nonce, Payload { msg: value.expose().as_bytes(), aad: &aad })?);
        Ok(Sealed(blob))
    }

    /// Opens a value sealed for exactly this context.
    pub fn open(&self, context: &SealContext<'_>, sealed: &Sealed) -> Result<SecretText, SealError> {
        let parts = Parts::read(context, sealed)?;
        let data_key = self.unwrap_data_key(context, &parts)?;
        let aad = context.associated_data(LABEL_VALUE, &[]);
        let plain = Aes256Gcm::new(&(*data_key).into())
            .decrypt(&Nonce::<U12>::from(parts.value_nonce), Payload { msg: parts.value, aad: &aad })
            .map_err(|_| context.damaged("open the value"))?;
        String::from_utf8(plain).map(SecretText::new).map_err(|error| {
            error.into_bytes().zeroize();
            context.damaged("read the value as text")
        })
    }

    /// The same value with its data key wrapped under the current master key. The value's ciphertext is carried
    /// over as it is; the plaintext is never touched.
    pub fn rewrap(&self, context: &SealContext<'_>, sealed: &Sealed) -> Result<Sealed, SealError> {
        let parts = Parts::read(context, sealed)?;
        let data_key = self.unwrap_data_key(context, &parts)?;
        let mut blob = self.wrap(context, &data_key)?;
        blob.extend_from_slice(&sealed.0[WRAP_END..]);
        Ok(Sealed(blob))
    }

    /// True when the value is wrapped by another key than the current one. A blob that cannot be read says true, so
    /// that a rotation trips over it and reports it.
    pub fn needs_rewrap(&self, sealed: &Sealed) -> bool {
        sealed.0.get(1..KEY_ID_END) != Some(self.current.id().0.as_slice())
    }

    /// The head of a blob: everything up to the value's nonce.
    fn wrap(&self, context: &SealContext<'_>, data_key: &[u8; KEY_BYTES]) -> Result<Vec<u8>, SealError> {
        let key_id = self.current.id();
        let nonce = random(context, "make a nonce")?;
        let aad = context.associated_data(LABEL_DATA_KEY, &key_id.0);
        let wrapped = encrypt(context, &self.current.cipher(), nonce, Payload { msg: data_key, aad: &aad })?;
        Ok([&[FORMAT], key_id.0.as_slice(), &nonce, &wrapped].concat())
    }

    fn unwrap_data_key(
        &self,
        context: &SealContext<'_>,
        parts: &Parts<'_>,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
        let key_id = parts.key_id;
        let unknown = || SealError::UnknownKey { name: context.name.clone(), key_id };
        let cipher = self.find(key_id).map(MasterKey::cipher).ok_or_else(unknown)?;
        let aad = context.associated_data(LABEL_DATA_KEY, &key_id.0);
        let damaged = || context.damaged("unwrap the data key");
        let plain = cipher
            .decrypt(&Nonce::<U12>::from(parts.wrap_nonce), Payload { msg: parts.wrapped, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| damaged())?;
        plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| damaged())
    }
}

/// The parts of a blob of format 1.
struct Parts<'a> {
    key_id: KeyId,
    wrap_nonce: [u8; NONCE_BYTES],
    wrapped: &'a [u8],
    value_nonce: [u8; NONCE_BYTES],
    value: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(context: &SealContext<'_>, sealed: &'a Sealed) -> Result<Self, SealError> {
        let blob = sealed.0.as_slice();
        let format = *blob.first().ok_or_else(|| context.damaged("read the format"))?;
        if format != FORMAT {
            return Err(SealError::UnknownFormat { name: context.name.clone(), format });
        }
        Self::split(blob).ok_or_else(|| context.damaged("read the parts"))
    }

    fn split(blob: &'a [u8]) -> Option<Self> {
        Some(Self {
            key_id: KeyId(blob.get(1..KEY_ID_END)?.try_into().ok()?),
            wrap_nonce: blob.get(KEY_ID_END..WRAP_NONCE_END)?.try_into().ok()?,
            wrapped: blob.get(WRAP_NONCE_END..WRAP_END)?,
            value_nonce: blob.get(WRAP_END..VALUE_NONCE_END)?.try_into().ok()?,
            value: blob.get(VALUE_NONCE_END..)?,
        })
    }
}

impl SealContext<'_> {
    /// Unambiguous: every part but the name has a fixed length, and the label and the name carry theirs.
    fn associated_data(&self, label: &[u8], key_id: &[u8]) -> Vec<u8> {
        let mut data = vec![FORMAT];
        for part in [label, self.name.as_str().as_bytes(), self.guru_id.as_uuid().as_bytes(), key_id] {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        }
        data.extend(self.version.to_be_bytes());
        data
    }

    fn damaged(&self, step: &'static str) -> SealError {
        SealError::Damaged { name: self.name.clone(), version: self.version, step }
    }
}

fn encrypt(
    context: &SealContext<'_>,
    cipher: &Aes256Gcm,
    nonce: [u8; NONCE_BYTES],
    payload: Payload<'_, '_>,
) -> Result<Vec<u8>, SealError> {
    cipher.encrypt(&Nonce::<U12>::from(nonce), payload).map_err(|error| SealError::CannotSeal {
        name: context.name.clone(),
        step: "encrypt",
        reason: error.to_string(),
    })
}

fn random<const N: usize>(context: &SealContext<'_>, step: &'static str) -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    fill_random(&mut bytes).map(|()| bytes).map_err(|error| SealError::CannotSeal {
        name: context.name.clone(),
        step,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose};

    use super::*;

    const VALUE: &str = "sk_live_51Hx-ünïcode";

    fn ring(keys: &[&str]) -> Keyring {
        let key = |key: &&str| {
            let bytes: Vec<u8> = key.bytes().cycle().take(KEY_BYTES).collect();
            general_purpose::STANDARD.encode(bytes)
        };
        let keys: Vec<String> = keys.iter().map(key).collect();
        Keyring::from_text(&SecretText::from(keys.join(","))).expect("keys are well formed")
    }

    fn name(text: &str) -> SecretName {
        text.parse().expect("a name")
    }

    fn guru(last: char) -> GuruId {
        format!("guru_0190000000007000800000000000000{last}").parse().expect("an id")
    }

    fn sealed(ring: &Keyring, context: &SealContext<'_>) -> Sealed {
        ring.seal(context, &SecretText::from(VALUE.to_owned())).expect("sealing works")
    }

    /// Opens with `ring` and compares with the value or the error.
    fn check(ring: &Keyring, context: &SealContext<'_>, blob: &Sealed, expect: Result<&str, &SealError>) {
        let got = ring.open(context, blob);
        assert_eq!(got.as_ref().map(|text| text.expose().as_str()), expect);
    }

    #[test]
    fn a_value_opens_only_where_it_belongs() {
        let (ring, name, other_name) = (ring(&["first"]), name("STRIPE"), name("STRIPE2"));
        let context = SealContext { guru_id: guru('1'), name: &name, version: 3 };
        let blob = sealed(&ring, &context);
        check(&ring, &context, &blob, Ok(VALUE));
        for wrong in [
            SealContext { guru_id: guru('2'), ..context },
            SealContext { name: &other_name, ..context },
            SealContext { version: 4, ..context },
        ] {
            check(&ring, &wrong, &blob, Err(&wrong.damaged("unwrap the data key")));
            assert!(ring.rewrap(&wrong, &blob).is_err());
        }
    }

    #[test]
    fn a_change_of_any_bit_or_length_is_noticed() {
        let (ring, name) = (ring(&["first"]), name("STRIPE"));
        let context = SealContext { guru_id: guru('1'), name: &name, version: 3 };
        let blob = sealed(&ring, &context);
        for index in 0..blob.0.len() {
            for bit in 0..8 {
                let mut changed = blob.clone();
                changed.0[index] ^= 1 << bit;
                assert!(ring.open(&context, &changed).is_err(), "byte {index}, bit {bit}");
            }
            assert!(ring.open(&context, &Sealed(blob.0[..index].to_vec())).is_err(), "cut at {index}");
        }
        let longer = Sealed([blob.0.as_slice(), &[0]].concat());
        assert!(ring.open(&context, &longer).is_err());
    }

    #[test]
    fn errors_tell_a_missing_key_from_damage_and_from_a_newer_format() {
        let name = name("STRIPE");
        let context = SealContext { guru_id: guru('1'), name: &name, version: 1 };
        let (first, second) = (ring(&["first"]), ring(&["second"]));
        let blob = sealed(&first, &context);
        check(
            &second,
            &context,
            &blob,
            Err(&SealError::UnknownKey { name: name.clone(), key_id: first.current.id() }),
        );
        let newer = Sealed([&[2], &blob.0[1..]].concat());
        check(&first, &context, &newer, Err(&SealError::UnknownFormat { name: name.clone(), format: 2 }));
        check(&first, &context, &Sealed(Vec::new()), Err(&context.damaged("read the format")));
    }

    #[test]
    fn rotation_rewraps_the_data_key_and_leaves_the_value() -> Result<(), SealError> {
        let name = name("STRIPE");
        let context = SealContext { guru_id: guru('1'), name: &name, version: 1 };
        let (old, both, new) = (ring(&["first"]), ring(&["second", "first"]), ring(&["second"]));
        let before = sealed(&old, &context);
        assert!(!old.needs_rewrap(&before));
        assert!(both.needs_rewrap(&before));
        check(&both, &context, &before, Ok(VALUE));

        let after = both.rewrap(&context, &before)?;
        assert!(!both.needs_rewrap(&after));
        assert_eq!(after.0[WRAP_END..], before.0[WRAP_END..]);
        check(&new, &context, &after, Ok(VALUE));
        check(
            &old,
            &context,
            &after,
            Err(&SealError::UnknownKey { name: name.clone(), key_id: new.current.id() }),
        );
        Ok(())
    }

    #[test]
    fn parts_of_two_blobs_do_not_mix() {
        let (ring, name) = (ring(&["first"]), name("STRIPE"));
        let context = SealContext { guru_id: guru('1'), name: &name, version: 1 };
        let (one, two) = (sealed(&ring, &context), sealed(&ring, &context));
        assert_ne!(one, two, "each sealing has its own data key and nonces");
        let mixed = Sealed([&one.0[..WRAP_END], &two.0[WRAP_END..]].concat());
        check(&ring, &context, &mixed, Err(&context.damaged("open the value")));
    }

    #[test]
    fn nothing_prints_the_value() {
        let (ring, name) = (ring(&["first"]), name("STRIPE"));
        let context = SealContext { guru_id: guru('1'), name: &name, version: 1 };
        let blob = sealed(&ring, &context);
        assert_eq!(
            format!("{blob:?}"),
            format!("Sealed({} bytes)", VALUE_NONCE_END + VALUE.len() + TAG_BYTES)
        );
        let text = format!("{} {:?}", context.damaged("x"), ring);
        assert!(!text.contains(VALUE) && !text.contains("first"));
    }
}
