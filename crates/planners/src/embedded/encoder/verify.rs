//! Is the model on disk the published one?

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{EncoderError, VOCABULARY_FILE, WEIGHTS_FILE};

/// SHA-256 of [`WEIGHTS_FILE`] as published.
pub const MODEL_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// SHA-256 of [`VOCABULARY_FILE`] as published.
pub const VOCABULARY_SHA256: &str = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3";

const BUFFER_BYTES: usize = 1 << 20;

/// Compares both files of a folder with the published ones. Meant for installation: it reads all 91 MB.
pub fn verify(folder: &Path) -> Result<(), EncoderError> {
    verify_file(&folder.join(WEIGHTS_FILE), MODEL_SHA256)?;
    verify_file(&folder.join(VOCABULARY_FILE), VOCABULARY_SHA256)
}

fn verify_file(path: &Path, expected: &str) -> Result<(), EncoderError> {
    let found = sha256(path).map_err(|source| EncoderError::read(path, source))?;
    if found == expected {
        return Ok(());
    }
    Err(EncoderError::unusable(path, format!("has SHA-256 {found} where {expected} was published")))
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut hasher = Sha256::new();
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    let digest = hasher.finalize();
    Ok(digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}
