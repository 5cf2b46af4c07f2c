//! Parameters: a description that says what to extract.

use crate::{ActionSpec, Parameter};

use super::{
    Advice, advise,
    wording::{Kind, description},
    words::{content, is_english, listed, name_words, stem},
};

/// Words of a description that say nothing about what to look for.
const EMPTY_DESCRIPTION_WORDS: &[&str] = &[
    "argument",
    "boolean",
    "date",
    "email",
    "field",
    "id",
    "identifier",
    "input",
    "name",
    "number",
    "param",
    "parameter",
    "required",
    "string",
    "text",
    "value",
];

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec) {
    for (index, parameter) in spec.parameters.iter().enumerate() {
        if is_english(&parameter.description) && is_thin(parameter) {
            advise(
                found,
                "thin_description",
                format!("parameters[{index}].description"),
                format!(
                    "`{}` only repeats the parameter's name; it doesn't say what to look for.",
                    parameter.description.trim()
                ),
                description(parameter),
            );
        }
        lint_values(found, index, parameter);
    }
}

fn is_thin(parameter: &Parameter) -> bool {
    let name: Vec<String> = name_words(parameter.name.as_str()).iter().map(|word| stem(word)).collect();
    let says = content(&parameter.description);
    let repeats = |(stem, word): (&String, &String)| {
        name.contains(stem) || EMPTY_DESCRIPTION_WORDS.contains(&word.as_str())
    };
    says.iter().all(repeats)
}

/// "One of low, medium, high" in words, while the list stands empty: then nothing keeps other values out.
fn lint_values(found: &mut Vec<Advice>, index: usize, parameter: &Parameter) {
    if Kind::of(parameter) != Kind::Text {
        return;
    }
    let lower = parameter.description.to_lowercase();
    let Some(at) = lower.find("one of ").filter(|_| lower.is_ascii()) else {
        return;
    };
    let after = &parameter.description[at + "one of ".len()..];
    let list = after.split(['.', ';', '(', ')']).next().unwrap_or_default().trim_start_matches(':');
    let values: Vec<&str> = list
        .split([',', '/', '|'])
        .flat_map(|part| part.split(" or "))
        .map(|part| part.trim().trim_start_matches("or ").trim_matches(['`', '"', '\'', ' ']))
        .filter(|value| !value.is_empty())
        .collect();
    if values.len() < 2 || values.iter().any(|value| value.contains(' ')) {
        return;
    }
    let json: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    advise(
        found,
        "values_in_words",
        format!("parameters[{index}].values"),
        format!("The description lists {}, but nothing keeps other values out.", listed(values)),
        format!("\"values\": [{}]", json.join(", ")),
    );
}
