//! Overlaps: pairs of actions that fire on each other's questions, the words that cause it, and what to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use errand_planners::{Catalogue, CatalogueAction, PlanRequest, embedded::EmbeddedPlanner};
use jiff::Zoned;

use super::suites::embedded;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
};

const QUESTIONS_SHOWN_MAX: usize = 3;
const WORDS_SHOWN_MAX: usize = 6;
const OVERLAPS_MAX: usize = 50;

/// Two actions that get in each other's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    pub first: String,
    pub second: String,
    /// Of the questions that are meant for one of them: on how many both fire, and on how many only the other does.
    pub together: usize,
    pub instead: usize,
    /// Some of those questions.
    pub questions: Vec<String>,
    /// Words that both triggers hold, or that the questions share with the other's trigger.
    pub words: Vec<String>,
    pub suggestion: String,
}

/// Asks every action's own examples, and its trigger, of the whole catalogue. Pure but for its length.
pub fn overlaps(planner: &EmbeddedPlanner, actions: &[CatalogueAction], now: &Zoned) -> Vec<Overlap> {
    let catalogue = Arc::new(Catalogue { actions: actions.to_vec() });
    let mut found: BTreeMap<(usize, usize), Found> = BTreeMap::new();
    for (at, action) in actions.iter().enumerate().filter(|(_, action)| action.runs_with.is_empty()) {
        for question in questions(action) {
            let request = PlanRequest {
                question: question.clone(),
                turns: Vec::new(),
                catalogue: Arc::clone(&catalogue),
                now: now.clone(),
            };
            let plan = planner.plan(&request);
            let steps = plan.steps.iter().filter(|step| step.runs_with.is_none()).map(|step| &step.action);
            let fired: BTreeSet<usize> = steps
                .chain(plan.missing.iter().map(|lack| &lack.action))
                .filter_map(|name| actions.iter().position(|action| action.name == *name))
                .collect();
            let own = fired.contains(&at);
            for other in fired.into_iter().filter(|other| *other != at) {
                let pair = found.entry((at.min(other), at.max(other))).or_default();
                if own {
                    pair.together += 1;
                } else {
                    pair.instead += 1;
                }
                pair.questions.push((at, question.clone()));
            }
        }
    }
    let mut all: Vec<Overlap> = found.into_iter().map(|(pair, found)| worded(actions, pair, found)).collect();
    all.sort_by_key(|overlap| std::cmp::Reverse(overlap.together + overlap.instead));
    all.truncate(OVERLAPS_MAX);
    all
}

#[derive(Default)]
struct Found {
    together: usize,
    instead: usize,
    /// Whose question, and its text.
    questions: Vec<(usize, String)>,
}

fn worded(actions: &[CatalogueAction], (first, second): (usize, usize), found: Found) -> Overlap {
    let (one, two) = (&actions[first], &actions[second]);
    let triggers = [content_words(&one.trigger), content_words(&two.trigger)];
    let mut words: BTreeSet<String> = triggers[0].intersection(&triggers[1]).cloned().collect();
    for (owner, question) in &found.questions {
        let other = if *owner == first { &triggers[1] } else { &triggers[0] };
        words.extend(content_words(question).intersection(other).cloned());
    }
    let only = |of: usize, other: usize| -> Vec<String> {
        triggers[of].difference(&triggers[other]).take(3).cloned().collect()
    };
    let suggestion = suggestion(one, two, &words, [only(0, 1), only(1, 0)]);
    let mut questions: Vec<String> = found.questions.into_iter().map(|(_, question)| question).collect();
    questions.dedup();
    questions.truncate(QUESTIONS_SHOWN_MAX);
    Overlap {
        first: one.name.to_string(),
        second: two.name.to_string(),
        together: found.together,
        instead: found.instead,
        questions,
        words: words.into_iter().take(WORDS_SHOWN_MAX).collect(),
        suggestion,
    }
}

fn suggestion(
    one: &CatalogueAction,
    two: &CatalogueAction,
    words: &BTreeSet<String>,
    [only_one, only_two]: [Vec<String>; 2],
) -> String {
    let quoted =
        |words: &[String]| words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ");
    if only_one.is_empty() || only_two.is_empty() {
        let narrow = if only_one.is_empty() { &one.name } else { &two.name };
        return format!(
            "The trigger of `{narrow}` says nothing that the other's doesn't: say in it what it is for alone, or make one \
             action of the two."
        );
    }
    let shared: Vec<String> = words.iter().take(3).cloned().collect();
    let shared =
        if shared.is_empty() { String::new() } else { format!(" instead of leaning on {}", quoted(&shared)) };
    format!(
        "Let each trigger name its own case{shared}: `{}` by {}, `{}` by {}; and give each two or three examples.",
        one.name,
        quoted(&only_one),
        two.name,
        quoted(&only_two)
    )
}

/// What the action is meant for: its examples, and its trigger without its opening.
fn questions(action: &CatalogueAction) -> Vec<String> {
    let trigger = action.trigger.trim();
    let lower = trigger.to_lowercase();
    let opening = ["when the user asks ", "when a user asks ", "when the user ", "when "]
        .into_iter()
        .find(|opening| lower.starts_with(opening))
        .map_or(0, str::len);
    let bare = trigger.get(opening..).unwrap_or(trigger).to_owned();
    action.examples.iter().cloned().chain([bare]).collect()
}

fn content_words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 2 && !COMMON.contains(&word.as_str()))
        .collect()
}

const COMMON: [&str; 44] = [
    "the", "and", "for", "with", "when", "user", "users", "asks", "ask", "asking", "about", "what", "where",
    "which", "how", "who", "why", "his", "her", "their", "they", "them", "that", "this", "has", "have",
    "had", "was", "are", "can", "you", "your", "our", "not", "but", "from", "into", "wants", "want", "need",
    "needs", "please", "there", "is",
];

impl Engine {
    pub async fn overlaps(&self, permit: &Permit<Manage>) -> Result<Vec<Overlap>> {
        let planner = embedded(self);
        let catalogue = Arc::clone(&permit.guru.catalogue);
        let now = self.clock().zoned(&permit.guru.guru.settings.time_zone);
        tokio::task::spawn_blocking(move || overlaps(&planner, &catalogue.actions, &now))
            .await
            .map_err(|error| EngineError::internal("looking for overlaps", error))
    }
}

#[cfg(test)]
mod tests {
    use errand_planners::evaluate::read_catalogue;

    use super::*;

    fn check(catalogue: &str, expect: &[(&str, &str)]) -> Vec<Overlap> {
        let actions = read_catalogue(catalogue).expect("a catalogue");
        let now = "2026-11-19T10:00:00+01:00[Europe/Berlin]".parse().expect("a time");
        let found = overlaps(&EmbeddedPlanner::new(None), &actions, &now);
        let pairs: Vec<_> = found.iter().map(|one| (one.first.as_str(), one.second.as_str())).collect();
        assert_eq!(pairs, expect);
        found
    }

    #[test]
    fn triggers_that_say_the_same_are_found() {
        let found = check(
            r#"{"order_status": {"trigger": "When the user asks where their order is", "examples": ["Where is my order?"]},
                "order_tracking": {"trigger": "When the user asks where their order is right now", "examples": ["Where is my order now?"]},
                "vacation": {"trigger": "When the user asks for their vacation balance", "examples": ["How many vacation days are left?"]}}"#,
            &[("order_status", "order_tracking")],
        );
        assert_eq!(found[0].words, ["order"]);
        assert!(found[0].suggestion.contains("`order_status`"), "{}", found[0].suggestion);
    }
}
