//! Where this machine gets Debian's packages from, read from what its own apt is set to.

/// Names of Debian's suites as they stand in sources; others on the same machine belong to other archives.
const SUITES: &[&str] = &[
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "sid",
];
/// A source signed by any other key is not Debian's, even if it calls its suites the same.
const DEBIANS_KEYS: &str = "debian-archive";

/// Debian's archives as this machine reaches them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    pub main: Option<String>,
    pub security: Option<String>,
}

/// One configured source.
#[derive(Debug, Default)]
struct Source<'a> {
    uris: Vec<&'a str>,
    suites: Vec<&'a str>,
    components: Vec<&'a str>,
    signed_by: String,
}

impl Mirrors {
    /// From the texts of the files that apt reads, with their names: `*.list` or `*.sources`.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found = Self::default();
        for (name, text) in files {
            let sources = if name.ends_with(".sources") { stanzas(text) } else { lines(text) };
            for source in sources.iter().filter(|source| source.is_debians()) {
                found.take(source);
            }
        }
        found
    }

    fn take(&mut self, source: &Source<'_>) {
        let Some(uri) = source.uris.iter().find(|uri| is_usable(uri)) else {
            return;
        };
        let uri = uri.trim_end_matches('/').to_owned();
        for suite in &source.suites {
            if SUITES.contains(suite) {
                self.main.get_or_insert_with(|| uri.clone());
            } else if is_security(suite) {
                self.security.get_or_insert_with(|| uri.clone());
            }
        }
    }
}

impl Source<'_> {
    fn is_debians(&self) -> bool {
        self.components.contains(&"main")
            && (self.signed_by.is_empty() || self.signed_by.contains(DEBIANS_KEYS))
    }
}

fn is_security(suite: &str) -> bool {
    suite
        .strip_suffix("-security")
        .or_else(|| suite.strip_suffix("/updates"))
        .is_some_and(|name| SUITES.contains(&name))
}

/// A disc in a drive isn't there for others; a colon is what makes it an address.
fn is_usable(uri: &str) -> bool {
    uri.contains(':') && !uri.starts_with("cdrom:")
}

/// The old form: `deb [options] uri suite component…`, one a line.
fn lines(text: &str) -> Vec<Source<'_>> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Source<'_>> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t', '[']))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    Some(Source {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by: options
            .split_whitespace()
            .filter_map(|option| option.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("signed-by"))
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default(),
    })
}

/// The new form: fields in paragraphs, a field going on in indented lines.
fn stanzas(text: &str) -> Vec<Source<'_>> {
    let mut all = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            all.extend(stanza(&paragraph));
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
    }
    all
}

fn stanza<'a>(lines: &[&'a str]) -> Option<Source<'a>> {
    let mut source = Source::default();
    let (mut is_binary, mut is_enabled) = (false, true);
    let mut field = "";
    for line in lines {
        let value = if line.starts_with([' ', '\t']) {
            *line
        } else {
            let (name, value) = line.split_once(':')?;
            field = name.trim();
            value
        };
        let words = value.split_whitespace();
        match field.to_ascii_lowercase().as_str() {
            "types" => is_binary |= words.clone().any(|word| word == "deb"),
            "uris" => source.uris.extend(words),
            "suites" => source.suites.extend(words),
            "components" => source.components.extend(words),
            "signed-by" => source.signed_by.push_str(value.trim()),
            "enabled" => {
                is_enabled = !words
                    .clone()
                    .any(|word| matches!(word.to_ascii_lowercase().as_str(), "no" | "false" | "0" | "off"));
            }
            _ => {}
        }
    }
    (is_binary && is_enabled).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], main: Option<&str>, security: Option<&str>) {
        let expect = Mirrors { main: main.map(str::to_owned), security: security.map(str::to_owned) };
        assert_eq!(Mirrors::read(files.iter().copied()), expect, "{files:?}");
    }

    #[test]
    fn the_old_form_is_read() {
        check(
            &[(
                "sources.list",
                "# deb http://commented/debian bookworm main\ndeb http://mirror.example/debian/ bookworm main contrib # near\ndeb-src http://source.example/debian bookworm main\n",
            )],
            Some("http://mirror.example/debian"),
            None,
        );
        check(
            &[(
                "a.list",
                "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://m.example/debian stable main\ndeb http://s.example/debian-security bookworm-security main\ndeb http://old.example/security stable/updates main\n",
            )],
            Some("https://m.example/debian"),
            Some("http://s.example/debian-security"),
        );
        check(
            &[("a.list", "deb cdrom:[Debian 13]/ trixie main\ndeb\ndeb http://only.example\n")],
            None,
            None,
        );
    }

    #[test]
    fn the_new_form_is_read() {
        let text = "Types: deb deb-src\n# a remark\nURIs: http://m.example/debian\n  http://second.example/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\nTypes: deb\nURIs: http://s.example/security\nSuites: trixie-security\nComponents: main\n";
        check(
            &[("debian.sources", text)],
            Some("http://m.example/debian"),
            Some("http://s.example/security"),
        );
        check(
            &[("debian.sources", &format!("Enabled: no\n{text}"))],
            None,
            Some("http://s.example/security"),
        );
        check(
            &[(
                "debian.sources",
                "Types: deb-src\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\n",
            )],
            None,
            None,
        );
        check(
            &[(
                "debian.sources",
                "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n",
            )],
            Some("mirror+file:/etc/apt/mirrors/debian.list"),
            None,
        );
    }

    #[test]
    fn other_archives_are_left_alone() {
        check(
            &[
                (
                    "chrome.list",
                    "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.example/debian bookworm main\n",
                ),
                (
                    "nodes.sources",
                    "Types: deb\nURIs: https://nodes.example\nSuites: nodistro\nComponents: main\n",
                ),
                (
                    "db.list",
                    "deb https://db.example/apt bookworm-pgdg main\ndeb https://c.example/linux bookworm stable\n",
                ),
                (
                    "ubuntu.sources",
                    "Types: deb\nURIs: http://u.example/ubuntu\nSuites: noble noble-security\nComponents: main\n",
                ),
            ],
            None,
            None,
        );
    }
}
