//! Reading the model's answer: it must have the shape that was asked for, or it is asked again.

use errand_domain::{ArgValue, ParameterName};
use serde::Deserialize;

use crate::{CatalogueAction, PlanRequest};

/// Actions of one decision; a model that names more is not deciding.
const PROPOSALS_MAX: usize = 10;

/// What the model proposes, as far as it can be used.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) proposals: Vec<Proposal>,
    /// What can't, in sentences for the model. Values in it are left out: they may be somebody else's words.
    pub(super) problems: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Proposal {
    /// Place in the catalogue.
    pub(super) action: usize,
    pub(super) asked_with: String,
    pub(super) reason: String,
    pub(super) arguments: Vec<Proposed>,
}

#[derive(Debug)]
pub(super) struct Proposed {
    pub(super) parameter: ParameterName,
    /// As the parameter takes it.
    pub(super) value: ArgValue,
    pub(super) words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    actions: Vec<WireAction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAction {
    action: String,
    #[serde(default)]
    asked_with: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    arguments: Vec<WireArgument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireArgument {
    parameter: String,
    value: Option<ArgValue>,
    #[serde(default)]
    words: String,
}

pub(super) fn read(text: &str, request: &PlanRequest, shown: &[usize]) -> Result<Reply, String> {
    let wire: Wire = serde_json::from_str(object_in(text))
        .map_err(|error| format!("It does not meet the JSON Schema: {error}."))?;
    let mut reply = Reply::default();
    if wire.actions.len() > PROPOSALS_MAX {
        return Err(format!("It names more than {PROPOSALS_MAX} actions."));
    }
    for action in wire.actions {
        let named = shown.iter().find(|at| {
            request.catalogue.actions.get(**at).is_some_and(|known| known.name.as_str() == action.action)
        });
        match named {
            Some(at) if reply.proposals.iter().any(|other| other.action == *at) => {}
            Some(at) => {
                let proposal = proposal(*at, &request.catalogue.actions[*at], action, &mut reply.problems);
                reply.proposals.push(proposal);
            }
            None => reply.problems.push("`action` is not the name of one of the actions.".to_owned()),
        }
    }
    Ok(reply)
}

fn proposal(at: usize, known: &CatalogueAction, wire: WireAction, problems: &mut Vec<String>) -> Proposal {
    let mut arguments: Vec<Proposed> = Vec::new();
    for argument in wire.arguments {
        let Some(parameter) = known.parameters.iter().find(|one| one.name.as_str() == argument.parameter)
        else {
            problems.push(format!("`{}` has no such parameter as one that is given.", known.name));
            continue;
        };
        let empty = argument.value.as_ref().is_none_or(|value| value.to_string().trim().is_empty());
        let Some(value) = argument.value.filter(|_| !empty) else { continue };
        match parameter.accept(&value) {
            Ok(value) => {
                arguments.push(Proposed { parameter: parameter.name.clone(), value, words: argument.words });
            }
            Err(problem) => {
                problems.push(format!(
                    "`{}.{}` can't take its value. {}",
                    known.name, parameter.name, problem.hint
                ));
            }
        }
    }
    Proposal { action: at, asked_with: wire.asked_with, reason: wire.reason, arguments }
}

/// The JSON object in a text: some models put it between fences or sentences.
fn object_in(text: &str) -> &str {
    let (start, end) = (text.find('{'), text.rfind('}'));
    match (start, end) {
        (Some(start), Some(end)) if start < end => &text[start..=end],
        _ => text,
    }
}
