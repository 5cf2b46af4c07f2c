//! Which room may know which: the arrows of ARCHITECTURE.md, kept by reading every `Cargo.toml`.

use toml::Table;

use super::Tree;

/// A room with the rooms it may depend on. `testkit` may be a dev-dependency of any.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("secrets", &["domain"]),
    ("egress", &["domain"]),
    ("storage", &["domain", "secrets"]),
    ("planners", &["domain"]),
    ("sandbox", &["egress"]),
    ("sandbox/native", &[]),
    ("runners", &["domain", "secrets", "egress", "sandbox"]),
    ("identity", &["domain", "egress", "secrets"]),
    ("engine", &["domain", "identity", "planners", "runners", "storage", "secrets"]),
    ("http", &["domain", "engine", "storage"]),
    ("templates", &["domain"]),
    ("testkit", &["domain"]),
    (
        "app",
        &[
            "domain",
            "secrets",
            "egress",
            "sandbox",
            "storage",
            "planners",
            "runners",
            "identity",
            "engine",
            "http",
            "templates",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that mark a room's work: only these rooms may have them (other than for tests).
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["storage", "testkit"]),
    ("rusqlite", &["storage"]),
    ("reqwest", &["egress", "app"]),
    ("axum", &["http", "templates", "testkit"]),
    ("utoipa", &["http"]),
    ("aes-gcm", &["secrets"]),
    ("openidconnect", &["identity"]),
    ("clap", &["app"]),
];

/// Rooms that only decide: no runtime, no sockets.
const PURE: &[&str] = &["domain", "planners"];
const RUNTIME_LIBRARIES: &[&str] = &["async-std", "futures-util", "hyper", "smol", "tokio"];

pub fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for file in &tree.files {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml") else {
            continue;
        };
        let room = folder.strip_prefix("crates/").unwrap_or(folder);
        match file.text.parse::<Table>() {
            Ok(manifest) => check_room(&mut broken, room, &manifest),
            Err(error) => broken.push(format!("`{}` is not TOML: {error}", file.path)),
        }
    }
    broken
}

fn check_room(broken: &mut Vec<String>, room: &str, manifest: &Table) {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
        broken.push(format!(
            "`{room}` is a new room: draw its arrows in xtask/src/house/arrows.rs and ARCHITECTURE.md."
        ));
        return;
    };
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        let for_tests = section == "dev-dependencies";
        for name in names(manifest, section) {
            match ours(&name) {
                Some("testkit") if for_tests => {}
                Some("testkit") => broken.push(format!("`{room}` ships `testkit`: it may only be a dev-dependency.")),
                Some(other) if !allowed.contains(&other) => broken.push(format!(
                    "`{room}` may not know `{other}` ({section}): its arrows are [{}]. Move the code to the room that may, or change \
                     the design in ARCHITECTURE.md first.",
                    allowed.join(", ")
                )),
                None if !for_tests => check_library(broken, room, &name),
                Some(_) | None => {}
            }
        }
    }
}

fn check_library(broken: &mut Vec<String>, room: &str, library: &str) {
    if let Some((_, rooms)) = LIBRARIES.iter().find(|(name, _)| *name == library)
        && !rooms.contains(&room)
    {
        broken.push(format!("`{room}` may not use `{library}`: that work is done in {}.", rooms.join(", ")));
    }
    if PURE.contains(&room) && RUNTIME_LIBRARIES.contains(&library) {
        broken.push(format!("`{room}` only decides and may not use `{library}`."));
    }
}

/// Names in a section, for every target.
fn names(manifest: &Table, section: &str) -> Vec<String> {
    let of = |table: &Table| -> Vec<String> {
        let section = table.get(section).and_then(toml::Value::as_table);
        section.map(|section| section.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = of(manifest);
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        all.extend(targets.values().filter_map(toml::Value::as_table).flat_map(of));
    }
    all
}

/// The room behind a package name, if it is one of ours.
fn ours(package: &str) -> Option<&str> {
    match package {
        "errand" => Some("app"),
        "xtask" => Some("xtask"),
        _ => package.strip_prefix("errand-"),
    }
}

/// Rooms that ARCHITECTURE.md doesn't name.
pub fn check_map(tree: &Tree) -> Vec<String> {
    let map = tree.text("ARCHITECTURE.md").unwrap_or_default();
    let unnamed = ARROWS.iter().filter(|(room, _)| !map.contains(&format!("`{room}`")));
    unnamed.map(|(room, _)| format!("ARCHITECTURE.md doesn't name the room `{room}`.")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    fn check_manifest(path: &str, text: &str, expect: &[&str]) {
        let tree =
            Tree { files: vec![File { path: path.to_owned(), text: text.to_owned() }], ..Tree::default() };
        let got = check(&tree);
        let same = got.len() == expect.len() && got.iter().zip(expect).all(|(got, part)| got.contains(part));
        assert!(same, "{path}: {got:?}");
    }

    #[test]
    fn arrows_that_point_backwards_are_refused() {
        check_manifest(
            "crates/engine/Cargo.toml",
            "[dependencies]\nerrand-domain = {}\nerrand-storage = {}",
            &[],
        );
        check_manifest(
            "crates/domain/Cargo.toml",
            "[dependencies]\nerrand-engine = {}",
            &["`domain` may not know `engine`"],
        );
        check_manifest(
            "crates/http/Cargo.toml",
            "[dev-dependencies]\nerrand-runners = {}",
            &["`http` may not know `runners`"],
        );
        check_manifest(
            "crates/http/Cargo.toml",
            "[target.'cfg(unix)'.dependencies]\nerrand = {}",
            &["may not know `app`"],
        );
    }

    #[test]
    fn the_testkit_is_for_tests() {
        check_manifest("crates/engine/Cargo.toml", "[dev-dependencies]\nerrand-testkit = {}", &[]);
        check_manifest(
            "crates/engine/Cargo.toml",
            "[dependencies]\nerrand-testkit = {}",
            &["may only be a dev-dependency"],
        );
    }

    #[test]
    fn libraries_stay_in_their_rooms() {
        check_manifest(
            "crates/engine/Cargo.toml",
            "[dependencies]\nsqlx = '0.9'",
            &["that work is done in storage"],
        );
        check_manifest("crates/engine/Cargo.toml", "[dev-dependencies]\naxum = '0.8'", &[]);
        check_manifest("crates/planners/Cargo.toml", "[dependencies]\ntokio = '1'", &["only decides"]);
        check_manifest("crates/utils/Cargo.toml", "", &["is a new room"]);
    }
}
