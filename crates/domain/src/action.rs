//! Actions: when they run, with what, and what they do.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    ActionId, ActionName, GuruId, Parameter, ParameterName, SecretName, UnixMillis, caller,
    placeholder::Template,
};

/// An action as it is kept: what its builder wrote plus its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub id: ActionId,
    pub guru_id: GuruId,
    /// Counts up with every change of the specification.
    pub version: u32,
    pub enabled: bool,
    /// The last version that was tested; enabling another one warns.
    pub tested_version: Option<u32>,
    /// Why the system disabled it ("secret `X` was deleted"); cleared when it is enabled.
    pub disabled_reason: Option<String>,
    /// Shared, since every run holds it.
    pub spec: Arc<ActionSpec>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// What a builder writes; every value has passed the rules (see `action_file`).
#[derive(Debug, Clone, PartialEq)]
pub struct ActionSpec {
    pub name: ActionName,
    /// The condition in plain language under which the action runs.
    pub trigger: String,
    /// Questions that should fire it: they serve the planner, the documentation and the tests.
    pub examples: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub body: ActionBody,
    /// How the answer should present the result (for the language model).
    pub usage: String,
    /// How the result is worded when no language model writes the answer: a template over the result.
    pub answer: Option<String>,
    pub timeout_ms: Option<u64>,
    /// Actions that this one accompanies: it fires in the same turn as any of them, never on its own.
    pub runs_with: Vec<ActionName>,
    /// Host names this action may reach (`api.stripe.com`, `*.zendesk.com`); empty for any that the operator allows.
    pub allowed_hosts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ActionBody {
    ApiCall(ApiCall),
    Python(PythonScript),
    Agent(AgentSpec),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    ApiCall,
    Python,
    Agent,
}

impl ActionKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiCall => "api_call",
            Self::Python => "python",
            Self::Agent => "agent",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::ApiCall, Self::Python, Self::Agent].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An HTTP request with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiCall {
    pub method: Method,
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// HTTP basic authentication; both may hold placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<BasicAuth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(default)]
    pub body_format: BodyFormat,
    #[serde(default = "default_redirects_max")]
    pub redirects_max: u8,
    /// Further tries after a failed connection or a 502, 503 or 504; idempotent methods only.
    #[serde(default)]
    pub retries_max: u8,
}

fn default_redirects_max() -> u8 {
    5
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    pub username: String,
    pub password: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending it twice has the effect of sending it once (RFC 9110 §9.2.2).
    pub const fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }

    /// Whether it changes nothing at the other end (RFC 9110 §9.2.1).
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get)
    }
}

/// How a body's placeholders are filled and what its default `Content-Type` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// A quoted placeholder is JSON-escaped, an unquoted one takes the typed value.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`: values are percent-encoded.
    Form,
    /// Values stand as they are.
    Text,
}

/// A Python script for the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonScript {
    pub code: String,
    /// Names of the secrets it gets as environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
}

/// A language model with tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    pub prompt: String,
    #[serde(default)]
    pub tools: Vec<ActionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<serde_json::Value>,
    #[serde(default = "default_tool_calls")]
    pub max_tool_calls: u32,
    #[serde(default = "default_depth")]
    pub max_depth: u32,
}

fn default_tool_calls() -> u32 {
    crate::limits::AGENT_TOOL_CALLS_DEFAULT
}

fn default_depth() -> u32 {
    crate::limits::AGENT_DEPTH_DEFAULT
}

impl ActionBody {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::ApiCall(_) => ActionKind::ApiCall,
            Self::Python(_) => ActionKind::Python,
            Self::Agent(_) => ActionKind::Agent,
        }
    }

    /// Whether running it changes nothing anywhere. Only what is known to be harmless counts.
    pub const fn is_safe(&self) -> bool {
        match self {
            Self::ApiCall(call) => call.method.is_safe(),
            Self::Python(_) | Self::Agent(_) => false,
        }
    }
}

impl ApiCall {
    /// Every text that may hold placeholders, with the name of its field.
    pub fn templates(&self) -> Vec<(String, &str)> {
        let mut texts = vec![("url".to_owned(), self.url.as_str())];
        for (index, header) in self.headers.iter().enumerate() {
            texts.push((format!("headers[{index}].value"), &header.value));
        }
        if let Some(auth) = &self.basic_auth {
            texts.push(("basic_auth.username".to_owned(), &auth.username));
            texts.push(("basic_auth.password".to_owned(), &auth.password));
        }
        if let Some(body) = &self.body {
            texts.push(("body".to_owned(), body));
        }
        texts
    }
}

impl ActionSpec {
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name.as_str() == name)
    }

    /// Names used as placeholders that are neither parameters nor built-ins, with the field they stand in. Each must
    /// be a secret of the guru.
    pub fn foreign_names(&self) -> Vec<(String, String)> {
        match &self.body {
            ActionBody::ApiCall(call) => {
                let mut foreign = Vec::new();
                for (field, text) in call.templates() {
                    for name in Template::parse(text).names() {
                        if self.parameter(name).is_none() && !caller::BUILT_IN_NAMES.contains(&name) {
                            foreign.push((field.clone(), name.to_owned()));
                        }
                    }
                }
                foreign
            }
            ActionBody::Python(script) => {
                script.secrets.iter().map(|name| ("secrets".to_owned(), name.to_string())).collect()
            }
            ActionBody::Agent(_) => Vec::new(),
        }
    }

    /// The secrets this action refers to, existing or not.
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        self.foreign_names().into_iter().filter_map(|(_, name)| name.parse().ok()).collect()
    }

    /// Parameters that neither a placeholder nor the answer template uses (always empty for Python and agents, which
    /// see all of them).
    pub fn unused_parameters(&self) -> Vec<&ParameterName> {
        let ActionBody::ApiCall(call) = &self.body else { return Vec::new() };
        let answer = self.answer.as_deref().unwrap_or_default();
        let templates: Vec<_> = call.templates().into_iter().map(|(_, text)| Template::parse(text)).collect();
        self.parameters
            .iter()
            .map(|parameter| &parameter.name)
            .filter(|name| !templates.iter().any(|template| template.names().contains(name.as_str())))
            .filter(|name| !answer.contains(&format!("arguments.{name}")))
            .collect()
    }
}
