//! Placeholders and names: everything used is known, everything declared is used.

use std::collections::BTreeSet;

use crate::{ActionBody, ActionSpec, PythonScript, SecretName, caller};

use super::{
    Advice, advise,
    words::{closest, holds_identifier},
};

/// Variables that a script finds without declaring them.
const SYSTEM_VARIABLES: &[&str] = &["HOME", "LANG", "PATH", "PWD", "TMPDIR", "TZ", "USER"];

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec, secrets: &BTreeSet<SecretName>) {
    for (field, name) in spec.foreign_names() {
        if !secrets.contains(name.as_str()) {
            lint_unknown(found, spec, secrets, &format!("run.{field}"), &name);
        }
    }
    if let ActionBody::Python(script) = &spec.body {
        lint_script(found, spec, script, secrets);
    }
    lint_unused_parameters(found, spec);
}

fn lint_unknown(
    found: &mut Vec<Advice>,
    spec: &ActionSpec,
    secrets: &BTreeSet<SecretName>,
    field: &str,
    name: &str,
) {
    let parameters = spec.parameters.iter().map(|parameter| parameter.name.as_str());
    let known = parameters.chain(secrets.iter().map(SecretName::as_str)).chain(caller::BUILT_IN_NAMES);
    let looks_like_secret =
        name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase());
    let proposal = match closest(name, known) {
        Some(near) if field == "run.secrets" => {
            format!("Did you mean `{near}`? Else store it: `errand secret set {name}`.")
        }
        Some(near) => format!("Did you mean `{{{near}}}`?"),
        None if looks_like_secret => format!("Store it: `errand secret set {name}`."),
        None => format!(
            "Declare a parameter `{name}` and say what to extract, or write `{{{{{name}}}}}` for the text itself."
        ),
    };
    advise(
        found,
        "unknown_placeholder",
        field,
        format!("`{name}` is no parameter, stored secret or built-in variable."),
        proposal,
    );
}

fn lint_script(
    found: &mut Vec<Advice>,
    spec: &ActionSpec,
    script: &PythonScript,
    secrets: &BTreeSet<SecretName>,
) {
    for (index, secret) in script.secrets.iter().enumerate() {
        if !holds_identifier(&script.code, secret.as_str()) {
            advise(
                found,
                "unused_secret",
                format!("run.secrets[{index}]"),
                format!("The script is given `{secret}` and never uses it."),
                format!("Take `{secret}` off the list: a script should hold no key it doesn't need."),
            );
        }
    }
    for name in variables_read(&script.code) {
        let declared =
            spec.parameter(name).is_some() || script.secrets.iter().any(|secret| secret.as_str() == name);
        if declared || caller::BUILT_IN_NAMES.contains(&name) || SYSTEM_VARIABLES.contains(&name) {
            continue;
        }
        if secrets.contains(name) {
            let message = format!("The script reads `{name}`, a secret that it isn't given.");
            advise(
                found,
                "undeclared_secret",
                "run.secrets",
                message,
                format!("Add `\"{name}\"` to `secrets`."),
            );
        } else {
            lint_unknown(found, spec, secrets, "run.code", name);
        }
    }
}

/// Names in `os.environ["X"]`, `os.environ.get("X")` and `os.getenv("X")`.
fn variables_read(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for opening in ["environ[", "environ.get(", "getenv("] {
        for (at, _) in code.match_indices(opening) {
            let rest = code[at + opening.len()..].trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                continue;
            };
            names.extend(rest[1..].split(quote).next().filter(|name| name.len() < rest.len() - 1));
        }
    }
    names
}

fn lint_unused_parameters(found: &mut Vec<Advice>, spec: &ActionSpec) {
    let presented = |name: &str| {
        holds_identifier(&spec.usage, name)
            || spec.answer.as_deref().is_some_and(|answer| holds_identifier(answer, name))
    };
    for (index, parameter) in spec.parameters.iter().enumerate() {
        let name = parameter.name.as_str();
        let unused = match &spec.body {
            ActionBody::ApiCall(_) => spec.unused_parameters().contains(&&parameter.name),
            ActionBody::Python(script) => !holds_identifier(&script.code, name),
            // An agent is handed all of them.
            ActionBody::Agent(_) => false,
        };
        if unused && !presented(name) {
            let place = if matches!(spec.body, ActionBody::Python(_)) {
                format!("Read it with `os.environ[\"{name}\"]`, or drop it.")
            } else {
                format!("Put `{{{name}}}` into the URL, a header or the body, or drop it.")
            };
            let message = format!("`{name}` is extracted and used nowhere.");
            advise(found, "unused_parameter", format!("parameters[{index}].name"), message, place);
        }
    }
}
