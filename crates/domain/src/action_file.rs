//! The action file: one action as versioned JSON, for export, import, `errand apply` and the API, and the rules that
//! turn it into an [`ActionSpec`]. Its JSON Schema is published beside the docs; `docs/action-file.md` explains it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ActionBody, ActionName, ActionSpec, AgentSpec, ApiCall, ArgValue, Parameter, ParameterName,
    ParameterType, Problem, Problems, PythonScript,
    limits::{self, Limits},
    placeholder::Template,
};

/// Version of the format that this build writes and the newest it reads.
pub const ACTION_FILE_VERSION: u32 = 1;

/// An action as text: nothing in it is checked beyond its types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionFile {
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    pub version: u32,
    pub name: String,
    pub trigger: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ParameterFile>,
    pub run: Run,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub usage: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs_with: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_hosts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterFile {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ParameterType,
    pub description: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ArgValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What the action does, by type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Run {
    ApiCall(ApiCall),
    Python(PythonScript),
    Agent(AgentSpec),
}

impl ActionFile {
    /// Reads a file's text; a wrong type or an unknown field is named with its path.
    pub fn from_json(text: &str) -> Result<Self, Problem> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Problem::new(
                "bad_json",
                format!("This is not valid JSON: {error}."),
                "Mend the text at that place.",
            )
        })?;
        Self::from_value(value)
    }

    pub fn from_value(value: Value) -> Result<Self, Problem> {
        let version = value.get("version").and_then(Value::as_u64);
        if version != Some(u64::from(ACTION_FILE_VERSION)) {
            return Err(Problem::new(
                "bad_version",
                match version {
                    Some(version) => format!("Action file version {version} is not known here."),
                    None => "The action file has no `version`.".to_owned(),
                },
                format!("This build reads `\"version\": {ACTION_FILE_VERSION}`."),
            )
            .at("version"));
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            Problem::new(
                "bad_shape",
                format!("The action file is off at `{path}`: {}.", error.inner()),
                "See docs/action-file.md for the format.",
            )
            .at(path)
        })
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// Applies every rule of SPEC §3 that needs no knowledge of the guru.
    pub fn check(&self, limits: &Limits) -> Result<ActionSpec, Problems> {
        let mut found = Vec::new();
        let name = keep(&mut found, self.name.parse::<ActionName>(), None);
        text_length(&mut found, "trigger", &self.trigger, 1, limits::TRIGGER_CHARS_MAX);
        text_length(&mut found, "usage", &self.usage, 0, limits::USAGE_CHARS_MAX);
        if let Some(answer) = &self.answer {
            text_length(&mut found, "answer", answer, 1, limits::ANSWER_TEMPLATE_CHARS_MAX);
        }
        list_length(&mut found, "examples", self.examples.len(), limits::EXAMPLES_PER_ACTION_MAX);
        for (index, example) in self.examples.iter().enumerate() {
            text_length(&mut found, &format!("examples[{index}]"), example, 1, limits::EXAMPLE_CHARS_MAX);
        }
        let parameters = self.check_parameters(&mut found);
        let body = self.check_body(&mut found, limits, &parameters);
        self.check_timeout(&mut found, limits);
        let runs_with = self.check_runs_with(&mut found);
        list_length(
            &mut found,
            "allowed_hosts",
            self.allowed_hosts.len(),
            limits::ALLOWED_HOSTS_PER_ACTION_MAX,
        );
        for (index, host) in self.allowed_hosts.iter().enumerate() {
            if !crate::hosts::is_pattern(host) {
                found.push(
                    Problem::new("bad_host", format!("`{host}` is not a host name."), "Write a name such as `api.stripe.com` or `*.zendesk.com`, without scheme, port or path.")
                        .at(format!("allowed_hosts[{index}]")),
                );
            }
        }
        let Some(name) = name else { return Err(Problems(found)) };
        Problems::or(
            found,
            ActionSpec {
                name,
                trigger: self.trigger.trim().to_owned(),
                examples: self.examples.clone(),
                parameters,
                body,
                usage: self.usage.clone(),
                answer: self.answer.clone(),
                timeout_ms: self.timeout_ms,
                runs_with,
                allowed_hosts: self.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            },
        )
    }

    fn check_parameters(&self, found: &mut Vec<Problem>) -> Vec<Parameter> {
        list_length(found, "parameters", self.parameters.len(), limits::PARAMETERS_PER_ACTION_MAX);
        let mut parameters: Vec<Parameter> = Vec::new();
        for (index, file) in self.parameters.iter().enumerate() {
            let place = format!("parameters[{index}]");
            let Some(name) = keep(found, file.name.parse::<ParameterName>(), Some(&place)) else { continue };
            if parameters.iter().any(|parameter| parameter.name == name) {
                found.push(
                    Problem::new(
                        "duplicate_name",
                        format!("There are two parameters named `{name}`."),
                        "Rename one of them.",
                    )
                    .at(format!("{place}.name")),
                );
                continue;
            }
            text_length(
                found,
                &format!("{place}.description"),
                &file.description,
                1,
                limits::DESCRIPTION_CHARS_MAX,
            );
            if !file.values.is_empty() && file.kind != ParameterType::String {
                found.push(
                    Problem::new(
                        "bad_values",
                        format!("`{name}` is a {} and can't have a list of values.", file.kind),
                        "Make it a string or drop `values`.",
                    )
                    .at(format!("{place}.values")),
                );
            }
            let mut parameter = Parameter {
                name,
                kind: file.kind,
                description: file.description.clone(),
                required: file.required,
                default: None,
                values: file.values.clone(),
            };
            if let Some(default) = &file.default {
                match parameter.accept(default) {
                    Ok(value) => parameter.default = Some(value),
                    Err(problem) => {
                        found.push(Problem { field: Some(format!("{place}.default")), ..problem });
                    }
                }
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn check_body(&self, found: &mut Vec<Problem>, limits: &Limits, parameters: &[Parameter]) -> ActionBody {
        match &self.run {
            Run::ApiCall(call) => {
                check_api_call(found, call, parameters, !self.allowed_hosts.is_empty());
                ActionBody::ApiCall(call.clone())
            }
            Run::Python(script) => {
                check_python(found, script, limits);
                ActionBody::Python(script.clone())
            }
            Run::Agent(agent) => {
                check_agent(found, agent);
                ActionBody::Agent(agent.clone())
            }
        }
    }

    fn check_timeout(&self, found: &mut Vec<Problem>, limits: &Limits) {
        let range = limits::ACTION_TIMEOUT_MS_MIN..=limits.action_timeout_ms_max;
        if let Some(timeout) = self.timeout_ms.filter(|timeout| !range.contains(timeout)) {
            found.push(
                Problem::new(
                    "out_of_range",
                    format!("A timeout of {timeout} ms is out of range."),
                    format!("Choose {} to {} ms.", range.start(), range.end()),
                )
                .at("timeout_ms"),
            );
        }
    }

    fn check_runs_with(&self, found: &mut Vec<Problem>) -> Vec<ActionName> {
        let mut names = Vec::new();
        for (index, text) in self.runs_with.iter().enumerate() {
            let place = format!("runs_with[{index}]");
            if *text == self.name {
                found.push(
                    Problem::new(
                        "bad_runs_with",
                        "An action can't accompany itself.",
                        "Name another action.",
                    )
                    .at(place),
                );
                continue;
            }
            names.extend(keep(
                found,
                text.parse::<ActionName>().map_err(|problem| Problem { field: Some(place), ..problem }),
                None,
            ));
        }
        names
    }
}

fn check_api_call(
    found: &mut Vec<Problem>,
    call: &ApiCall,
    parameters: &[Parameter],
    hosts_are_listed: bool,
) {
    text_length(found, "run.url", &call.url, 1, limits::URL_CHARS_MAX);
    check_url(found, &call.url, parameters, hosts_are_listed);
    list_length(found, "run.headers", call.headers.len(), limits::HEADERS_PER_CALL_MAX);
    for (index, header) in call.headers.iter().enumerate() {
        let place = format!("run.headers[{index}]");
        if header.name.is_empty() || !header.name.bytes().all(is_token_byte) {
            found.push(
                Problem::new(
                    "bad_header",
                    format!("`{}` is not a header name.", header.name.escape_debug()),
                    "Use letters, digits and hyphens, such as `Authorization`.",
                )
                .at(format!("{place}.name")),
            );
        }
        if HOP_HEADERS.iter().any(|name| header.name.eq_ignore_ascii_case(name)) {
            found.push(
                Problem::new(
                    "bad_header",
                    format!("The header `{}` is set by Errand itself.", header.name),
                    "Leave it out.",
                )
                .at(format!("{place}.name")),
            );
        }
        if header.value.contains(['\r', '\n', '\0']) {
            found.push(
                Problem::new(
                    "bad_header",
                    format!("The value of `{}` has a line break.", header.name),
                    "Header values are one line.",
                )
                .at(format!("{place}.value")),
            );
        }
        text_length(found, &format!("{place}.value"), &header.value, 0, limits::HEADER_CHARS_MAX);
    }
    if call.basic_auth.is_some()
        && call.headers.iter().any(|header| header.name.eq_ignore_ascii_case("authorization"))
    {
        found.push(
            Problem::new(
                "bad_header",
                "The call has both `basic_auth` and an `Authorization` header.",
                "Keep one of them.",
            )
            .at("run.basic_auth"),
        );
    }
    if let Some(body) = &call.body {
        text_length(found, "run.body", body, 0, limits::BODY_CHARS_MAX);
        if call.method == crate::Method::Get {
            found.push(
                Problem::new("body_on_get", "A GET request has no body.", "Drop the body or choose POST.")
                    .at("run.body"),
            );
        } else if call.body_format == crate::BodyFormat::Json {
            check_json_body(found, body);
        }
    }
    if call.retries_max > RETRIES_MAX {
        found.push(
            Problem::new("out_of_range", "Too many retries.", format!("Choose 0 to {RETRIES_MAX}."))
                .at("run.retries_max"),
        );
    }
    if call.retries_max > 0 && !call.method.is_idempotent() {
        found.push(
            Problem::new(
                "retry_not_idempotent",
                format!("{} may not be retried: it could act twice.", call.method.as_str()),
                "Set `retries_max` to 0.",
            )
            .at("run.retries_max"),
        );
    }
    if call.redirects_max > REDIRECTS_MAX {
        found.push(
            Problem::new("out_of_range", "Too many redirects.", format!("Choose 0 to {REDIRECTS_MAX}."))
                .at("run.redirects_max"),
        );
    }
}

pub const RETRIES_MAX: u8 = 5;
pub const REDIRECTS_MAX: u8 = 10;

/// Headers that belong to the connection, not to the request's author.
const HOP_HEADERS: [&str; 6] =
    ["host", "content-length", "connection", "transfer-encoding", "upgrade", "proxy-authorization"];

fn check_url(found: &mut Vec<Problem>, url: &str, parameters: &[Parameter], hosts_are_listed: bool) {
    let hint = "Write an address such as `https://api.example.com/orders/{order_id}`.";
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        found.push(
            Problem::new("bad_url", format!("`{url}` does not start with `https://` or `http://`."), hint)
                .at("run.url"),
        );
        return;
    };
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if authority.is_empty() {
        found.push(Problem::new("bad_url", format!("`{url}` names no host."), hint).at("run.url"));
    }
    if authority.contains('@') {
        found.push(
            Problem::new(
                "bad_url",
                "The address holds a user name or password.",
                "Put credentials into `basic_auth` or a header, from secrets.",
            )
            .at("run.url"),
        );
    }
    let host_parameter =
        parameters.iter().find(|p| Template::parse(authority).names().contains(p.name.as_str()));
    if let Some(parameter) = host_parameter.filter(|_| !hosts_are_listed) {
        found.push(
            Problem::new(
                "parameter_in_host",
                format!(
                    "The parameter `{}` chooses the host, so a question could send the request anywhere.",
                    parameter.name
                ),
                "List the hosts it may choose in `allowed_hosts`, or write the host out.",
            )
            .at("run.url"),
        );
    }
    if url.contains(['\r', '\n', '\0', ' ']) {
        found.push(
            Problem::new("bad_url", "The address has a space or line break.", "Encode a space as `%20`.")
                .at("run.url"),
        );
    }
}

/// A JSON body must be JSON once its placeholders are filled: quoted ones stand in strings, others as values.
fn check_json_body(found: &mut Vec<Problem>, body: &str) {
    let probe = Template::parse(body).render(|_| Ok::<_, std::convert::Infallible>("0".to_owned()));
    let Ok(probe) = probe;
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&probe) {
        found.push(
            Problem::new(
                "bad_json_body",
                format!("The body is not valid JSON: {error}."),
                "Mend it, or set `body_format` to `text`. Quote a placeholder inside a text; leave it bare for a number or boolean.",
            )
            .at("run.body"),
        );
    }
}

fn check_python(found: &mut Vec<Problem>, script: &PythonScript, limits: &Limits) {
    let (chars, lines) = (script.code.chars().count(), script.code.lines().count());
    if chars == 0 {
        found.push(
            Problem::new("empty", "The script is empty.", "Write code that prints the result.")
                .at("run.code"),
        );
    }
    if chars > limits.python_chars_max as usize || lines > limits.python_lines_max as usize {
        found.push(
            Problem::new(
                "too_long",
                format!("The script has {chars} characters in {lines} lines."),
                format!(
                    "Keep it within {} characters and {} lines.",
                    limits.python_chars_max, limits.python_lines_max
                ),
            )
            .at("run.code"),
        );
    }
}

fn check_agent(found: &mut Vec<Problem>, agent: &AgentSpec) {
    text_length(found, "run.prompt", &agent.prompt, 1, limits::INSTRUCTIONS_CHARS_MAX);
    if agent.max_tool_calls == 0 || agent.max_tool_calls > limits::AGENT_TOOL_CALLS_MAX {
        found.push(
            Problem::new(
                "out_of_range",
                format!("{} tool calls are out of range.", agent.max_tool_calls),
                format!("Choose 1 to {}.", limits::AGENT_TOOL_CALLS_MAX),
            )
            .at("run.max_tool_calls"),
        );
    }
    if agent.max_depth == 0 || agent.max_depth > limits::AGENT_DEPTH_MAX {
        found.push(
            Problem::new(
                "out_of_range",
                format!("A depth of {} is out of range.", agent.max_depth),
                format!("Choose 1 to {}.", limits::AGENT_DEPTH_MAX),
            )
            .at("run.max_depth"),
        );
    }
}

fn keep<T>(found: &mut Vec<Problem>, parsed: Result<T, Problem>, parent: Option<&str>) -> Option<T> {
    parsed.map_err(|problem| found.push(parent.map_or(problem.clone(), |parent| problem.under(parent)))).ok()
}

fn text_length(found: &mut Vec<Problem>, field: &str, text: &str, min: usize, max: usize) {
    let chars = text.trim().chars().count();
    if chars < min {
        found.push(Problem::new("empty", format!("`{field}` is empty."), "Fill it in.").at(field));
    } else if chars > max {
        found.push(
            Problem::new(
                "too_long",
                format!("`{field}` has {chars} characters."),
                format!("Keep it within {max}."),
            )
            .at(field),
        );
    }
}

fn list_length(found: &mut Vec<Problem>, field: &str, length: usize, max: usize) {
    if length > max {
        found.push(
            Problem::new(
                "too_many",
                format!("`{field}` has {length} entries."),
                format!("Keep it within {max}."),
            )
            .at(field),
        );
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl From<&ActionSpec> for ActionFile {
    fn from(spec: &ActionSpec) -> Self {
        Self {
            schema: None,
            version: ACTION_FILE_VERSION,
            name: spec.name.to_string(),
            trigger: spec.trigger.clone(),
            examples: spec.examples.clone(),
            parameters: spec
                .parameters
                .iter()
                .map(|parameter| ParameterFile {
                    name: parameter.name.to_string(),
                    kind: parameter.kind,
                    description: parameter.description.clone(),
                    required: parameter.required,
                    default: parameter.default.clone(),
                    values: parameter.values.clone(),
                })
                .collect(),
            run: match &spec.body {
                ActionBody::ApiCall(call) => Run::ApiCall(call.clone()),
                ActionBody::Python(script) => Run::Python(script.clone()),
                ActionBody::Agent(agent) => Run::Agent(agent.clone()),
            },
            usage: spec.usage.clone(),
            answer: spec.answer.clone(),
            timeout_ms: spec.timeout_ms,
            runs_with: spec.runs_with.iter().map(ToString::to_string).collect(),
            allowed_hosts: spec.allowed_hosts.clone(),
        }
    }
}
