//! A pasted cURL command as an action.

use url::form_urlencoded;

use super::{Proposal, StoredSecrets, credentials::Finder, naming, parameters, shell};
use crate::{
    ApiCall, BodyFormat, Header, Method, Problem,
    action::BasicAuth,
    action_file::{ACTION_FILE_VERSION, ActionFile, Run},
    limits,
};

/// Characters of a command that are read; browsers copy large bodies.
pub const COMMAND_CHARS_MAX: usize = 200_000;

/// What a cURL command says.
#[derive(Debug, Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<Header>,
    data: Vec<String>,
    /// Data goes into the query (`-G`).
    data_in_query: bool,
    is_json: bool,
    user: Option<String>,
    timeout_ms: Option<u64>,
    follows: bool,
    redirects_max: Option<u8>,
    retries_max: u8,
    notes: Vec<String>,
}

/// Reads a command into a proposal.
///
/// # Errors
/// When it is no cURL command, has no address, or does something that an action can't do (uploads, multipart forms).
pub fn from_curl(command: &str, stored: &StoredSecrets) -> Result<Proposal, Problem> {
    if command.chars().count() > COMMAND_CHARS_MAX {
        let message = format!("The command is longer than {COMMAND_CHARS_MAX} characters.");
        return Err(bad(message, "Shorten its body."));
    }
    let words = shell::words(command.trim().trim_start_matches("$ "))?;
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_default();
    if !matches!(program.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe")) {
        return Err(bad("This is not a cURL command.".to_owned(), "Paste one that begins with `curl`."));
    }
    let command = Command::read(words)?;
    proposal(command, stored)
}

impl Command {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, Problem> {
        let mut command = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, inline) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                command.option(&format!("--{name}"), &mut |_| inline.clone().or_else(|| words.next()))?;
            } else if let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                command.flags(flags, &mut words)?;
            } else if command.url.is_none() {
                command.url = Some(word);
            } else {
                command.note("Only the first address was taken.");
            }
        }
        Ok(command)
    }

    /// `-sSL` is three flags, `-XPOST` one with its value.
    fn flags(&mut self, flags: &str, words: &mut impl Iterator<Item = String>) -> Result<(), Problem> {
        let mut rest = flags;
        while let Some(flag) = rest.chars().next() {
            rest = &rest[flag.len_utf8()..];
            let mut took_rest = false;
            self.option(&format!("-{flag}"), &mut |_| {
                took_rest = true;
                if rest.is_empty() { words.next() } else { Some(rest.to_owned()) }
            })?;
            if took_rest {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One option. `value` gives its value, and is asked only by those that have one.
    fn option(&mut self, name: &str, value: &mut dyn FnMut(&str) -> Option<String>) -> Result<(), Problem> {
        let mut needed = || {
            value(name).ok_or_else(|| {
                bad(format!("`{name}` in the command lacks its value."), "Copy the whole command again.")
            })
        };
        match name {
            "-X" | "--request" => self.method = Some(needed()?),
            "--url" => self.url = Some(needed()?),
            "-H" | "--header" => self.header(&needed()?),
            "-d" | "--data" | "--data-ascii" | "--data-binary" => {
                let data = needed()?;
                self.add_data(data, true)?;
            }
            "--data-raw" => self.data.push(needed()?),
            "--data-urlencode" => {
                let data = url_encoded(&needed()?);
                self.add_data(data, false)?;
            }
            "--json" => {
                self.is_json = true;
                let data = needed()?;
                self.add_data(data, true)?;
            }
            "-G" | "--get" => self.data_in_query = true,
            "-u" | "--user" => self.user = Some(needed()?),
            "--oauth2-bearer" => self.set_header("Authorization", &format!("Bearer {}", needed()?)),
            "-A" | "--user-agent" => self.set_header("User-Agent", &needed()?),
            "-e" | "--referer" => self.set_header("Referer", &needed()?),
            "-b" | "--cookie" => self.set_header("Cookie", &needed()?),
            "-m" | "--max-time" => self.timeout_ms = milliseconds(&needed()?),
            "-L" | "--location" => self.follows = true,
            "--max-redirs" => self.redirects_max = needed()?.parse().ok(),
            "--retry" => self.retries_max = needed()?.parse().unwrap_or(0),
            "-k" | "--insecure" => self.note("`--insecure` was left out: certificates are always checked."),
            "-x" | "--proxy" | "--resolve" | "--interface" | "-E" | "--cert" | "--key" | "--cacert" => {
                needed()?;
                self.note(&format!("`{name}` was left out: the way out is the operator's to set."));
            }
            "-F" | "--form" | "-T" | "--upload-file" | "-I" | "--head" => return Err(beyond(name)),
            _ if QUIET_WITH_VALUE.contains(&name) => drop(needed()?),
            _ if QUIET.contains(&name) => {}
            _ => self.note(&format!("`{name}` was left out.")),
        }
        Ok(())
    }

    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }

    fn header(&mut self, line: &str) {
        // `Name;` is cURL's way to send an empty header.
        let Some((name, value)) = line.split_once(':').or_else(|| line.split_once(';')) else { return };
        self.set_header(name.trim(), value.trim());
    }

    fn set_header(&mut self, name: &str, value: &str) {
        if IMPLIED_HEADERS.iter().any(|implied| name.eq_ignore_ascii_case(implied)) || name.starts_with(':') {
            return;
        }
        self.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
        self.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
    }

    /// `@file` names a file on the builder's machine for all but `--data-raw`.
    fn add_data(&mut self, data: String, may_be_file: bool) -> Result<(), Problem> {
        if may_be_file && data.starts_with('@') {
            return Err(bad(
                format!("The command reads its body from the file `{}`, which is not here.", &data[1..]),
                "Put the file's text in its place.",
            ));
        }
        self.data.push(data);
        Ok(())
    }

    fn method(&self) -> Result<Method, Problem> {
        let has_body = !self.data.is_empty() && !self.data_in_query;
        let Some(text) = &self.method else {
            return Ok(if has_body { Method::Post } else { Method::Get });
        };
        [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                bad(
                    format!("An action can't send the method `{text}`."),
                    "GET, POST, PUT, PATCH and DELETE are possible.",
                )
            })
    }

    /// The body with its format and the method's refusal of one.
    fn body(&mut self, method: Method) -> (Option<String>, BodyFormat) {
        if self.data.is_empty() || self.data_in_query {
            return (None, BodyFormat::default());
        }
        let body = self.data.join(if self.is_json { "" } else { "&" });
        let declared = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
        let declared = declared.map(|header| header.value.to_ascii_lowercase());
        let looks_like_json = serde_json::from_str::<serde_json::Value>(&body)
            .is_ok_and(|value| value.is_object() || value.is_array());
        let format = match declared.as_deref() {
            Some(kind) if kind.contains("json") => BodyFormat::Json,
            Some(kind) if kind.contains("x-www-form-urlencoded") && !looks_like_json => BodyFormat::Form,
            Some(_) if looks_like_json => BodyFormat::Json,
            Some(_) => BodyFormat::Text,
            None if self.is_json || looks_like_json => BodyFormat::Json,
            None => BodyFormat::Form,
        };
        let implied = match format {
            BodyFormat::Json => "application/json",
            BodyFormat::Form => "application/x-www-form-urlencoded",
            BodyFormat::Text => "text/plain; charset=utf-8",
        };
        self.headers.retain(|header| {
            !(header.name.eq_ignore_ascii_case("content-type")
                && header.value.to_ascii_lowercase().starts_with(implied))
        });
        if method == Method::Get {
            self.note("The body was left out: a GET request has none here.");
            return (None, BodyFormat::default());
        }
        (Some(body), format)
    }
}

fn proposal(mut command: Command, stored: &StoredSecrets) -> Result<Proposal, Problem> {
    let method = command.method()?;
    let url = address(&mut command)?;
    let (body, body_format) = command.body(method);
    let basic_auth = command.user.take().map(|user| {
        let (username, password) = user.split_once(':').unwrap_or((&user, ""));
        BasicAuth { username: username.to_owned(), password: password.to_owned() }
    });
    if basic_auth.is_some() {
        command.headers.retain(|header| !header.name.eq_ignore_ascii_case("authorization"));
    }
    let mut call = ApiCall {
        method,
        url,
        headers: std::mem::take(&mut command.headers),
        basic_auth,
        body,
        body_format,
        redirects_max: if command.follows { command.redirects_max.unwrap_or(5).min(10) } else { 0 },
        retries_max: if method.is_idempotent() { command.retries_max.min(5) } else { 0 },
    };
    let mut finder = Finder::new(&call.url, stored);
    finder.take_out(&mut call);
    let found = parameters::found_in(&mut call, &finder.found);
    let noun = found.noun;
    let origin = format!("{} {}", method.as_str(), path_of(&call.url));
    let name = naming::action_name(&format!("{} {noun}", parameters::verb(method, found.is_list)), &[]);
    command.notes.extend(found.notes);
    let timeout_ms = command
        .timeout_ms
        .map(|ms| ms.clamp(limits::ACTION_TIMEOUT_MS_MIN, limits::ACTION_TIMEOUT_MS_MAX_DEFAULT));
    let file = ActionFile {
        schema: None,
        version: ACTION_FILE_VERSION,
        name,
        trigger: parameters::trigger(method, &noun),
        examples: Vec::new(),
        parameters: found.parameters,
        run: Run::ApiCall(call),
        usage: String::new(),
        answer: None,
        timeout_ms,
        runs_with: Vec::new(),
        allowed_hosts: Vec::new(),
    };
    Ok(Proposal { origin, file, secrets: finder.found, notes: command.notes })
}

/// The address with its scheme, without user and password, and with what `-G` adds.
fn address(command: &mut Command) -> Result<String, Problem> {
    let mut url = command
        .url
        .take()
        .filter(|url| !url.is_empty())
        .ok_or_else(|| bad("The command has no address.".to_owned(), "Copy the whole command again."))?;
    if !url.contains("://") {
        command.note("The address had no scheme; `https://` was put before it.");
        url = format!("https://{url}");
    }
    if let Some((scheme, rest)) = url.clone().split_once("://") {
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if let Some(at) = rest[..authority_end].rfind('@') {
            command.user.get_or_insert_with(|| rest[..at].to_owned());
            url = format!("{scheme}://{}", &rest[at + 1..]);
        }
    }
    if command.data_in_query && !command.data.is_empty() {
        let separator = if url.contains('?') { '&' } else { '?' };
        url = format!("{url}{separator}{}", command.data.join("&"));
    }
    Ok(url)
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |slash| rest[slash..].split(['?', '#']).next().unwrap_or("/"))
}

/// `name=content` with the content encoded, as `--data-urlencode` does.
fn url_encoded(data: &str) -> String {
    let encode =
        |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    match data.split_once('=') {
        Some(("", content)) => encode(content),
        Some((name, content)) => format!("{name}={}", encode(content)),
        None => encode(data),
    }
}

fn milliseconds(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let tenths: u64 = fraction.get(..1).and_then(|digit| digit.parse().ok()).unwrap_or(0);
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(tenths * 100)
}

fn bad(message: String, hint: &str) -> Problem {
    Problem::new("bad_command", message, hint).at("command")
}

fn beyond(option: &str) -> Problem {
    bad(
        format!("The command uses `{option}`, which an API call can't do."),
        "Write it as a Python action, or send the data as JSON.",
    )
}

/// Set by every client for itself, or meaningful for browsers only.
const IMPLIED_HEADERS: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "priority",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "transfer-encoding",
];

/// Options that say how cURL shows things, and change nothing of the request.
const QUIET: [&str; 24] = [
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-f",
    "--fail",
    "--fail-with-body",
    "-#",
    "--progress-bar",
    "-N",
    "--no-buffer",
    "--compressed",
    "-O",
    "--remote-name",
    "--http1.1",
    "--http2",
    "--globoff",
    "-g",
    "--no-progress-meter",
    "--path-as-is",
];
const QUIET_WITH_VALUE: [&str; 8] =
    ["-o", "--output", "-w", "--write-out", "-D", "--dump-header", "--connect-timeout", "--retry-delay"];
