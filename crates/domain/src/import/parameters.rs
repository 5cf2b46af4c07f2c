//! What of a concrete request changes from question to question: ids in the path, addresses in the query, and what its
//! author wrote as a placeholder.

use super::{
    FoundSecret,
    naming::{self, singular, words_of},
};
use crate::{
    ApiCall, Method, ParameterType,
    action_file::ParameterFile,
    caller,
    placeholder::{Part, Template},
};

/// What was found, and what the request is about.
pub(super) struct Found {
    pub parameters: Vec<ParameterFile>,
    /// "order", or "orders" of a list.
    pub noun: String,
    pub is_list: bool,
    pub notes: Vec<String>,
}

/// Puts placeholders where values of one case stand, and declares every placeholder that is no secret.
pub(super) fn found_in(call: &mut ApiCall, secrets: &[FoundSecret]) -> Found {
    let mut found = Found { parameters: Vec::new(), noun: String::new(), is_list: false, notes: Vec::new() };
    let (rest, query) = match call.url.split_once('?') {
        Some((rest, query)) => (rest.to_owned(), Some(query.to_owned())),
        None => (call.url.clone(), None),
    };
    let mut url = found.path(&rest);
    if let Some(query) = query {
        url =
            format!("{url}?{}", query.split('&').map(|pair| found.pair(pair)).collect::<Vec<_>>().join("&"));
    }
    call.url = url;
    found.declare_written(call, secrets);
    found
}

impl Found {
    fn path(&mut self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let mut segments = rest.split('/');
        let host = segments.next().unwrap_or_default();
        let mut path = format!("{scheme}://{host}");
        let mut before = String::new();
        for segment in segments {
            path.push('/');
            let is_placeholder = segment.starts_with('{') && segment.ends_with('}');
            if is_placeholder || (is_id(segment) && !before.is_empty()) {
                self.is_list = false;
                self.noun = singular(&before);
                path.push_str(&self.segment(segment, is_placeholder));
                continue;
            }
            let words = words_of(segment);
            // `v1`, `api`, `2024-01` say nothing of what is asked for.
            let says_something =
                words.iter().any(|word| word.len() > 2 && word.chars().all(char::is_alphabetic));
            if says_something && segment != "api" {
                before = words.join(" ");
                self.is_list = before.ends_with('s');
                self.noun.clone_from(&before);
            }
            path.push_str(segment);
        }
        if self.noun.is_empty() {
            self.noun = words_of(host.split(['.', ':']).rev().nth(1).unwrap_or(host)).join(" ");
        }
        path
    }

    fn segment(&mut self, segment: &str, is_placeholder: bool) -> String {
        if is_placeholder {
            return segment.to_owned();
        }
        let noun = self.noun.clone();
        let description = format!("The {noun}'s ID, such as {segment}");
        format!("{{{}}}", self.declare(&format!("{noun} id"), ParameterType::String, description))
    }

    /// `email=ana@acme.test` and `order=12345` are one case's; `limit=10` and `sort=desc` belong to the request.
    fn pair(&mut self, pair: &str) -> String {
        let Some((name, value)) = pair.split_once('=') else { return pair.to_owned() };
        let plain = value.replace("%40", "@");
        let is_case = Template::parse(value).names().is_empty()
            && (plain.contains('@') || (is_id(value) && value.len() >= ID_CHARS_MIN));
        if !is_case {
            return pair.to_owned();
        }
        let words = words_of(name).join(" ");
        let description = format!("The {words}, such as {plain}");
        format!("{name}={{{}}}", self.declare(name, ParameterType::String, description))
    }

    fn declare(&mut self, name: &str, kind: ParameterType, description: String) -> String {
        let taken: Vec<String> = self.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        let name = naming::parameter_name(name, &taken);
        self.notes.push(format!("`{name}` became a parameter; look over its description."));
        self.parameters.push(ParameterFile {
            name: name.clone(),
            kind,
            description,
            required: true,
            default: None,
            values: Vec::new(),
        });
        name
    }

    /// Placeholders that the author wrote and that are no secrets: `{order_id}`, `$ORDER_ID`.
    fn declare_written(&mut self, call: &mut ApiCall, secrets: &[FoundSecret]) {
        let names: Vec<String> = call
            .templates()
            .into_iter()
            .flat_map(|(_, text)| {
                Template::parse(text).names().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
            })
            .filter(|name| secrets.iter().all(|secret| secret.name.as_str() != name))
            .filter(|name| !caller::BUILT_IN_NAMES.contains(&name.as_str()))
            .collect();
        for written in names {
            if self.parameters.iter().any(|parameter| parameter.name == written) {
                continue;
            }
            let description = format!("The {}", words_of(&written.to_lowercase()).join(" "));
            let name = self.declare(&written.to_lowercase(), ParameterType::String, description);
            if name != written {
                rename(call, &written, &name);
            }
        }
    }
}

/// Shorter numbers in a query are mostly counts and pages.
const ID_CHARS_MIN: usize = 4;

fn rename(call: &mut ApiCall, old: &str, new: &str) {
    let change = |text: &mut String| {
        let parts: String = Template::parse(text)
            .parts()
            .iter()
            .map(|part| match part {
                Part::Placeholder(name) if name == old => format!("{{{new}}}"),
                Part::Placeholder(name) => format!("{{{name}}}"),
                Part::Literal(literal) => as_literal(literal),
            })
            .collect();
        *text = parts;
    };
    change(&mut call.url);
    call.headers.iter_mut().for_each(|header| change(&mut header.value));
    call.body.iter_mut().for_each(change);
}

/// A text that stays itself as a template: what would read as a placeholder is written with two braces.
pub(super) fn as_literal(text: &str) -> String {
    let template = Template::parse(text);
    template
        .parts()
        .iter()
        .map(|part| match part {
            Part::Placeholder(name) => format!("{{{{{name}}}}}"),
            Part::Literal(literal) => literal.clone(),
        })
        .collect()
}

/// A number, a UUID, or a word with digits as services make them (`ch_3Ny…`, `ORD-1042`).
fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let is_word = segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let is_version =
        segment.strip_prefix(['v', 'V']).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    // `2024-01` and `2024-01-15` are versions of an API as often as ids.
    let is_date = segment.len() <= 10
        && segment.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        && segment.contains('-');
    is_word && digits > 0 && !is_version && !is_date && (digits == segment.len() || segment.len() >= 6)
}

/// What a request of this method does, as a name begins.
pub(super) const fn verb(method: Method, is_list: bool) -> &'static str {
    match method {
        Method::Get if is_list => "list",
        Method::Get => "get",
        Method::Post => "create",
        Method::Put | Method::Patch => "update",
        Method::Delete => "delete",
    }
}

/// A first wording of when to run it; the linter has more to say once it is filled in.
pub(super) fn trigger(method: Method, noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    match method {
        Method::Get if noun.ends_with('s') => format!("When the user asks about {noun}"),
        Method::Get => format!("When the user asks about {article} {noun}"),
        _ => format!("When the user asks to {} {article} {}", verb(method, false), singular(noun)),
    }
}
