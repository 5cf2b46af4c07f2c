//! Parameters of an action and the values they take.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::{ParameterName, Problem, limits};

/// Arguments by parameter, in name order (canonical: the idempotency key is made from it).
pub type Arguments = BTreeMap<ParameterName, ArgValue>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: ParameterName,
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// What to extract, in words.
    pub description: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ArgValue>,
    /// The only values it may take; empty for any. Strings only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    String,
    Number,
    Boolean,
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
        })
    }
}

/// A value of a parameter. In JSON: a plain string, number or boolean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ArgValue {
    Boolean(bool),
    Number(Number),
    String(String),
}

impl fmt::Display for ArgValue {
    /// As it stands in a URL, a header or an environment variable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::String(value) => f.write_str(value),
        }
    }
}

impl ArgValue {
    pub const fn kind(&self) -> ParameterType {
        match self {
            Self::Boolean(_) => ParameterType::Boolean,
            Self::Number(_) => ParameterType::Number,
            Self::String(_) => ParameterType::String,
        }
    }

    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Bool(value) => Some(Self::Boolean(*value)),
            serde_json::Value::Number(value) => Some(Self::Number(value.clone())),
            serde_json::Value::String(value) => Some(Self::String(value.clone())),
            _ => None,
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(value) => (*value).into(),
            Self::Number(value) => value.clone().into(),
            Self::String(value) => value.clone().into(),
        }
    }
}

impl Parameter {
    /// The value as this parameter takes it, or why not. Nothing is coerced silently: "3" and "three" are numbers
    /// because they can't mean anything else, "soon" is not one.
    pub fn accept(&self, value: &ArgValue) -> Result<ArgValue, Problem> {
        let accepted = match (self.kind, value) {
            (ParameterType::String, ArgValue::String(text)) => self.accept_string(text)?,
            // An id given as a bare number is the same id; no other type is turned into a string.
            (ParameterType::String, ArgValue::Number(number)) => self.accept_string(&number.to_string())?,
            (ParameterType::Number, ArgValue::Number(_)) | (ParameterType::Boolean, ArgValue::Boolean(_)) => {
                value.clone()
            }
            (ParameterType::Number, ArgValue::String(text)) => {
                ArgValue::Number(number_from_text(text).ok_or_else(|| self.wrong_type(value))?)
            }
            (ParameterType::Boolean, ArgValue::String(text)) => {
                ArgValue::Boolean(boolean_from_text(text).ok_or_else(|| self.wrong_type(value))?)
            }
            _ => return Err(self.wrong_type(value)),
        };
        Ok(accepted)
    }

    fn accept_string(&self, text: &str) -> Result<ArgValue, Problem> {
        if text.chars().count() > limits::ARGUMENT_CHARS_MAX {
            return Err(Problem::new(
                "too_long",
                format!(
                    "The value of `{}` is longer than {} characters.",
                    self.name,
                    limits::ARGUMENT_CHARS_MAX
                ),
                "Shorten it.",
            )
            .at(self.name.as_str()));
        }
        if self.values.is_empty() {
            return Ok(ArgValue::String(text.to_owned()));
        }
        let known = self.values.iter().find(|value| value.eq_ignore_ascii_case(text.trim()));
        known.map(|value| ArgValue::String(value.clone())).ok_or_else(|| {
            Problem::new(
                "not_one_of",
                format!("`{text}` is not a value of `{}`.", self.name),
                format!("Give one of: {}.", self.values.join(", ")),
            )
            .at(self.name.as_str())
        })
    }

    fn wrong_type(&self, value: &ArgValue) -> Problem {
        Problem::new(
            "wrong_type",
            format!("`{}` takes a {}, and `{value}` is none.", self.name, self.kind),
            match self.kind {
                ParameterType::String => "Give text.",
                ParameterType::Number => "Give a number such as 3 or 49.90.",
                ParameterType::Boolean => "Give true or false.",
            },
        )
        .at(self.name.as_str())
    }
}

/// Checks given arguments against the declared parameters and fills in defaults. Returns what may run, and the
/// names of required parameters that have no value.
pub fn complete(
    parameters: &[Parameter],
    given: &Arguments,
) -> Result<(Arguments, Vec<ParameterName>), Vec<Problem>> {
    let mut complete = Arguments::new();
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for parameter in parameters {
        match given.get(&parameter.name).or(parameter.default.as_ref()) {
            Some(value) => match parameter.accept(value) {
                Ok(value) => {
                    complete.insert(parameter.name.clone(), value);
                }
                Err(problem) => found.push(problem),
            },
            None if parameter.required => missing.push(parameter.name.clone()),
            None => {}
        }
    }
    for name in given.keys().filter(|name| !parameters.iter().any(|p| p.name == **name)) {
        found.push(
            Problem::new(
                "unknown_parameter",
                format!("The action has no parameter `{name}`."),
                declared(parameters),
            )
            .at(name.as_str()),
        );
    }
    if found.is_empty() { Ok((complete, missing)) } else { Err(found) }
}

fn declared(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return "It takes none; leave it out.".to_owned();
    }
    let names: Vec<_> = parameters.iter().map(|p| format!("`{}`", p.name)).collect();
    format!("It takes {}.", names.join(", "))
}

/// `3`, `49.90`, `1,200`, `three`; None for anything that is not wholly a number.
pub fn number_from_text(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Some(position) = NUMBER_WORDS.iter().position(|word| word.eq_ignore_ascii_case(text)) {
        return Some(Number::from(position));
    }
    let plain = without_thousands(text)?;
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(Number::from(whole));
    }
    plain.parse::<f64>().ok().filter(|value| value.is_finite()).and_then(Number::from_f64)
}

/// "Zero" to "twenty"; a word's place is its number.
pub const NUMBER_WORDS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Removes commas that group thousands; None when the text is not made of digits, one point and a sign.
fn without_thousands(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(w, f)| (w, Some(f)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<_> = groups.collect();
    let grouped = digits(first)
        && (rest.is_empty() || first.len() <= 3)
        && rest.iter().all(|g| g.len() == 3 && digits(g));
    if !grouped || fraction.is_some_and(|f| !digits(f)) {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    if text.starts_with('-') {
        plain.push('-');
    }
    plain.extend(whole.chars().filter(|c| *c != ','));
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    Some(plain)
}

pub fn boolean_from_text(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(kind: ParameterType) -> Parameter {
        let Ok(name) = "amount".parse() else { panic!("a valid name") };
        Parameter {
            name,
            kind,
            description: String::new(),
            required: true,
            default: None,
            values: Vec::new(),
        }
    }

    fn check(kind: ParameterType, given: &str, expect: Result<&str, &str>) {
        let got = parameter(kind).accept(&ArgValue::String(given.to_owned()));
        let got = got.as_ref().map(|value| value.to_json().to_string()).map_err(|problem| problem.code);
        assert_eq!(got, expect.map(str::to_owned), "{given}");
    }

    #[test]
    fn values_are_validated_never_coerced_silently() {
        check(ParameterType::Number, "3", Ok("3"));
        check(ParameterType::Number, "three", Ok("3"));
        check(ParameterType::Number, "49.90", Ok("49.9"));
        check(ParameterType::Number, "1,200", Ok("1200"));
        check(ParameterType::Number, "-7", Ok("-7"));
        check(ParameterType::Number, "1,20", Err("wrong_type"));
        check(ParameterType::Number, "soon", Err("wrong_type"));
        check(ParameterType::Number, "NaN", Err("wrong_type"));
        check(ParameterType::Number, "1e5", Err("wrong_type"));
        check(ParameterType::Boolean, "yes", Ok("true"));
        check(ParameterType::Boolean, "perhaps", Err("wrong_type"));
        check(ParameterType::String, "3", Ok("\"3\""));
    }

    #[test]
    fn closed_sets_take_their_own_spelling() {
        let mut priority = parameter(ParameterType::String);
        priority.values = vec!["High".to_owned(), "Low".to_owned()];
        assert_eq!(
            priority.accept(&ArgValue::String("high".to_owned())),
            Ok(ArgValue::String("High".to_owned()))
        );
        let refused = priority.accept(&ArgValue::String("urgent".to_owned()));
        assert_eq!(refused.map_err(|problem| problem.hint), Err("Give one of: High, Low.".to_owned()));
    }

    #[test]
    fn completing_fills_defaults_and_names_what_is_missing() {
        let required = parameter(ParameterType::Number);
        let mut defaulted = parameter(ParameterType::Number);
        defaulted.name = "hours".parse().unwrap_or_else(|_| panic!("a valid name"));
        defaulted.default = Some(ArgValue::Number(4.into()));
        let all = [required, defaulted];
        let Ok((arguments, missing)) = complete(&all, &Arguments::new()) else { panic!("nothing is wrong") };
        assert_eq!(arguments.len(), 1);
        assert_eq!(missing, ["amount".parse().unwrap_or_else(|_| panic!("a valid name"))]);
    }
}
