//! Migrations that ran somewhere are never edited: their checksums are kept in a file that `sha256sum -c` reads.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{File, Tree};

/// Where the checksums are, from the root.
pub const SEAL: &str = "xtask/migrations.sha256";
const FOLDER: &str = "crates/storage/migrations/";

pub fn check(tree: &Tree) -> Vec<String> {
    let sealed = std::fs::read_to_string(tree.root.join(SEAL)).unwrap_or_default();
    compare(tree, &sealed)
}

fn compare(tree: &Tree, sealed: &str) -> Vec<String> {
    let mut broken = edited(tree, sealed);
    for file in migrations(tree) {
        if !sealed.lines().any(|line| line.ends_with(&format!("  {}", file.path))) {
            broken.push(format!("{} is not sealed: run `cargo xtask seal-migrations`.", file.path));
        }
    }
    broken
}

/// The checksums of all migrations, or why they can't be sealed.
pub fn seal(tree: &Tree) -> Result<String, String> {
    let sealed = std::fs::read_to_string(tree.root.join(SEAL)).unwrap_or_default();
    let broken = edited(tree, &sealed);
    if !broken.is_empty() {
        return Err(broken.join("\n"));
    }
    let mut text = String::new();
    for file in migrations(tree) {
        let _ = writeln!(text, "{}  {}", checksum(&file.text), file.path);
    }
    Ok(text)
}

fn edited(tree: &Tree, sealed: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for line in sealed.lines() {
        let Some((sum, path)) = line.split_once("  ") else {
            broken.push(format!("{SEAL} has a line that is no checksum: `{line}`."));
            continue;
        };
        match tree.text(path) {
            None => broken.push(format!("{path} was removed; databases that ran it would not start. Restore it.")),
            Some(text) if checksum(text) != sum => broken.push(format!(
                "{path} was edited after it was sealed; databases that ran it would differ. Restore it and write a new migration."
            )),
            Some(_) => {}
        }
    }
    broken
}

fn migrations(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files
        .iter()
        .filter(|file| file.path.starts_with(FOLDER) && file.path.rsplit('.').next() == Some("sql"))
}

fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/storage/migrations/0001_start.sql";

    fn tree(text: &str) -> Tree {
        Tree { files: vec![File { path: PATH.to_owned(), text: text.to_owned() }], ..Tree::default() }
    }

    fn check_seal(text: &str, sealed: &str, expect: &[&str]) {
        let got = compare(&tree(text), sealed);
        let same = got.len() == expect.len() && got.iter().zip(expect).all(|(got, part)| got.contains(part));
        assert!(same, "{got:?}");
    }

    #[test]
    fn a_sealed_migration_stays_as_it_was() {
        let seal = format!("{}  {PATH}\n", checksum("abc"));
        assert!(seal.starts_with("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        check_seal("abc", &seal, &[]);
        check_seal("abd", &seal, &["was edited after it was sealed"]);
        check_seal("abc", "", &["is not sealed"]);
        check_seal("abc", &format!("{seal}{}  {FOLDER}0002_more.sql", checksum("")), &["was removed"]);
    }
}
