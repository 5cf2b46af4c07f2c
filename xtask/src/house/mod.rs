//! The rules of the house. Each takes a [`Tree`] and answers with sentences, one per broken rule.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub mod arrows;
pub mod documents;
pub mod lexer;
pub mod migrations;
pub mod sources;

/// The files that the rules read, in the order of their paths.
#[derive(Debug, Default)]
pub struct Tree {
    pub root: PathBuf,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
#[error("`{path}` can't be read: {source}")]
pub struct ReadError {
    path: PathBuf,
    source: std::io::Error,
}

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] =
    &[".cache", ".git", "data", "dist", "node_modules", "playwright-report", "target", "test-results"];
const READ: &[&str] = &["css", "js", "json", "md", "py", "rs", "sh", "sql", "toml", "ts", "tsx"];

impl Tree {
    pub fn of_this_repository() -> Result<Self, ReadError> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
    }

    pub fn read(root: &Path) -> Result<Self, ReadError> {
        let mut files = Vec::new();
        collect(root, root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_owned(), files })
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<(), ReadError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReadError { path, source }
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|extension| READ.iter().any(|known| extension == *known)) {
            let text = fs::read_to_string(&path).map_err(failed(&path))?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(())
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.rsplit('.').next() == Some("rs")
    }

    pub fn is_web(&self) -> bool {
        (self.path.starts_with("web/src/") || self.path.starts_with("widget/src/"))
            && matches!(self.path.rsplit('.').next(), Some("ts" | "tsx" | "css"))
    }

    /// Tests, benchmarks and their helpers: whole files that never reach a user.
    pub fn is_test(&self) -> bool {
        let folder = |name: &str| self.path.contains(&format!("/{name}/"));
        let web_test = self.path.contains(".test.") || self.path.contains(".spec.");
        folder("tests")
            || folder("benches")
            || folder("examples")
            || self.path.ends_with("/tests.rs")
            || self.path.starts_with("crates/testkit/")
            || web_test
    }

    pub fn is_generated(&self) -> bool {
        let marked = self
            .text
            .lines()
            .take(5)
            .any(|line| line.contains("@generated") || line.contains("auto-generated"));
        marked || self.path.contains("/generated/")
    }

    /// `crates/engine/src/turn.rs` → `engine`; templates and xtask by their own names.
    pub fn room(&self) -> &str {
        let path = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        path.split('/').next().unwrap_or_default()
    }
}
