//! Labelled turns and the catalogues that they are asked of, as they stand in files.

use std::{collections::BTreeMap, str::FromStr};

use errand_domain::{Parameter, Plan, Problem};
use serde::{Deserialize, Serialize};

use crate::{CatalogueAction, PastTurn};

/// Accepted values by parameter, by action that is to fire. Empty: nothing may fire. A parameter without a list
/// (`null`) is required and stands nowhere in the conversation: the action is to ask for it.
pub type Expected = BTreeMap<String, BTreeMap<String, Option<Vec<String>>>>;

/// One labelled turn, as a line of a case file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Names of the actions on offer; all of the catalogue when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Earlier texts, oldest first: the asker's and the assistant's in turn, the last one the assistant's.
    #[serde(default)]
    pub before: Vec<String>,
    pub question: String,
    pub expected: Expected,
    /// Actions that may fire beside the expected ones, and need not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Turns back of which a planner takes what fired and what was lacking.
const LOOKED_BACK_ON: usize = 1;

impl Case {
    /// The earlier turns as a planner sees them. What each of them fired or lacked is what `decide` makes of it:
    /// a case file holds words only. Older ones than planners look back on (see [`LOOKED_BACK_ON`]) are not decided
    /// on. Where the first text is the assistant's, it stands alone.
    pub fn turns(&self, mut decide: impl FnMut(&str, &[PastTurn]) -> Plan) -> Vec<PastTurn> {
        let mut turns: Vec<PastTurn> = Vec::new();
        let (alone, pairs) = self.before.split_at(self.before.len() % 2);
        turns.extend(alone.iter().map(|answer| PastTurn { answer: answer.clone(), ..PastTurn::default() }));
        let count = pairs.len() / 2;
        for (at, pair) in pairs.chunks(2).enumerate() {
            let [question, answer] = pair else { continue };
            let plan = if at + LOOKED_BACK_ON < count { Plan::empty("") } else { decide(question, &turns) };
            turns.push(PastTurn {
                question: question.clone(),
                answer: answer.clone(),
                fired: plan.steps.into_iter().map(|step| (step.action, step.arguments)).collect(),
                missing: plan
                    .missing
                    .into_iter()
                    .map(|lack| (lack.action, lack.arguments, lack.parameters))
                    .collect(),
            });
        }
        turns
    }

    /// Whether the action is on offer in this case.
    pub fn offers(&self, action: &CatalogueAction) -> bool {
        self.actions.is_empty() || self.actions.iter().any(|name| *name == action.name.as_str())
    }
}

/// The cases of a file, one a line; the error names the line.
pub fn read_cases(lines: &str) -> Result<Vec<Case>, Problem> {
    let told = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    told.map(|(at, line)| {
        serde_json::from_str(line).map_err(|error| {
            Problem::new(
                "not_a_case",
                format!("Line {} is not a case: {error}.", at + 1),
                "Write one JSON object a line, with `question` and `expected`.",
            )
        })
    })
    .collect()
}

/// An action of a catalogue file.
#[derive(Debug, Deserialize)]
struct Entry {
    trigger: String,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(default)]
    runs_with: Vec<String>,
}

/// The actions of a catalogue file (`{"name": {"trigger": …, "parameters": […]}}`), not yet prepared by a planner.
pub fn read_catalogue(json: &str) -> Result<Vec<CatalogueAction>, Problem> {
    let entries: BTreeMap<String, Entry> = serde_json::from_str(json).map_err(|error| {
        Problem::new(
            "not_a_catalogue",
            format!("The file is no catalogue: {error}."),
            "Write one JSON object: names of actions, each with `trigger` and `parameters`.",
        )
    })?;
    entries.into_iter().enumerate().map(|(at, (name, entry))| action(at, &name, entry)).collect()
}

fn action(at: usize, name: &str, entry: Entry) -> Result<CatalogueAction, Problem> {
    Ok(CatalogueAction {
        id: FromStr::from_str(&format!("act_{at:032x}"))?,
        version: 1,
        name: name.parse()?,
        trigger: entry.trigger,
        examples: entry.examples,
        parameters: entry.parameters,
        runs_with: entry.runs_with.iter().map(|leader| leader.parse()).collect::<Result<_, _>>()?,
        prepared: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_case_is_named() {
        let lines = "{\"question\": \"hi\", \"expected\": {}}\n\n{\"question\": 1}\n";
        let problem = read_cases(lines).expect_err("the third line is wrong");
        assert!(problem.message.starts_with("Line 3 is not a case"), "{}", problem.message);
    }

    #[test]
    fn required_and_missing_is_told_apart_from_not_labelled() {
        let line = r#"{"question": "book it", "expected": {"book": {"date": null, "city": ["Bonn"]}}, "also": ["other"]}"#;
        let cases = read_cases(line).expect("a case");
        assert_eq!(cases[0].expected["book"]["date"], None);
        assert_eq!(cases[0].expected["book"]["city"].as_deref(), Some(["Bonn".to_owned()].as_slice()));
        assert_eq!(cases[0].also, ["other"]);
    }

    #[test]
    fn a_text_of_the_assistant_may_come_first() {
        let case = Case { before: ["Hello!", "hi", "Yes?"].map(str::to_owned).to_vec(), ..Case::default() };
        let turns = case.turns(|_, _| Plan::empty("none"));
        let told: Vec<_> = turns.iter().map(|turn| (turn.question.as_str(), turn.answer.as_str())).collect();
        assert_eq!(told, [("", "Hello!"), ("hi", "Yes?")]);
    }
}
