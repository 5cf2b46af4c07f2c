//! From what the model proposes to what may run. A proposal stands only on what the asker said:
//!
//! - an action needs words of the question that ask for it, and enough nearness to the question by the embedded
//!   planner's measure, or it must be what the last turn was about;
//! - a value must stand in the asker's words, follow from them (a date, a number, a closed choice), or be one that the
//!   assistant offered and the asker points back to; where the asker names another of the kind, theirs counts.
//!
//! What does not stand is left out, and the plan says which and why.

use errand_domain::{
    ArgValue, Arguments, Considered, Missing, Parameter, ParameterName, ParameterType, Plan, Step,
    plan::{Origin, Place},
};

use super::{
    Asked,
    prompt::in_play,
    reply::{Proposal, Proposed, Reply},
};
use crate::{CatalogueAction, recognise};

/// Below this the embedded planner sees no connection at all between question and action.
pub(super) const SUPPORT_MIN: f32 = 0.02;
/// Of a free text's words, the share that the asker must have said.
const SAID_SHARE_MIN: f64 = 0.6;
const REASON_CHARS_MAX: usize = 200;

/// Words by which a question leans on what was said before.
const POINTING: [&str; 27] = [
    "that", "it", "its", "this", "these", "those", "them", "they", "one", "ones", "same", "yes", "yeah",
    "yep", "ok", "okay", "sure", "first", "second", "third", "last", "latter", "both", "all", "then",
    "again", "there",
];

/// Words by which a question picks something else than what was spoken of.
const SELECTING: [&str; 10] =
    ["other", "another", "second", "third", "first", "last", "latter", "one", "ones", "both"];

pub(super) fn plan(asked: &Asked, reply: &Reply, label: &str) -> Plan {
    let mut plan = Plan::empty(label);
    let mut refused: Vec<(usize, String)> = Vec::new();
    for proposal in &reply.proposals {
        let action = &asked.request.catalogue.actions[proposal.action];
        if !action.runs_with.is_empty() {
            continue;
        }
        if let Some(why) = unjustified(asked, proposal, action) {
            plan.notices.push(format!("The model chose `{}`, which was not run: {why}", action.name));
            refused.push((proposal.action, why));
            continue;
        }
        let found = arguments(asked, proposal, action, &mut plan.notices);
        settle(action, found, None, &mut plan);
    }
    accompany(asked, reply, &mut plan);
    plan.considered = considered(asked, reply, &refused, &plan);
    plan
}

/// Why the action may not run, if it may not.
fn unjustified(asked: &Asked, proposal: &Proposal, action: &CatalogueAction) -> Option<String> {
    let judged = asked.ranked.considered.iter().find(|judged| judged.action == action.name);
    if judged.is_some_and(|judged| judged.fires) {
        return None;
    }
    if !stands_in(&proposal.asked_with, &asked.asker.own) {
        return Some("the question's own words don't ask for it.".to_owned());
    }
    let spoken_of = asked.request.turns.last().is_some_and(|turn| in_play(turn).contains(&&action.name));
    if spoken_of || judged.is_some_and(|judged| judged.score >= SUPPORT_MIN) {
        return None;
    }
    Some("nothing in the question is near its trigger.".to_owned())
}

#[derive(Default)]
struct Found {
    arguments: Arguments,
    origins: Vec<Origin>,
}

impl Found {
    fn take(&mut self, parameter: &ParameterName, value: ArgValue, place: Place) {
        self.arguments.insert(parameter.clone(), value);
        self.origins.retain(|origin| origin.parameter != *parameter);
        self.origins.push(Origin { parameter: parameter.clone(), place });
    }
}

fn arguments(
    asked: &Asked,
    proposal: &Proposal,
    action: &CatalogueAction,
    notices: &mut Vec<String>,
) -> Found {
    let mut found = Found::default();
    for proposed in &proposal.arguments {
        let Some(parameter) = action.parameters.iter().find(|one| one.name == proposed.parameter) else {
            continue;
        };
        match ground(asked, proposed, parameter, action) {
            Some((value, place)) => found.take(&parameter.name, value, place),
            None => notices.push(format!(
                "The model gave `{}.{}` a value that the asker did not state; it was left out.",
                action.name, parameter.name
            )),
        }
    }
    found
}

/// The value with where it stands; None when nothing that the asker said carries it.
fn ground(
    asked: &Asked,
    proposed: &Proposed,
    parameter: &Parameter,
    action: &CatalogueAction,
) -> Option<(ArgValue, Place)> {
    let own = own_value(asked, action, parameter);
    if let Some(place) = in_question(asked, proposed, parameter, &asked.asker.own) {
        return Some((proposed.value.clone(), place));
    }
    // From here on the value is not in the asker's own words of this turn; one that is goes before it.
    if let Some((value, origin)) = own.filter(|(_, place)| matches!(place, Place::Question { .. })) {
        return Some((value, origin));
    }
    if rival_in(&proposed.value, &asked.asker.own) {
        return None;
    }
    if let Some(place) = in_question(asked, proposed, parameter, &asked.asker.whole) {
        return Some((proposed.value.clone(), place));
    }
    let turns = || asked.request.turns.iter().rev().enumerate();
    let asked_before = turns().find(|(_, turn)| carries(&turn.question, proposed, parameter, asked));
    if let Some((ago, _)) = asked_before {
        return Some((proposed.value.clone(), Place::Earlier { turns_ago: ago + 1, in_answer: false }));
    }
    // What the asker said before goes before what the assistant offers, unless they pick something else now.
    let picks = words(&asked.asker.own).iter().any(|word| SELECTING.contains(&word.as_str()));
    if let Some((value, place)) = own_value(asked, action, parameter)
        .filter(|(_, place)| !picks && matches!(place, Place::Earlier { in_answer: false, .. }))
    {
        return Some((value, place));
    }
    let offered = turns().find(|(_, turn)| stands_in(&proposed.value.to_string(), &turn.answer));
    let (ago, _) = offered.filter(|_| points_back(asked, action))?;
    Some((proposed.value.clone(), Place::Earlier { turns_ago: ago + 1, in_answer: true }))
}

/// What the embedded planner took from the asker for the same parameter, when it chose the action too.
fn own_value(asked: &Asked, action: &CatalogueAction, parameter: &Parameter) -> Option<(ArgValue, Place)> {
    let steps = asked.ranked.steps.iter().map(|step| (&step.action, &step.arguments, &step.origins));
    let lacking = asked.ranked.missing.iter().map(|lack| (&lack.action, &lack.arguments, &lack.origins));
    let (_, arguments, origins) = steps.chain(lacking).find(|(name, ..)| **name == action.name)?;
    let value = arguments.get(&parameter.name)?.clone();
    let origin = origins.iter().find(|origin| origin.parameter == parameter.name)?;
    Some((value, origin.place.clone()))
}

fn in_question(asked: &Asked, proposed: &Proposed, parameter: &Parameter, text: &str) -> Option<Place> {
    let value = proposed.value.to_string();
    let literal = place_of(&value, text).or_else(|| {
        place_of(&proposed.words, text)
            .filter(|_| follows(&proposed.words, &proposed.value, parameter, asked))
    });
    if let Some((start, end)) = literal {
        return Some(Place::Question { start, end });
    }
    said(&value, text, parameter).then_some(Place::Model)
}

fn carries(text: &str, proposed: &Proposed, parameter: &Parameter, asked: &Asked) -> bool {
    let value = proposed.value.to_string();
    stands_in(&value, text)
        || (stands_in(&proposed.words, text) && follows(&proposed.words, &proposed.value, parameter, asked))
        || said(&value, text, parameter)
}

/// Whether a value of a type that is not copied follows from the words: "Friday", "three", "urgent".
fn follows(words: &str, value: &ArgValue, parameter: &Parameter, asked: &Asked) -> bool {
    match (parameter.kind, value) {
        (ParameterType::Boolean, _) => true,
        (ParameterType::Number, ArgValue::Number(number)) => words
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .chain([words])
            .filter_map(errand_domain::parameter::number_from_text)
            .any(|read| read.as_f64() == number.as_f64()),
        (ParameterType::String, _) if !parameter.values.is_empty() => true,
        (ParameterType::String, ArgValue::String(text)) => {
            let date = recognise::parse_date(words, asked.request.now.date());
            date.is_some_and(|date| text.parse().is_ok_and(|given: jiff::civil::Date| given == date))
        }
        _ => false,
    }
}

/// Whether a text put together by the model was said in other order or with small words added. Numbers and addresses
/// must be the asker's own, each of them.
fn said(value: &str, text: &str, parameter: &Parameter) -> bool {
    if parameter.kind != ParameterType::String || !parameter.values.is_empty() {
        return false;
    }
    let heard: Vec<String> = words(text);
    let told = words(value);
    let is_exact = |word: &String| word.chars().any(|c| c.is_ascii_digit() || c == '@');
    if told.is_empty() || told.iter().any(|word| is_exact(word) && !heard.contains(word)) {
        return false;
    }
    let shared = told.iter().filter(|word| heard.contains(word)).count();
    #[allow(clippy::cast_precision_loss)] // counts of words
    let share = shared as f64 / told.len() as f64;
    told.len() > 1 && share >= SAID_SHARE_MIN
}

/// Whether the asker names another value of the same make: other digits of about the same length, another address.
fn rival_in(value: &ArgValue, own: &str) -> bool {
    let value = value.to_string();
    let make = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        (word.contains('@'), digits > 0, word.len())
    };
    let (address, digits, length) = make(&value);
    if value.contains(char::is_whitespace) || !(address || digits) {
        return false;
    }
    words(own).iter().any(|word| {
        let (other_address, other_digits, other_length) = make(word);
        *word != value.to_lowercase()
            && address == other_address
            && digits == other_digits
            && (address || length.abs_diff(other_length) <= 2)
    })
}

/// Whether the asker leans on what the assistant said.
fn points_back(asked: &Asked, action: &CatalogueAction) -> bool {
    let spoken_of = asked.request.turns.last().is_some_and(|turn| in_play(turn).contains(&&action.name));
    spoken_of || words(&asked.asker.own).iter().any(|word| POINTING.contains(&word.as_str()))
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+')))
        .map(|word| word.trim_matches(['.', '-', '_', '+']).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

fn stands_in(needle: &str, text: &str) -> bool {
    place_of(needle, text).is_some()
}

/// Bytes of `text` that are these words, whatever their case and spacing, standing on their own.
fn place_of(needle: &str, text: &str) -> Option<(usize, usize)> {
    let needle: Vec<char> = needle
        .trim()
        .trim_end_matches(['.', '?', '!', ','])
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    if needle.is_empty() {
        return None;
    }
    let characters: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
    let same = |at: usize| {
        needle
            .iter()
            .zip(&characters[at..])
            .all(|(wanted, (_, c))| c.to_lowercase().eq(wanted.to_lowercase()))
    };
    let edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    (0..=characters.len().checked_sub(needle.len())?).filter(|at| same(*at)).find_map(|at| {
        let start = characters[at].0;
        let (last, c) = characters[at + needle.len() - 1];
        let end = last + c.len_utf8();
        (edge(text[..start].chars().next_back()) && edge(text[end..].chars().next())).then_some((start, end))
    })
}

/// Fills in defaults; a step when nothing required is missing, else a question.
fn settle(action: &CatalogueAction, mut found: Found, runs_with: Option<&Step>, plan: &mut Plan) {
    let is_lacking = |parameter: &&Parameter| {
        parameter.required && parameter.default.is_none() && !found.arguments.contains_key(&parameter.name)
    };
    let parameters: Vec<ParameterName> =
        action.parameters.iter().filter(is_lacking).map(|parameter| parameter.name.clone()).collect();
    let (action_id, name, action_version) = (action.id, action.name.clone(), action.version);
    if !parameters.is_empty() {
        let Found { arguments, origins } = found;
        plan.missing.push(Missing {
            action_id,
            action: name,
            action_version,
            arguments,
            origins,
            parameters,
        });
        return;
    }
    for parameter in
        action.parameters.iter().filter(|one| !found.arguments.contains_key(&one.name)).collect::<Vec<_>>()
    {
        if let Some(value) = parameter.default.as_ref().and_then(|value| parameter.accept(value).ok()) {
            found.take(&parameter.name, value, Place::Default);
        }
    }
    let Found { arguments, origins } = found;
    let runs_with = runs_with.map(|step| step.action.clone());
    plan.steps.push(Step { action_id, action: name, action_version, arguments, origins, runs_with });
}

/// Actions that run with one that fires share its arguments by name; they never fire on their own.
fn accompany(asked: &Asked, reply: &Reply, plan: &mut Plan) {
    let leaders = plan.steps.clone();
    for (at, action) in asked.request.catalogue.actions.iter().enumerate() {
        let Some(leader) = leaders.iter().find(|step| action.runs_with.contains(&step.action)) else {
            continue;
        };
        let proposal = reply.proposals.iter().find(|proposal| proposal.action == at);
        let mut found = proposal
            .map_or_else(Found::default, |proposal| arguments(asked, proposal, action, &mut plan.notices));
        for parameter in &action.parameters {
            let shared = leader.arguments.get(&parameter.name).and_then(|value| parameter.accept(value).ok());
            let origin = leader.origins.iter().find(|origin| origin.parameter == parameter.name);
            if let (Some(value), Some(origin)) = (shared, origin) {
                found.take(&parameter.name, value, origin.place.clone());
            }
        }
        settle(action, found, Some(leader), plan);
    }
}

fn considered(asked: &Asked, reply: &Reply, refused: &[(usize, String)], plan: &Plan) -> Vec<Considered> {
    let actions = &asked.request.catalogue.actions;
    let judged = asked.ranked.considered.iter().filter_map(|judged| {
        let at = actions.iter().position(|action| action.name == judged.action)?;
        let step = plan.steps.iter().find(|step| step.action == judged.action);
        let fires = step.is_some() || plan.missing.iter().any(|lack| lack.action == judged.action);
        let mut evidence = Vec::new();
        if let Some(leader) = step.and_then(|step| step.runs_with.as_ref()) {
            evidence.push(format!("Runs whenever `{leader}` does."));
        }
        if let Some((_, why)) = refused.iter().find(|(place, _)| *place == at) {
            evidence.push(format!("The model chose it, and it may not run: {why}"));
        }
        match reply.proposals.iter().find(|proposal| proposal.action == at) {
            Some(proposal) => evidence.extend(reason(proposal)),
            None if asked.shown.contains(&at) => evidence.push("The model did not choose it.".to_owned()),
            None => evidence.push(format!(
                "It is not among the {} nearest actions that the model was shown.",
                asked.shown.len()
            )),
        }
        // What the model decided goes before how near it was.
        let score = if fires { 0.5 + judged.score / 2.0 } else { judged.score / 2.0 };
        Some(Considered { action: judged.action.clone(), score, fires, evidence })
    });
    let mut all: Vec<Considered> = judged.collect();
    all.sort_by(|a, b| b.fires.cmp(&a.fires).then(b.score.total_cmp(&a.score)));
    all
}

/// The model's own word for it, as text of somebody else's.
fn reason(proposal: &Proposal) -> Vec<String> {
    let line = proposal.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(REASON_CHARS_MAX).collect();
    let said = (!short.is_empty()).then(|| format!("The model's reason: “{short}”"));
    let asked = proposal.asked_with.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked: String = asked.chars().take(REASON_CHARS_MAX).collect();
    said.into_iter().chain((!asked.is_empty()).then(|| format!("Asked for with “{asked}”."))).collect()
}
