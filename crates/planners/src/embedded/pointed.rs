//! What the tuned encoder says of an action once it has read the question, what was said before, and the action
//! together: whether it is asked for, and for each parameter where its value stands, if it is said at all.

use std::{cell::RefCell, ops::Range, rc::Rc};

use errand_domain::{ActionId, ArgValue, Parameter, ParameterType, parameter::number_from_text, plan::Place};
use jiff::civil::Date;

use super::{
    EmbeddedPlanner,
    arguments::Bid,
    cut,
    encoder::{EncodedTurn, Encoder, Reading, Span, TokenPlace, Wish},
    role::{Role, Sort, Wanted},
    trigger,
};
use crate::{
    CatalogueAction, PlanRequest,
    recognise::{self, Kind},
};

/// A turn as the tuned encoder has heard it.
#[derive(Debug)]
pub(crate) struct Heard<'r> {
    encoder: &'r Encoder,
    turn: EncodedTurn,
    /// The question, then what was said before it, newest first; blank texts left out.
    texts: Vec<(Place, &'r str)>,
    /// Names are written with capitals in this conversation.
    cased: bool,
    /// What was read to decide on an action is needed again for its values.
    read: RefCell<Vec<(ActionId, Rc<Reading>)>>,
}

/// A value with the text that it stands in.
#[derive(Debug)]
pub(crate) struct Pointed {
    /// None for the question.
    pub earlier: Option<Place>,
    pub bid: Bid,
}

/// A value's bid grows with how much likelier it is than that nothing is said.
const BID_AT_EVEN: f32 = 1.0;
const BID_PER_LOG_ODDS: f32 = 0.15;
const BID_MAX: f32 = 3.2;
/// What a name loses that has no capital where others have.
const SMALL: f32 = 0.5;

impl<'r> Heard<'r> {
    /// None where the planner's encoder is not tuned.
    pub(crate) fn new(planner: &'r EmbeddedPlanner, request: &'r PlanRequest) -> Option<Self> {
        let encoder = planner.encoder.as_ref().filter(|encoder| encoder.is_tuned())?;
        let mut texts = vec![(Place::Question { start: 0, end: 0 }, request.question.as_str())];
        for (ago, turn) in request.turns.iter().rev().enumerate() {
            for (in_answer, text) in [(true, turn.answer.as_str()), (false, turn.question.as_str())] {
                if !text.trim().is_empty() {
                    texts.push((Place::Earlier { turns_ago: ago + 1, in_answer }, text));
                }
            }
        }
        let before: Vec<&str> = texts[1..].iter().map(|(_, text)| *text).collect();
        let turn = encoder.encode_turn(&request.question, &before);
        let cased = texts.iter().any(|(_, text)| cut::has_names(text));
        Some(Self { encoder, turn, texts, cased, read: RefCell::default() })
    }

    /// Unit vector of stretches of the question, or of the whole.
    pub(crate) fn vector(&self, ranges: Option<&[Range<usize>]>) -> Vec<f32> {
        ranges.map_or_else(|| self.turn.question(), |ranges| self.turn.stretch(ranges))
    }

    /// The turn read for the values of this action; None where rules alone know its parameters.
    pub(crate) fn read(&self, action: &CatalogueAction, wanted: &[Wanted<'_>]) -> Option<Rc<Reading>> {
        if wanted.iter().all(is_strict) { None } else { self.read_with(action) }
    }

    /// By how much, in log-odds, it is likelier that the turn asks for the action than that it does not.
    pub(crate) fn asked(&self, action: &CatalogueAction) -> Option<f32> {
        self.read_with(action).map(|read| read.asked())
    }

    /// The same, if the turn was read with the action before.
    pub(crate) fn asked_already(&self, action: &CatalogueAction) -> Option<f32> {
        self.read.borrow().iter().find(|(id, _)| *id == action.id).map(|(_, read)| read.asked())
    }

    /// Takes the turn, if it was read with the one action, as read with the other too, whose parameters are the same.
    pub(crate) fn take_as_read(&self, action: &CatalogueAction, like: &CatalogueAction) {
        let mut read = self.read.borrow_mut();
        let known =
            |id: ActionId| read.iter().find(|(other, _)| *other == id).map(|(_, read)| Rc::clone(read));
        if let (None, Some(reading)) = (known(action.id), known(like.id)) {
            read.push((action.id, reading));
        }
    }

    /// Read once a turn.
    fn read_with(&self, action: &CatalogueAction) -> Option<Rc<Reading>> {
        let known =
            self.read.borrow().iter().find(|(id, _)| *id == action.id).map(|(_, read)| Rc::clone(read));
        if known.is_some() {
            return known;
        }
        let parameters: Vec<String> = action.parameters.iter().map(described).collect();
        let wish = Wish { statement: &trigger::outline(&action.trigger), parameters: &parameters };
        let before: Vec<&str> = self.texts[1..].iter().map(|(_, text)| *text).collect();
        let read = Rc::new(self.encoder.read(self.texts[0].1, &before, &wish)?);
        self.read.borrow_mut().push((action.id, Rc::clone(&read)));
        Some(read)
    }

    /// What the parameter at this place may take, likeliest first; nothing where the encoder thinks that nothing is
    /// said of it.
    pub(crate) fn values(&self, read: &Reading, at: usize, want: &Wanted<'_>, today: Date) -> Vec<Pointed> {
        if let Some(flags) = flags(want) {
            return self.flag(read, at, want.parameter, flags).into_iter().collect();
        }
        let mut found = Vec::new();
        let goes_on = |token: &TokenPlace| cut::goes_on(&want.role, self.texts[token.text].1, &token.range);
        for span in read.spans(at, goes_on).into_iter().filter(|span| span.lead > 0.0) {
            let Some(place) = read.place(span.first, span.last) else { continue };
            let (origin, text) = &self.texts[place.text];
            let range = cut::trim(want, text, place.range);
            if !cut::is_likely(&want.role, text, &range) {
                continue;
            }
            let small = self.cased && cut::is_name(want) && cut::is_small(text, &range);
            if small && matches!(want.role, Role::Name(Sort::Person)) {
                continue;
            }
            let Some(value) = value(want, &text[range.clone()], today) else { continue };
            let earlier = (place.text > 0).then(|| origin.clone());
            let score = score(&span) - if small { SMALL } else { 0.0 };
            found.push(Pointed { earlier, bid: Bid { value, span: range, score } });
        }
        found
    }

    fn flag(
        &self,
        read: &Reading,
        at: usize,
        parameter: &Parameter,
        flags: Option<&[String]>,
    ) -> Option<Pointed> {
        let (set, span) = read.flag(at).filter(|(_, span)| span.lead > 0.0)?;
        let place = read.place(span.first, span.last)?;
        let written = if set { "true" } else { "false" };
        let value = match flags {
            Some(values) => {
                ArgValue::String(values.iter().find(|value| value.eq_ignore_ascii_case(written))?.clone())
            }
            None if parameter.kind == ParameterType::Boolean => ArgValue::Boolean(set),
            None => ArgValue::String(written.to_owned()),
        };
        let earlier = (place.text > 0).then(|| self.texts[place.text].0.clone());
        Some(Pointed { earlier, bid: Bid { value, span: place.range, score: score(&span) } })
    }
}

fn described(parameter: &Parameter) -> String {
    format!("{}: {}", parameter.name.as_str().replace('_', " "), parameter.description)
}

fn score(span: &Span) -> f32 {
    (BID_AT_EVEN + span.lead * BID_PER_LOG_ODDS).min(BID_MAX)
}

/// Whether rules know the parameter's values by their form, so that the encoder need not be asked.
pub(crate) fn is_strict(want: &Wanted<'_>) -> bool {
    matches!(
        want.role,
        Role::Email | Role::Id | Role::Code | Role::Summary | Role::Steps | Role::Number(Some(_))
    )
}

/// Whether the parameter is a flag; its two values where it lists them.
#[expect(clippy::option_option, reason = "a flag with words, a flag without, and no flag are three things")]
fn flags<'w>(want: &'w Wanted<'_>) -> Option<Option<&'w [String]>> {
    match &want.role {
        Role::Boolean => Some(None),
        Role::Choice(values) if is_flag(values) => Some(Some(values)),
        _ => None,
    }
}

pub(crate) fn is_flag(values: &[String]) -> bool {
    values.len() == 2 && values.iter().all(|value| ["true", "false"].contains(&value.to_lowercase().as_str()))
}

/// The words as this parameter takes them.
fn value(want: &Wanted<'_>, words: &str, today: Date) -> Option<ArgValue> {
    let of_kind = |wanted: fn(Kind) -> bool| {
        recognise::typed(words, today).iter().any(|candidate| wanted(candidate.kind))
    };
    match &want.role {
        Role::Choice(values) => choice(values, words).map(ArgValue::String),
        // "8:05 am" is no day.
        Role::Date if of_kind(|kind| kind == Kind::Time) && !of_kind(|kind| kind == Kind::Date) => None,
        Role::Name(_) if counts(want.parameter) => count(words).map(ArgValue::String),
        Role::Date => Some(ArgValue::String(
            recognise::parse_date(words, today).map_or_else(|| words.to_owned(), |date| date.to_string()),
        )),
        Role::Number(_) | Role::Amount if want.parameter.kind == ParameterType::Number => {
            number_from_text(words).map(ArgValue::Number)
        }
        _ => Some(ArgValue::String(words.to_owned())),
    }
}

/// Whether the parameter says how many, or how long: "number of rooms", "length of stay in days".
pub(crate) fn counts(parameter: &Parameter) -> bool {
    let name = parameter.name.as_str().to_lowercase();
    let description = parameter.description.to_lowercase();
    let measured = ["length of", "duration of", "length in", "duration in"];
    let unit =
        || description.split(|c: char| !c.is_alphabetic()).any(|word| recognise::Unit::of(word).is_some());
    name.starts_with("number_of")
        || name.starts_with("num_")
        || name.ends_with("_count")
        || ["number of", "how many", "count of"].iter().any(|lead| description.starts_with(lead))
        || (measured.iter().any(|lead| description.starts_with(lead)) && unit())
}

/// The number in "seven", "7" and "7 days"; nothing is counted by "45 Park Lane".
fn count(words: &str) -> Option<String> {
    let (first, rest) = words.trim().split_once(char::is_whitespace).unwrap_or((words.trim(), ""));
    let unit = rest.split_whitespace().count() <= 1 && rest.chars().all(|c| c.is_alphabetic() || c == '-');
    let number = number_from_text(first).filter(|_| unit && !rest.starts_with(char::is_uppercase))?;
    let written = first.bytes().all(|byte| byte.is_ascii_digit());
    Some(if written { first.to_owned() } else { number.to_string() })
}

/// The listed value that the words name: by themselves, as a number in words, or by being one's only part.
fn choice(values: &[String], words: &str) -> Option<String> {
    if let Some((value, _)) = recognise::choices(values, words).first() {
        return Some((*value).to_owned());
    }
    let lower = words.to_lowercase();
    let alone = ["a", "an", "me", "myself", "just me", "for me", "single"].contains(&lower.as_str());
    if alone && values.iter().any(|value| value == "1") {
        return Some("1".to_owned());
    }
    let mut partly = values.iter().filter(|value| value.to_lowercase().contains(&lower));
    partly.next().filter(|_| lower.len() > 2 && partly.next().is_none()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number() {
        fn check(words: &str, expect: Option<&str>) {
            assert_eq!(count(words).as_deref(), expect, "{words}");
        }
        check("7", Some("7"));
        check("seven", Some("7"));
        check("3 nights", Some("3"));
        check("45 Park Lane", None);
        check("45 Park", None);
        check("a hotel", None);
    }

    #[test]
    fn words_name_a_listed_value() {
        fn check(values: &[&str], words: &str, expect: Option<&str>) {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(choice(&values, words).as_deref(), expect, "{words}");
        }
        check(&["1", "2", "3"], "two", Some("2"));
        check(&["1", "2"], "just me", Some("1"));
        check(&["Economy", "Premium Economy"], "premium economy", Some("Premium Economy"));
        check(&["Performing Arts Venue", "Museum"], "arts", Some("Performing Arts Venue"));
        check(&["Regular", "Luxury"], "cheap", None);
    }
}
