//! Takes credentials out of a request and puts secrets' names in their place.

use super::{FoundSecret, FoundValue, StoredSecrets, naming};
use crate::{
    ApiCall, SecretName,
    action::BasicAuth,
    lint::credentials::{holds_key, is_credential, is_literal, json_fields, literal, secret_for},
    placeholder::Template,
};

/// Schemes of an `Authorization` header; what follows is the credential.
const SCHEMES: [&str; 5] = ["bearer", "basic", "token", "apikey", "key"];
/// Headers that hold nothing but a credential.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "cookie", "x-api-key", "proxy-authorization"];

/// The secrets that a request needs, found in it and taken out of it.
pub(super) struct Finder<'a> {
    stored: &'a StoredSecrets,
    /// The name for the service's own key.
    service: String,
    pub found: Vec<FoundSecret>,
}

impl<'a> Finder<'a> {
    pub fn new(url: &str, stored: &'a StoredSecrets) -> Self {
        Self { stored, service: secret_for(url, stored), found: Vec::new() }
    }

    /// Takes every credential out of the call.
    pub fn take_out(&mut self, call: &mut ApiCall) {
        for header in &mut call.headers {
            self.header(&header.name, &mut header.value);
        }
        if let Some(auth) = &mut call.basic_auth {
            self.basic_auth(auth);
        }
        self.query(&mut call.url);
        if let Some(body) = &mut call.body {
            self.body(body);
        }
        self.note_named(call);
    }

    fn header(&mut self, name: &str, value: &mut String) {
        let (scheme, token) = match value.split_once(' ') {
            Some((scheme, token)) if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
                (Some(scheme.to_owned()), token.trim().to_owned())
            }
            _ => (None, value.clone()),
        };
        let is_for_credentials = CREDENTIAL_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let pasted = is_literal(&token)
            && (is_for_credentials
                || scheme.is_some()
                || is_credential(name, &token)
                || holds_key(&literal(&token)));
        if !pasted {
            return;
        }
        let secret = self.secret(name, &token, format!("header `{name}`"));
        *value = scheme.map_or_else(|| format!("{{{secret}}}"), |scheme| format!("{scheme} {{{secret}}}"));
    }

    /// A user name stays unless it looks like a key: some services take their key as the user name.
    fn basic_auth(&mut self, auth: &mut BasicAuth) {
        if holds_key(&literal(&auth.username)) {
            let secret = self.secret("key", &auth.username, "user name of basic authentication".to_owned());
            auth.username = format!("{{{secret}}}");
        }
        if is_literal(&auth.password) {
            let secret =
                self.secret("password", &auth.password, "password of basic authentication".to_owned());
            auth.password = format!("{{{secret}}}");
        }
    }

    fn query(&mut self, url: &mut String) {
        let Some((head, query)) = url.split_once('?') else { return };
        let pairs: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value))
                    if is_credential(name, value) || (is_literal(value) && holds_key(value)) =>
                {
                    let secret = self.secret(name, value, format!("query parameter `{name}`"));
                    format!("{name}={{{secret}}}")
                }
                _ => pair.to_owned(),
            })
            .collect();
        *url = format!("{head}?{}", pairs.join("&"));
    }

    /// `"password": "…"` in a JSON body, `password=…` in a form.
    fn body(&mut self, body: &mut String) {
        let fields: Vec<(String, String)> = json_fields(body)
            .chain(form_fields(body))
            .filter(|(name, value)| is_credential(name, value) || (is_literal(value) && holds_key(value)))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (name, value) in fields {
            let secret = self.secret(&name, &value, format!("field `{name}` of the body"));
            *body = body.replace(&value, &format!("{{{secret}}}"));
        }
    }

    /// Secrets that the request names already, as variables were written in the command: those of the guru, and those
    /// whose name says what they are.
    fn note_named(&mut self, call: &ApiCall) {
        for (field, text) in call.templates() {
            for name in Template::parse(text).names() {
                let Ok(secret) = name.parse::<SecretName>() else { continue };
                let is_capital =
                    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                let is_secret =
                    self.stored.contains(&secret) || (is_capital && is_credential(name, NAMED_VALUE));
                if is_secret && self.found.iter().all(|found| found.name != secret) {
                    self.found.push(FoundSecret {
                        name: secret,
                        place: format!("`run.{field}`"),
                        value: None,
                    });
                }
            }
        }
    }

    /// The name for a value: the one it has already, else the service's key for the first, else one of its own.
    fn secret(&mut self, what: &str, value: &str, place: String) -> SecretName {
        let value = FoundValue(value.to_owned());
        if let Some(found) = self.found.iter().find(|found| found.value.as_ref() == Some(&value)) {
            return found.name.clone();
        }
        let name = self.free_name(what);
        self.found.push(FoundSecret { name: name.clone(), place, value: Some(value) });
        name
    }

    /// Names a secret that the request needs and that was not written out.
    pub fn named(&mut self, what: &str, place: String) -> SecretName {
        if let Some(found) = self.found.iter().find(|found| found.place == place) {
            return found.name.clone();
        }
        let name = self.free_name(what);
        self.found.push(FoundSecret { name: name.clone(), place, value: None });
        name
    }

    fn free_name(&self, what: &str) -> SecretName {
        let prefix =
            self.service.trim_end_matches("_API_KEY").trim_end_matches("_KEY").trim_end_matches("_TOKEN");
        let own = format!("{prefix}_{}", naming::words_of(what).join("_").to_ascii_uppercase());
        let numbered = (2..).map(|number: u32| format!("{own}_{number}"));
        let candidates = [self.service.clone(), own.clone()].into_iter().chain(numbered);
        let mut free = candidates
            .filter_map(|name| name.parse::<SecretName>().ok())
            .filter(|name| self.found.iter().all(|found| found.name != *name))
            // The service's stored key may be meant; another stored secret is another value.
            .filter(|name| name.as_str() == self.service || !self.stored.contains(name));
        // Numbers never end, so that there is one; the fallback is a valid name all the same.
        free.next().unwrap_or_else(fallback)
    }
}

/// Stands for a value that is not known, where only its name is to be judged.
const NAMED_VALUE: &str = "a value long enough";

fn fallback() -> SecretName {
    let Ok(name) = "API_KEY".parse() else { unreachable!("a constant that is a valid name") };
    name
}

fn form_fields(body: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_form = !body.trim_start().starts_with(['{', '[', '<']);
    body.split('&').filter(move |_| is_form).filter_map(|pair| pair.split_once('='))
}
