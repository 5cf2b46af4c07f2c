//! What of the machine's own pip settings holds inside the image: where packages come from and which certificates count,
//! and nothing that says where they go.
//!
//! pip runs in the image's file system, where the machine's paths mean nothing, and with an environment of its own: an
//! inherited certificate path would break every connection.

use std::path::{Path, PathBuf};

/// Settings that pass, as they are called in pip's files; in the environment `index-url` is `PIP_INDEX_URL`.
const PASSED: &[&str] =
    &["index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries"];
const CERTIFICATE: &str = "cert";
const CLIENT_CERTIFICATE: &str = "client-cert";
const FOUND_AT: &str = "find-links";
/// Sections of pip's files that speak of fetching.
const SECTIONS: &[&str] = &["global", "download", "install"];
/// Other programs' ways to name a bundle of certificates, strongest first.
const BUNDLES: &[&str] = &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
const PROXIES: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipSettings {
    /// The environment that pip gets. May hold credentials of a package index.
    pub variables: Vec<(String, String)>,
    pub certificate: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    /// Folders of wheels on this machine.
    pub folders: Vec<PathBuf>,
}

impl PipSettings {
    /// From the environment and the texts of pip's files, weakest first.
    pub fn read(environment: &[(String, String)], files: &[String]) -> Self {
        let mut found = Self::default();
        for text in files {
            for (name, value) in settings(text) {
                found.set(&name, &value);
            }
        }
        for name in BUNDLES {
            if found.certificate.is_none() {
                found.certificate = variable(environment, name).map(PathBuf::from);
            }
        }
        for (name, value) in environment {
            if let Some(name) = name.strip_prefix("PIP_") {
                found.set(&name.to_ascii_lowercase().replace('_', "-"), value);
            } else if PROXIES.contains(&name.as_str()) {
                found.variables.push((name.clone(), value.clone()));
            }
        }
        found
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() {
            return;
        }
        match name {
            CERTIFICATE => self.certificate = Some(value.into()),
            CLIENT_CERTIFICATE => self.client_certificate = Some(value.into()),
            FOUND_AT => self.set_links(&value),
            _ if PASSED.contains(&name) => self.set_variable(name, value),
            _ => {}
        }
    }

    fn set_links(&mut self, value: &str) {
        let (pages, folders): (Vec<&str>, Vec<&str>) =
            value.split(' ').partition(|place| place.contains("://"));
        self.folders =
            folders.into_iter().filter(|place| Path::new(place).is_absolute()).map(PathBuf::from).collect();
        if !pages.is_empty() {
            self.set_variable(FOUND_AT, pages.join(" "));
        }
    }

    fn set_variable(&mut self, name: &str, value: String) {
        let name = format!("PIP_{}", name.to_ascii_uppercase().replace('-', "_"));
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value));
    }
}

/// pip's files in the order in which pip itself reads them, weakest first.
pub fn files(environment: &[(String, String)]) -> Vec<PathBuf> {
    let home = variable(environment, "HOME").map(PathBuf::from);
    let user = variable(environment, "XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| home.as_ref().map(|home| home.join(".config")));
    let system = variable(environment, "XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
    let mut all: Vec<PathBuf> =
        system.split(':').map(|folder| Path::new(folder).join("pip/pip.conf")).collect();
    all.push("/etc/pip.conf".into());
    all.extend(home.map(|home| home.join(".pip/pip.conf")));
    all.extend(user.map(|user| user.join("pip/pip.conf")));
    all.extend(variable(environment, "PIP_CONFIG_FILE").map(PathBuf::from));
    all
}

pub fn variable<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    environment
        .iter()
        .find(|(other, value)| other == name && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

/// The settings of a file in the sections that matter; a value may go on in indented lines.
fn settings(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut counts = false;
    for line in text.lines() {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut().filter(|_| counts) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some(section) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            counts = SECTIONS.contains(&section.trim());
        } else if let Some((name, value)) = line.split_once(['=', ':']).filter(|_| counts) {
            found.push((name.trim().to_ascii_lowercase().replace('_', "-"), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn check(pairs: &[(&str, &str)], files: &[&str], expect: &[(&str, &str)], certificate: Option<&str>) {
        let files: Vec<String> = files.iter().map(|text| (*text).to_owned()).collect();
        let got = PipSettings::read(&environment(pairs), &files);
        assert_eq!(got.variables, environment(expect), "{pairs:?} {files:?}");
        assert_eq!(got.certificate.as_deref(), certificate.map(Path::new), "{pairs:?} {files:?}");
    }

    #[test]
    fn what_says_where_packages_come_from_passes() {
        check(
            &[
                ("PIP_INDEX_URL", "https://index.example/simple"),
                ("PIP_TARGET", "/opt/elsewhere"),
                ("PATH", "/bin"),
            ],
            &[
                "[global]\nindex-url = https://weaker.example\nuser = true\nextra_index_url =\n  https://one.example\n  https://two.example\n# x\n[wheel]\ntimeout = 3\n",
            ],
            &[
                ("PIP_EXTRA_INDEX_URL", "https://one.example https://two.example"),
                ("PIP_INDEX_URL", "https://index.example/simple"),
            ],
            None,
        );
        check(
            &[("https_proxy", "http://proxy.example:3128")],
            &[],
            &[("https_proxy", "http://proxy.example:3128")],
            None,
        );
    }

    #[test]
    fn certificates_are_found_and_never_passed_as_paths() {
        let file = "[global]\ncert = /etc/file.pem\n";
        check(&[], &[file], &[], Some("/etc/file.pem"));
        check(&[("SSL_CERT_FILE", "/etc/ssl.pem")], &[file], &[], Some("/etc/file.pem"));
        check(
            &[("SSL_CERT_FILE", "/etc/ssl.pem"), ("REQUESTS_CA_BUNDLE", "/etc/requests.pem")],
            &[],
            &[],
            Some("/etc/requests.pem"),
        );
        check(
            &[("PIP_CERT", "/etc/pip.pem"), ("SSL_CERT_FILE", "/etc/ssl.pem")],
            &[file],
            &[],
            Some("/etc/pip.pem"),
        );
    }

    #[test]
    fn folders_of_wheels_are_told_apart_from_pages() {
        let got = PipSettings::read(
            &environment(&[("PIP_FIND_LINKS", "/opt/wheels https://wheels.example/ relative")]),
            &[],
        );
        assert_eq!(got.folders, [PathBuf::from("/opt/wheels")]);
        assert_eq!(got.variables, environment(&[("PIP_FIND_LINKS", "https://wheels.example/")]));
    }

    #[test]
    fn files_are_those_that_pip_reads() {
        let got = files(&environment(&[("HOME", "/home/ana"), ("PIP_CONFIG_FILE", "/srv/pip.conf")]));
        let expect = [
            "/etc/xdg/pip/pip.conf",
            "/etc/pip.conf",
            "/home/ana/.pip/pip.conf",
            "/home/ana/.config/pip/pip.conf",
            "/srv/pip.conf",
        ];
        assert_eq!(got, expect.map(PathBuf::from));
    }
}
