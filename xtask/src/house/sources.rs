//! What source files may hold, room by room.

use super::{
    File, Tree,
    lexer::{self, Source},
};

/// Lines of a file, its tests apart.
pub const LINES_MAX: usize = 800;

/// Files that may hold `unsafe`, each with its reason.
const UNSAFE_FILES: &[(&str, &str)] = &[
    ("crates/egress/src/sandbox/doorbell.rs", "hands a descriptor of its own to the runtime"),
    (
        "crates/planners/src/embedded/encoder/instruction_set.rs",
        "calls functions compiled for AVX2 and AVX-512 after the processor said that it has them",
    ),
    (
        "crates/planners/src/embedded/encoder/product/x86.rs",
        "reads arrays as vector registers and writes them back",
    ),
    ("crates/sandbox/native/src/arenas.rs", "reserves memory for the interpreter and joins its pages"),
    ("crates/sandbox/native/src/call.rs", "the one place that makes system calls which libc has no name for"),
    ("crates/sandbox/native/src/child/landlock.rs", "opens the folders that rules are about"),
    ("crates/sandbox/native/src/child/mod.rs", "moves descriptors and ends its process"),
    ("crates/sandbox/native/src/child/privileges.rs", "gives up what its process may do"),
    ("crates/sandbox/native/src/child/room.rs", "mounts and changes the root"),
    ("crates/sandbox/native/src/lib.rs", "is called by the interpreter, over the C calling convention"),
    ("crates/sandbox/native/src/wire.rs", "sends and receives descriptors"),
    ("crates/sandbox/native/src/zygote.rs", "clones processes and changes its identity"),
    ("crates/sandbox/src/check.rs", "asks the kernel for its version of landlock"),
    (
        "crates/sandbox/src/launcher/mod.rs",
        "enters the launcher's namespaces, and gives rights up in what it starts",
    ),
    ("crates/sandbox/src/launcher/probe.rs", "enters namespaces to see whether that is allowed"),
    ("crates/sandbox/src/launcher/room.rs", "restricts mounts"),
    ("crates/sandbox/src/launcher/watch.rs", "gets signals as a descriptor and traces children to their end"),
    ("crates/sandbox/src/wire.rs", "registers a descriptor with the runtime"),
    ("crates/sandbox/native/src/net/gate.rs", "sets an option of a netlink socket"),
    (
        "crates/sandbox/native/src/net/netlink.rs",
        "speaks to the kernel through a socket, without the standard library",
    ),
    ("crates/sandbox/native/src/net/sockets.rs", "opens sockets between fork and the script"),
    ("crates/sandbox/tests/network/inside.rs", "enters namespaces between fork and exec"),
];

const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now", "Timestamp::now", "Utc::now", "Zoned::now"];

/// Rooms that own a clock: the engine orders work in time, the binary hands clocks out.
const CLOCK_ROOMS: &[&str] = &["app", "engine", "xtask"];

/// Other readings of a clock: place, reading, reason.
const CLOCK_PLACES: &[(&str, &str, &str)] = &[
    ("crates/egress/src/", "Instant::now", "measures the phases of an exchange and keeps its deadline"),
    ("crates/sandbox/src/", "Instant::now", "measures a run and keeps the bounds of its wait"),
    ("crates/runners/src/", "Instant::now", "measures the phases of a run and keeps its deadline"),
];

const PRINTING: &[&str] = &["dbg!", "eprint!", "eprintln!", "print!", "println!"];
const SQL: &[&str] =
    &["ALTER TABLE ", "CREATE INDEX ", "CREATE TABLE ", "DELETE FROM ", "INSERT INTO ", "SELECT "];

/// Rooms whose binaries speak to a person.
const SPEAKING_ROOMS: &[&str] = &["app", "xtask"];

pub fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for file in tree.files.iter().filter(|file| !file.is_generated()) {
        if file.is_rust() {
            check_rust(&mut broken, file);
        }
        if file.is_rust() || file.is_web() {
            check_length(&mut broken, file);
            check_reminders(&mut broken, file);
        }
    }
    broken
}

fn check_rust(broken: &mut Vec<String>, file: &File) {
    let source = lexer::read(&file.text);
    check_crate_doc(broken, file);
    check_unsafe(broken, file, &source.code);
    if !file.is_test() && !file.path.ends_with("/build.rs") {
        let shipped = lexer::without_tests(&source.code);
        check_environment(broken, file, &shipped);
        check_clocks(broken, file, &shipped);
        check_printing(broken, file, &shipped);
        check_sql(broken, file, &source, &shipped);
    }
}

fn check_crate_doc(broken: &mut Vec<String>, file: &File) {
    let first = file.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|doc| !doc.trim().is_empty());
    if file.path.ends_with("/src/lib.rs") && !says {
        broken.push(format!(
            "{}: open the crate with `//!`: what it does and what it must not know.",
            file.path
        ));
    }
}

fn check_unsafe(broken: &mut Vec<String>, file: &File, code: &str) {
    if UNSAFE_FILES.iter().any(|(path, _)| *path == file.path) {
        return;
    }
    for line in lines_with(code, "unsafe") {
        broken.push(format!(
            "{}:{line}: `unsafe` is only allowed in the files listed in xtask/src/house/sources.rs.",
            file.path
        ));
    }
}

fn check_environment(broken: &mut Vec<String>, file: &File, code: &str) {
    if SPEAKING_ROOMS.contains(&file.room()) {
        return;
    }
    for reading in ["std::env", "env::var", "env::var_os", "env::args"] {
        for line in lines_with(code, reading) {
            broken.push(format!(
                "{}:{line}: `{reading}` is read in crates/app alone; have the value handed in.",
                file.path
            ));
        }
    }
}

fn check_clocks(broken: &mut Vec<String>, file: &File, code: &str) {
    if CLOCK_ROOMS.contains(&file.room()) {
        return;
    }
    for reading in CLOCKS {
        let listed =
            CLOCK_PLACES.iter().any(|(place, listed, _)| file.path.starts_with(place) && listed == reading);
        for line in lines_with(code, reading).filter(|_| !listed) {
            broken.push(format!("{}:{line}: `{reading}` reads a clock; have the time handed in (app and engine own the clocks).", file.path));
        }
    }
}

fn check_printing(broken: &mut Vec<String>, file: &File, code: &str) {
    if SPEAKING_ROOMS.contains(&file.room()) {
        return;
    }
    for printing in PRINTING {
        for line in lines_with(code, printing) {
            broken.push(format!(
                "{}:{line}: a library doesn't use `{printing}`; return the text or log it with tracing.",
                file.path
            ));
        }
    }
}

fn check_sql(broken: &mut Vec<String>, file: &File, source: &Source, shipped: &str) {
    if matches!(file.room(), "storage" | "xtask") {
        return;
    }
    let shipped_lines: Vec<&str> = shipped.lines().collect();
    for (line, text) in &source.strings {
        let is_shipped = shipped_lines.get(line - 1).is_some_and(|code| code.contains('"'));
        let trimmed = text.trim_start();
        if is_shipped && SQL.iter().any(|verb| trimmed.starts_with(verb)) {
            broken.push(format!("{}:{line}: SQL lives in crates/storage alone.", file.path));
        }
    }
}

fn check_length(broken: &mut Vec<String>, file: &File) {
    if file.is_test() {
        return;
    }
    let lines = if file.is_rust() {
        // Blanked test items leave their line breaks; only the lines outside them count.
        let code = lexer::read(&file.text).code;
        let tests = code.lines().count() - kept_lines(&code);
        file.text.lines().count() - tests
    } else {
        file.text.lines().count()
    };
    if lines > LINES_MAX {
        broken.push(format!(
            "{} has {lines} lines: split it by topic (at most {LINES_MAX}, better 300).",
            file.path
        ));
    }
}

/// Lines of `code` that are not part of a test item.
fn kept_lines(code: &str) -> usize {
    let shipped = lexer::without_tests(code);
    code.lines()
        .zip(shipped.lines().chain(std::iter::repeat("")))
        .filter(|(all, kept)| all.trim() == kept.trim())
        .count()
}

fn check_reminders(broken: &mut Vec<String>, file: &File) {
    for reminder in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")] {
        for line in lines_with(&file.text, reminder) {
            broken.push(format!(
                "{}:{line}: `{reminder}` is no place for a plan: do it, or open an issue.",
                file.path
            ));
        }
    }
}

/// Lines (from 1) that hold `needle` as whole words.
fn lines_with<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let stands_alone = move |line: &str| {
        line.match_indices(needle)
            .any(|(at, _)| !line[..at].ends_with(is_word) && !line[at + needle.len()..].starts_with(is_word))
    };
    text.lines().enumerate().filter(move |(_, line)| stands_alone(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_file(path: &str, text: &str, expect: &[&str]) {
        let tree =
            Tree { files: vec![File { path: path.to_owned(), text: text.to_owned() }], ..Tree::default() };
        let got = check(&tree);
        let same = got.len() == expect.len() && got.iter().zip(expect).all(|(got, part)| got.contains(part));
        assert!(same, "{path}: {got:?}");
    }

    #[test]
    fn crates_open_with_what_they_do() {
        check_file("crates/x/src/lib.rs", "//! Does things.\n", &[]);
        check_file("crates/x/src/lib.rs", "//! \n", &["open the crate"]);
        check_file("crates/x/src/other.rs", "", &[]);
    }

    #[test]
    fn code_is_judged_and_prose_is_not() {
        check_file("crates/x/src/a.rs", "// unsafe std::env\nconst A: &str = \"println! unsafe\";", &[]);
        check_file("crates/x/src/a.rs", "fn f() { unsafe { g() } }", &["a.rs:1: `unsafe`"]);
        check_file("crates/x/src/a.rs", "#![deny(unsafe_code)]", &[]);
    }

    #[test]
    fn rooms_have_what_they_need_and_no_more() {
        check_file(
            "crates/http/src/a.rs",
            "let a = std::env::temp_dir();",
            &["`std::env` is read in crates/app"],
        );
        check_file("crates/app/src/a.rs", "let a = std::env::temp_dir(); println!()", &[]);
        check_file(
            "crates/http/src/a.rs",
            "\nlet t = Instant::now();",
            &["a.rs:2: `Instant::now` reads a clock"],
        );
        check_file("crates/egress/src/a.rs", "let t = Instant::now();", &[]);
        check_file("crates/egress/src/a.rs", "let t = SystemTime::now();", &["reads a clock"]);
        check_file("crates/http/src/a.rs", "println!();", &["a library doesn't use"]);
        check_file("crates/http/src/a.rs", "let q = \"SELECT 1 FROM a\";", &["SQL lives in"]);
        check_file("crates/storage/src/a.rs", "let q = \"SELECT 1 FROM a\";", &[]);
    }

    #[test]
    fn tests_are_apart() {
        let test = "#[cfg(test)]\nmod tests {\n fn f() { println!(\"{:?}\", Instant::now()); g(\"DELETE FROM a\") }\n}\n";
        check_file("crates/http/src/a.rs", test, &[]);
        check_file("crates/http/tests/a.rs", "fn f() { std::env::var(\"A\"); }", &[]);
        let long = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn f() {}\n".repeat(10),
            "fn t() {}\n".repeat(LINES_MAX)
        );
        check_file("crates/http/src/a.rs", &long, &[]);
    }

    #[test]
    fn files_stay_readable_and_hold_no_reminders() {
        check_file("crates/x/src/a.rs", &"fn f() {}\n".repeat(LINES_MAX + 1), &["has 801 lines"]);
        check_file("web/src/a.tsx", &"a;\n".repeat(LINES_MAX + 1), &["has 801 lines"]);
        check_file(
            "web/src/api/schema.d.ts",
            &format!("/** auto-generated */\n{}", "a;\n".repeat(LINES_MAX)),
            &[],
        );
        check_file("crates/x/src/a.rs", concat!("// TO", "DO: later"), &["a.rs:1"]);
    }
}
