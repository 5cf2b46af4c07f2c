//! JSON Schemas of an OpenAPI document as parameters of an action.

use serde_json::Value;

use super::{naming, parameters::as_literal};
use crate::{ArgValue, Parameter, ParameterType, action_file::ParameterFile, limits};

/// Objects within objects that are followed; what lies deeper is left out.
const DEPTH_MAX: usize = 4;

/// Parameters as they are collected.
pub(super) struct Fields<'a, R> {
    resolve: R,
    pub parameters: Vec<ParameterFile>,
    pub notes: Vec<String>,
    document: std::marker::PhantomData<&'a Value>,
}

impl<'a, R: Fn(&'a Value) -> &'a Value> Fields<'a, R> {
    pub fn new(resolve: R) -> Self {
        Self { resolve, parameters: Vec::new(), notes: Vec::new(), document: std::marker::PhantomData }
    }

    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Declares a parameter for a single value and gives its placeholder. `holder` is what has the schema, the
    /// description and the example. None for lists and objects, and when there are too many already.
    pub fn declare(&mut self, name: &str, holder: &'a Value, required: bool) -> Option<String> {
        let schema = (self.resolve)(holder.get("schema").unwrap_or(holder));
        let schema = self.variant(schema);
        let kind = kind_of(schema)?;
        if self.parameters.len() >= limits::PARAMETERS_PER_ACTION_MAX {
            self.note(format!(
                "`{name}` was left out: an action has {} parameters at most.",
                limits::PARAMETERS_PER_ACTION_MAX
            ));
            return None;
        }
        let taken: Vec<String> = self.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        let parameter_name = naming::parameter_name(name, &taken);
        let values = values_of(schema, kind);
        let default = schema.get("default").and_then(ArgValue::from_json);
        let parameter = ParameterFile {
            description: description(name, holder, schema),
            default: default.filter(|default| fits(&parameter_name, kind, &values, default)),
            name: parameter_name.clone(),
            kind,
            required,
            values,
        };
        self.parameters.push(parameter);
        Some(format!("{{{parameter_name}}}"))
    }

    /// The schema itself, or the first of several that a value may follow.
    fn variant(&self, schema: &'a Value) -> &'a Value {
        let first = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema.get(word)?.as_array()?.first());
        match first {
            Some(first) if schema.get("type").is_none() && schema.get("properties").is_none() => {
                (self.resolve)(first)
            }
            _ => schema,
        }
    }

    /// The properties of an object with whether each is required; those of all parts that it is made of.
    fn properties(&self, schema: &'a Value) -> Vec<(&'a String, &'a Value, bool)> {
        let parts = schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|part| (self.resolve)(part));
        let mut found: Vec<(&'a String, &'a Value, bool)> = Vec::new();
        for part in parts.chain(std::iter::once(schema)) {
            let required = part.get("required").and_then(Value::as_array);
            let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
            for (name, property) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let property = (self.resolve)(property);
                if property.get("readOnly").and_then(Value::as_bool) != Some(true) {
                    found.retain(|(known, _, _)| *known != name);
                    found.push((name, property, is_required(name)));
                }
            }
        }
        found
    }
}

/// A JSON body with a placeholder for every value that is needed. What may be left out is: an API call sends null for
/// a value that was not given, and many services refuse that.
pub(super) fn json_body<'a>(
    fields: &mut Fields<'a, impl Fn(&'a Value) -> &'a Value>,
    schema: &'a Value,
) -> String {
    object(fields, schema, "", 0)
}

fn object<'a>(
    fields: &mut Fields<'a, impl Fn(&'a Value) -> &'a Value>,
    schema: &'a Value,
    prefix: &str,
    depth: usize,
) -> String {
    let schema = fields.variant(schema);
    let properties = fields.properties(schema);
    let any_required = properties.iter().any(|(_, _, required)| *required);
    let mut members = Vec::new();
    let mut left_out = Vec::new();
    for (name, property, required) in properties {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}_{name}") };
        if any_required && !required {
            left_out.push(format!("`{path}`"));
            continue;
        }
        let value = match fields.declare(&path, property, required) {
            Some(placeholder) => placeholder,
            None if is_object(property) && depth < DEPTH_MAX => object(fields, property, &path, depth + 1),
            None => {
                let Some(example) = property.get("example").or_else(|| property.get("default")) else {
                    left_out.push(format!("`{path}`"));
                    continue;
                };
                as_literal(&example.to_string())
            }
        };
        members.push(format!("{}: {value}", Value::String(name.clone())));
    }
    if !left_out.is_empty() {
        fields.note(format!("Left out of the body: {}.", left_out.join(", ")));
    }
    format!("{{{}}}", members.join(", "))
}

/// A form body; what was not given is not sent.
pub(super) fn form_body<'a>(
    fields: &mut Fields<'a, impl Fn(&'a Value) -> &'a Value>,
    schema: &'a Value,
) -> String {
    let mut pairs = Vec::new();
    let mut left_out = Vec::new();
    for (name, property, required) in fields.properties(schema) {
        match fields.declare(name, property, required) {
            Some(placeholder) => pairs.push(format!("{name}={placeholder}")),
            None => left_out.push(format!("`{name}`")),
        }
    }
    if !left_out.is_empty() {
        fields.note(format!("Left out of the body: {}.", left_out.join(", ")));
    }
    pairs.join("&")
}

fn is_object(schema: &Value) -> bool {
    schema.get("properties").is_some() || schema.get("allOf").is_some()
}

/// `type` is a word in 3.0 and may be a list of words in 3.1.
fn kind_of(schema: &Value) -> Option<ParameterType> {
    let word = match schema.get("type") {
        Some(Value::String(word)) => word.as_str(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).find(|word| *word != "null")?,
        _ if schema.get("enum").is_some() || schema.get("format").is_some() => "string",
        _ => return None,
    };
    match word {
        "string" => Some(ParameterType::String),
        "integer" | "number" => Some(ParameterType::Number),
        "boolean" => Some(ParameterType::Boolean),
        _ => None,
    }
}

fn values_of(schema: &Value, kind: ParameterType) -> Vec<String> {
    if kind != ParameterType::String {
        return Vec::new();
    }
    let values = schema.get("enum").and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn fits(name: &str, kind: ParameterType, values: &[String], default: &ArgValue) -> bool {
    let Ok(name) = name.parse() else { return false };
    let values = values.to_vec();
    let parameter =
        Parameter { name, kind, description: String::new(), required: false, default: None, values };
    parameter.accept(default).is_ok()
}

fn description(name: &str, holder: &Value, schema: &Value) -> String {
    let said = [holder, schema].iter().find_map(|place| place.get("description").and_then(Value::as_str));
    let said = said.map(str::trim).filter(|said| !said.is_empty());
    let text = said.map_or_else(|| format!("The {}", naming::words_of(name).join(" ")), str::to_owned);
    let example = [holder, schema].iter().find_map(|place| place.get("example"));
    let example = example.and_then(ArgValue::from_json).map(|example| example.to_string());
    let text = match example.filter(|example| !example.is_empty() && !text.contains(example.as_str())) {
        Some(example) => format!("{}, such as {example}", text.trim_end_matches('.')),
        None => text,
    };
    naming::shortened(&text, limits::DESCRIPTION_CHARS_MAX)
}
