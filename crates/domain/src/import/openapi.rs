//! Operations of an OpenAPI document as actions. Versions 3.0 and 3.1 are read alike: what differs between them
//! (nullable types, exclusive bounds) says nothing that an action needs.

use serde_json::{Map, Value};
use url::Url;

use super::{
    Proposal, StoredSecrets,
    credentials::Finder,
    naming,
    parameters::as_literal,
    schema::{self, Fields},
};
use crate::{
    ApiCall, BodyFormat, Header, Method, Problem,
    action::BasicAuth,
    action_file::{ACTION_FILE_VERSION, ActionFile, Run},
    limits,
};

/// Operations that are read of one document; the rest are counted and left out.
pub const OPERATIONS_MAX: usize = 1_000;
/// References that lead to references, at most.
const REFERENCES_MAX: usize = 16;

/// What a document offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub title: String,
    /// In the document's order.
    pub proposals: Vec<Proposal>,
    /// Operations beyond [`OPERATIONS_MAX`].
    pub left_out: usize,
}

/// The document that a text is, in JSON or YAML.
pub fn read_document(text: &str) -> Result<Value, Problem> {
    if let Ok(document) = serde_json::from_str(text) {
        return Ok(document);
    }
    // The reader limits how far aliases may multiply, so that a small text can't become a large document.
    serde_saphyr::from_str(text).map_err(|error| {
        let why = error.to_string();
        bad(
            format!(
                "This is neither JSON nor YAML: {}.",
                why.lines().next().unwrap_or_default().trim_end_matches('.')
            ),
            "Give the whole document as it was published.",
        )
    })
}

/// Reads a document. `source` is the address that it came from: a server that it names without a host is there.
///
/// # Errors
/// When it is no OpenAPI document of version 3, or says of no server where it is.
pub fn from_openapi(
    document: &Value,
    source: Option<&str>,
    stored: &StoredSecrets,
) -> Result<Document, Problem> {
    check_version(document)?;
    let reader = Reader { document, server: server(document, source)?, stored };
    let mut proposals: Vec<Proposal> = Vec::new();
    let mut left_out = 0;
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let item = reader.resolve(item);
        for (word, method) in METHODS {
            let Some(operation) = item.get(word).and_then(Value::as_object) else { continue };
            if proposals.len() >= OPERATIONS_MAX {
                left_out += 1;
                continue;
            }
            let taken: Vec<String> = proposals.iter().map(|proposal| proposal.file.name.clone()).collect();
            let of = Operation { path, method, item, said: operation };
            proposals.push(reader.proposal(&of, &taken));
        }
    }
    let title = text(document.pointer("/info/title")).unwrap_or("API").to_owned();
    Ok(Document { title, proposals, left_out })
}

const METHODS: [(&str, Method); 5] = [
    ("get", Method::Get),
    ("post", Method::Post),
    ("put", Method::Put),
    ("patch", Method::Patch),
    ("delete", Method::Delete),
];

fn check_version(document: &Value) -> Result<(), Problem> {
    match document.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.") => Ok(()),
        Some(version) => Err(bad(
            format!("OpenAPI {version} is not known here."),
            "Give a document of version 3.0 or 3.1.",
        )),
        None if document.get("swagger").is_some() => Err(bad(
            "This is a Swagger 2.0 document.".to_owned(),
            "Convert it to OpenAPI 3 (most services offer both), then import that.",
        )),
        None => Err(bad(
            "This is not an OpenAPI document: it has no `openapi` field.".to_owned(),
            "Give the document itself, in JSON or YAML, not its web page.",
        )),
    }
}

/// The first server's address, its variables replaced by their defaults, without a slash at its end.
fn server(document: &Value, source: Option<&str>) -> Result<String, Problem> {
    let first = document.pointer("/servers/0");
    let mut address = text(first.and_then(|server| server.get("url"))).unwrap_or("/").to_owned();
    let variables = first.and_then(|server| server.get("variables")).and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        let default = text(variable.get("default")).unwrap_or_default();
        address = address.replace(&format!("{{{name}}}"), default);
    }
    if !address.contains("://") {
        let base = source.and_then(|source| Url::parse(source).ok());
        let joined = base.and_then(|base| base.join(&address).ok());
        address = joined.map(String::from).ok_or_else(|| {
            bad(
                format!("The document names its server as `{address}`, without a host."),
                "Import it by its address, or write the host into `servers`.",
            )
        })?;
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// One operation where it stands in the document.
struct Operation<'a> {
    path: &'a str,
    method: Method,
    item: &'a Value,
    said: &'a Map<String, Value>,
}

struct Reader<'a> {
    document: &'a Value,
    server: String,
    stored: &'a StoredSecrets,
}

impl<'a> Reader<'a> {
    /// What a local reference leads to; anything else is itself. A reference that leads nowhere or in a ring gives null.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            let Some(target) = target else { return &Value::Null };
            value = target;
        }
        &Value::Null
    }

    fn proposal(&self, of: &Operation<'a>, taken: &[String]) -> Proposal {
        let mut fields = Fields::new(|value| self.resolve(value));
        let mut call = ApiCall {
            method: of.method,
            url: format!("{}{}", as_literal(&self.server), of.path),
            headers: Vec::new(),
            basic_auth: None,
            body: None,
            body_format: BodyFormat::Json,
            redirects_max: 5,
            retries_max: 0,
        };
        for parameter in self.parameters(of) {
            place(&mut fields, &mut call, parameter);
        }
        if of.method != Method::Get {
            self.body(&mut fields, &mut call, of);
        }
        let mut finder = Finder::new(&self.server, self.stored);
        self.authorize(&mut finder, &mut call, &mut fields.notes, of);
        let id = text(of.said.get("operationId"));
        let summary = text(of.said.get("summary")).or_else(|| text(of.said.get("description")));
        let named_by =
            id.map_or_else(|| format!("{} {}", of.method.as_str().to_lowercase(), of.path), str::to_owned);
        let file = ActionFile {
            schema: None,
            version: ACTION_FILE_VERSION,
            name: naming::action_name(&named_by, taken),
            trigger: trigger(of, summary, &named_by),
            examples: Vec::new(),
            parameters: fields.parameters,
            run: Run::ApiCall(call),
            usage: String::new(),
            answer: None,
            timeout_ms: None,
            runs_with: Vec::new(),
            allowed_hosts: Vec::new(),
        };
        let origin = format!("{} {}", of.method.as_str(), of.path);
        Proposal { origin, file, secrets: finder.found, notes: fields.notes }
    }

    /// The operation's own parameters, and the path's that it doesn't replace.
    fn parameters(&self, of: &Operation<'a>) -> Vec<&'a Value> {
        let list = |value: Option<&'a Value>| value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let own: Vec<_> = list(of.said.get("parameters")).iter().map(|one| self.resolve(one)).collect();
        let key =
            |one: &Value| (text(one.get("in")).map(str::to_owned), text(one.get("name")).map(str::to_owned));
        let shared = list(of.item.get("parameters")).iter().map(|one| self.resolve(one));
        let shared: Vec<_> = shared.filter(|one| own.iter().all(|mine| key(mine) != key(one))).collect();
        shared.into_iter().chain(own).collect()
    }

    fn body(
        &self,
        fields: &mut Fields<'a, impl Fn(&'a Value) -> &'a Value>,
        call: &mut ApiCall,
        of: &Operation<'a>,
    ) {
        let Some(body) = of.said.get("requestBody").map(|body| self.resolve(body)) else { return };
        let Some(content) = body.get("content").and_then(Value::as_object) else { return };
        let json = content.iter().find(|(kind, _)| kind.contains("json"));
        let form = content.get_key_value("application/x-www-form-urlencoded");
        let Some((kind, media)) = json.or(form) else {
            fields.note("The body's format can't be sent by an API call; it was left out.".to_owned());
            return;
        };
        let Some(schema) = media.get("schema").map(|schema| self.resolve(schema)) else { return };
        if kind.contains("json") {
            call.body = Some(schema::json_body(fields, schema));
            if kind != "application/json" {
                call.headers.push(Header { name: "Content-Type".to_owned(), value: kind.clone() });
            }
        } else {
            call.body = Some(schema::form_body(fields, schema));
            call.body_format = BodyFormat::Form;
        }
    }

    /// Puts the credentials of the first security requirement into the call, as secrets.
    fn authorize(
        &self,
        finder: &mut Finder<'_>,
        call: &mut ApiCall,
        notes: &mut Vec<String>,
        of: &Operation<'a>,
    ) {
        let requirements = of.said.get("security").or_else(|| self.document.get("security"));
        let first =
            requirements.and_then(Value::as_array).and_then(|all| all.first()).and_then(Value::as_object);
        for name in first.into_iter().flat_map(Map::keys) {
            let pointer =
                format!("/components/securitySchemes/{}", name.replace('~', "~0").replace('/', "~1"));
            let Some(scheme) = self.document.pointer(&pointer).map(|scheme| self.resolve(scheme)) else {
                continue;
            };
            let place = text(scheme.get("in")).unwrap_or_default();
            let field = text(scheme.get("name")).unwrap_or(name);
            match (
                text(scheme.get("type")).unwrap_or_default(),
                text(scheme.get("scheme")).unwrap_or_default(),
            ) {
                ("http", basic) if basic.eq_ignore_ascii_case("basic") => {
                    let username = finder.named("username", "user name of basic authentication".to_owned());
                    let password = finder.named("password", "password of basic authentication".to_owned());
                    call.basic_auth = Some(BasicAuth {
                        username: format!("{{{username}}}"),
                        password: format!("{{{password}}}"),
                    });
                }
                ("apiKey", _) if place == "query" => {
                    let secret = finder.named(field, format!("query parameter `{field}`"));
                    let separator = if call.url.contains('?') { '&' } else { '?' };
                    call.url = format!("{}{separator}{field}={{{secret}}}", call.url);
                }
                ("apiKey", _) if place == "header" => {
                    let secret = finder.named(field, format!("header `{field}`"));
                    call.headers.push(Header { name: field.to_owned(), value: format!("{{{secret}}}") });
                }
                ("http" | "oauth2" | "openIdConnect", _) => {
                    let secret = finder.named("token", "header `Authorization`".to_owned());
                    let value = format!("Bearer {{{secret}}}");
                    call.headers.push(Header { name: "Authorization".to_owned(), value });
                }
                (kind, _) => {
                    notes.push(format!("The sign-in `{name}` ({kind}) can't be done by an API call."));
                }
            }
        }
    }
}

/// Puts one parameter where it belongs. Optional ones in the query are sent only when they were given.
fn place<'a>(
    fields: &mut Fields<'a, impl Fn(&'a Value) -> &'a Value>,
    call: &mut ApiCall,
    parameter: &'a Value,
) {
    let (Some(name), Some(place)) = (text(parameter.get("name")), text(parameter.get("in"))) else { return };
    let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(place == "path");
    let implied = ["authorization", "accept", "content-type"].contains(&name.to_ascii_lowercase().as_str());
    if place == "cookie" || (place == "header" && implied) {
        return;
    }
    let Some(placeholder) = fields.declare(name, parameter, required) else {
        fields.note(format!("The parameter `{name}` is a list or an object; it was left out."));
        return;
    };
    match place {
        "path" => call.url = call.url.replace(&format!("{{{name}}}"), &placeholder),
        "query" => {
            let separator = if call.url.contains('?') { '&' } else { '?' };
            call.url = format!("{}{separator}{name}={placeholder}", call.url);
        }
        _ => call.headers.push(Header { name: name.to_owned(), value: placeholder }),
    }
}

fn trigger(of: &Operation<'_>, summary: Option<&str>, named_by: &str) -> String {
    let clause = summary.map_or_else(|| naming::words_of(named_by).join(" "), naming::as_clause);
    let clause = naming::shortened(clause.lines().next().unwrap_or_default(), TRIGGER_CHARS_TAKEN);
    let is_deed = clause.split(' ').next().is_some_and(|word| IMPERATIVES.contains(&word));
    let trigger = if is_deed {
        format!("When the user asks to {clause}")
    } else if clause.is_empty() {
        format!("When the user asks about {}", of.path)
    } else {
        format!("When the user asks about {clause}")
    };
    naming::shortened(&trigger, limits::TRIGGER_CHARS_MAX)
}

/// A summary is a line; a description may be a page.
const TRIGGER_CHARS_TAKEN: usize = 300;

/// How summaries begin that say what is done.
const IMPERATIVES: [&str; 32] = [
    "add", "apply", "approve", "archive", "assign", "cancel", "check", "close", "confirm", "create",
    "delete", "disable", "enable", "fetch", "find", "get", "list", "look", "mark", "move", "open", "remove",
    "reset", "retrieve", "return", "search", "send", "set", "show", "start", "submit", "update",
];

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn bad(message: String, hint: &str) -> Problem {
    Problem::new("bad_openapi", message, hint).at("document")
}
