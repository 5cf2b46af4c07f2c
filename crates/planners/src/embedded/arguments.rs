//! Giving the values of a conversation to the parameters of an action: each value to one parameter, the likeliest
//! pairs first, nothing where no pair is likely enough.

use std::ops::Range;

use errand_domain::{
    ArgValue, Arguments, ParameterName, ParameterType,
    plan::{Origin, Place},
};
use jiff::civil::Date;

use super::{
    EmbeddedPlanner,
    bids::bids_in,
    edge::{self, Edge},
    pointed::{self, Heard, Pointed},
    role::{Role, Sort, Wanted},
    telling::Telling,
};
use crate::{
    CatalogueAction, PlanRequest,
    recognise::{self, Candidate, Kind},
};

/// The texts that values are taken from, recognised once for all actions.
#[derive(Debug)]
pub(crate) struct Sources<'r> {
    pub question: Text<'r>,
    /// Newest first, a turn's answer before its question.
    pub earlier: Vec<(Place, Text<'r>)>,
    /// The same as the tuned encoder has heard it, where there is one.
    pub heard: Option<Heard<'r>>,
    today: Date,
}

#[derive(Debug)]
pub(crate) struct Text<'r> {
    pub text: &'r str,
    pub typed: Vec<Candidate>,
}

impl<'r> Text<'r> {
    fn new(text: &'r str, today: Date) -> Self {
        Self { text, typed: recognise::typed(text, today) }
    }
}

impl<'r> Sources<'r> {
    pub(crate) fn new(planner: &'r EmbeddedPlanner, request: &'r PlanRequest) -> Self {
        let today = request.now.date();
        let mut earlier = Vec::new();
        for (ago, turn) in request.turns.iter().rev().enumerate() {
            for (in_answer, text) in [(true, turn.answer.as_str()), (false, turn.question.as_str())] {
                earlier.push((Place::Earlier { turns_ago: ago + 1, in_answer }, Text::new(text, today)));
            }
        }
        let question = Text::new(&request.question, today);
        Self { question, earlier, heard: Heard::new(planner, request), today }
    }

    /// The text of an earlier place.
    fn text(&self, place: &Place) -> Option<&'r str> {
        self.earlier.iter().find(|(other, _)| other == place).map(|(_, text)| text.text)
    }
}

/// For which action values are sought, and under which circumstances.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub action: &'a CatalogueAction,
    /// Where in the question the action is asked for; values elsewhere count less.
    pub focus: Vec<Range<usize>>,
    /// Clauses that ask for other actions; their values count least.
    pub foreign: Vec<Range<usize>>,
    /// What is known from before; new values win over it.
    pub known: Arguments,
    /// The assistant asked for these: a bare value will do.
    pub asked_for: Vec<ParameterName>,
    /// The question points back ("it", "then") or agrees to an offer, so earlier values are meant.
    pub points_back: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Extracted {
    pub arguments: Arguments,
    pub origins: Vec<Origin>,
}

/// A possible value of one parameter.
#[derive(Debug, Clone)]
pub(crate) struct Bid {
    pub value: ArgValue,
    pub span: Range<usize>,
    pub score: f32,
}

/// Below this a value is left out rather than guessed.
const LIKELY: f32 = 1.0;
const ELSEWHERE: f32 = 0.6;
const FOREIGN: f32 = 1.4;

pub(crate) fn extract(ask: &Ask<'_>, sources: &Sources<'_>) -> Extracted {
    let wanted: Vec<Wanted<'_>> = ask.action.parameters.iter().map(Wanted::new).collect();
    let mut found = Extracted::default();
    let mut bids = Vec::new();
    let mut before = Vec::new();
    let read = sources.heard.as_ref().and_then(|heard| Some((heard, heard.read(ask.action, &wanted)?)));
    let ends = edge::meant(&wanted);
    let told = Telling::new(&wanted);
    for (at, want) in wanted.iter().enumerate() {
        let gain =
            |text: &str, span: &Range<usize>| edge::gain(ends[at], text, span) + told.gain(at, text, span);
        let pointed = read.as_ref().map(|(heard, read)| heard.values(read, at, want, sources.today));
        let mut here = bids_in(want, ask, &sources.question);
        if let Some(pointed) = pointed {
            for mut earlier in weigh(want, pointed, &mut here, sources.question.text) {
                let text = earlier.earlier.as_ref().and_then(|place| sources.text(place));
                earlier.bid.score += text.map_or(0.0, |text| gain(text, &earlier.bid.span));
                before.push((at, earlier));
            }
        }
        for mut bid in here {
            bid.score += gain(sources.question.text, &bid.span) - distance(ask, &bid.span);
            bids.push((at, bid));
        }
        if want.parameter.required || ask.points_back {
            before.extend(at_an_end(want, ends[at], sources).map(|pointed| (at, pointed)));
        }
    }
    before.retain(|(_, pointed)| pointed.bid.score >= LIKELY);
    assign(&wanted, bids, |bid| Place::Question { start: bid.span.start, end: bid.span.end }, &mut found);
    take_known(ask, &mut found);
    take_pointed(&wanted, before, &mut found);
    take_earlier(&wanted, ask, sources, &mut found);
    found
}

/// A day or an hour that was said before of the end that the parameter means ("until the 9th"), the newest.
fn at_an_end(want: &Wanted<'_>, meant: Option<Edge>, sources: &Sources<'_>) -> Option<Pointed> {
    let kind = match want.role {
        Role::Date => Kind::Date,
        Role::Time => Kind::Time,
        _ => return None,
    };
    let meant = meant?;
    sources.earlier.iter().find_map(|(place, text)| {
        let suits =
            |one: &&Candidate| one.kind == kind && edge::at(text.text, &(one.start..one.end)) == Some(meant);
        let found = text.typed.iter().rev().find(suits)?;
        let bid = Bid { value: found.value.clone(), span: found.start..found.end, score: SAID_AT_ITS_END };
        Some(Pointed { earlier: Some(place.clone()), bid })
    })
}

/// Such a value is likely, but less so than one that the encoder points at.
const SAID_AT_ITS_END: f32 = 1.2;

/// Brings what the rules found in the question together with what the encoder points at, and gives back what it
/// points at in earlier turns. Where rules are sure of a kind (an e-mail address, an id) the encoder only adds to
/// them; for names, where they go by the words around, it leads.
fn weigh(want: &Wanted<'_>, pointed: Vec<Pointed>, here: &mut Vec<Bid>, text: &str) -> Vec<Pointed> {
    let strict = pointed::is_strict(want);
    let (mut new, earlier): (Vec<_>, Vec<_>) = pointed.into_iter().partition(|value| value.earlier.is_none());
    let overlaps = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let mut well_cut = Vec::new();
    for bid in &mut *here {
        let sure = bid.score >= SURE;
        let backed = new.iter().find(|value| overlaps(&value.bid.span, &bid.span));
        match (&want.role, backed) {
            (Role::Name(sort), Some(value)) => {
                let holds = bid.span.start <= value.bid.span.start && value.bid.span.end <= bid.span.end;
                let place = matches!(sort, Sort::Place | Sort::Origin | Sort::Person);
                if sure && holds && !place {
                    well_cut.push(bid.span.clone());
                }
                bid.score = bid.score.max(value.bid.score);
            }
            (_, Some(value)) => bid.score = bid.score.max(LIKELY) + (value.bid.score - LIKELY) / 2.0,
            (Role::Name(_), None) => bid.score -= UNBACKED,
            (Role::Choice(values), None) => bid.score += unbacked_choice(want, values, bid, text),
            _ => {}
        }
    }
    if !strict {
        // A typed value is cut better by its recogniser, a name and an amount in words by the encoder.
        let worded = want.role == Role::Amount && want.parameter.kind == ParameterType::String;
        let typed = !matches!(want.role, Role::Name(_)) && !worded;
        new.retain(|value| !(typed && here.iter().any(|bid| overlaps(&value.bid.span, &bid.span))));
        new.retain(|value| !well_cut.iter().any(|span| overlaps(&value.bid.span, span)));
        here.retain(|bid| typed || !new.iter().any(|value| overlaps(&value.bid.span, &bid.span)));
        here.extend(new.into_iter().map(|value| value.bid));
    }
    earlier
}

/// What a name that only the words around it speak for loses where the encoder does not point at it.
const UNBACKED: f32 = 0.3;

/// A rule's bid from which its cut of a name is trusted over the encoder's.
const SURE: f32 = 1.5;

/// What a listed value gains or loses where the encoder does not point at it: "check" is not "checking", but "2
/// bedrooms" says enough by itself.
fn unbacked_choice(want: &Wanted<'_>, values: &[String], bid: &Bid, text: &str) -> f32 {
    let written = &text[bid.span.clone()];
    let numeric = values.iter().all(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    let literal = values.iter().chain(want.glossary.iter().map(|(word, _)| word));
    if numeric {
        if bid.score >= 1.5 { 0.6 } else { -1.0 }
    } else if literal.into_iter().any(|word| word.eq_ignore_ascii_case(written)) {
        0.0
    } else {
        -1.0
    }
}

/// Values of earlier turns that the encoder points at, likeliest first.
fn take_pointed(wanted: &[Wanted<'_>], mut before: Vec<(usize, Pointed)>, found: &mut Extracted) {
    before.sort_by(|a, b| b.1.bid.score.total_cmp(&a.1.bid.score).then(a.0.cmp(&b.0)));
    let mut used: Vec<(Place, Range<usize>)> = Vec::new();
    for (at, Pointed { earlier, bid }) in before {
        let parameter = wanted[at].parameter;
        let Some(place) = earlier else { continue };
        let taken = used
            .iter()
            .any(|(other, span)| *other == place && span.start < bid.span.end && bid.span.start < span.end);
        if taken || found.arguments.contains_key(&parameter.name) {
            continue;
        }
        let Ok(value) = parameter.accept(&bid.value) else { continue };
        found.arguments.insert(parameter.name.clone(), value);
        found.origins.push(Origin { parameter: parameter.name.clone(), place: place.clone() });
        used.push((place, bid.span));
    }
}

/// What a value loses for standing outside the clause that asks for the action.
fn distance(ask: &Ask<'_>, span: &Range<usize>) -> f32 {
    let within = |ranges: &[Range<usize>]| {
        ranges.iter().any(|range| range.start <= span.start && span.end <= range.end)
    };
    if ask.focus.is_empty() || within(&ask.focus) {
        0.0
    } else if within(&ask.foreign) {
        FOREIGN
    } else {
        ELSEWHERE
    }
}

/// Best pair first; a parameter takes one value and a place in the text gives one.
fn assign(
    wanted: &[Wanted<'_>],
    mut bids: Vec<(usize, Bid)>,
    place: impl Fn(&Bid) -> Place,
    found: &mut Extracted,
) {
    bids.retain(|(_, bid)| bid.score >= LIKELY);
    bids.sort_by(|a, b| {
        b.1.score.total_cmp(&a.1.score).then(a.1.span.start.cmp(&b.1.span.start)).then(a.0.cmp(&b.0))
    });
    let mut used: Vec<Range<usize>> = Vec::new();
    for (at, bid) in bids {
        let parameter = wanted[at].parameter;
        // A summary or steps may hold values that other parameters take too.
        let whole = matches!(wanted[at].role, Role::Summary | Role::Steps);
        let taken = !whole && used.iter().any(|span| span.start < bid.span.end && bid.span.start < span.end);
        if taken || found.arguments.contains_key(&parameter.name) {
            continue;
        }
        let Ok(value) = parameter.accept(&bid.value) else {
            continue;
        };
        found.arguments.insert(parameter.name.clone(), value);
        found.origins.push(Origin { parameter: parameter.name.clone(), place: place(&bid) });
        if !whole {
            used.push(bid.span);
        }
    }
}

fn take_known(ask: &Ask<'_>, found: &mut Extracted) {
    for parameter in &ask.action.parameters {
        let Some(value) = ask.known.get(&parameter.name).and_then(|value| parameter.accept(value).ok())
        else {
            continue;
        };
        if !found.arguments.contains_key(&parameter.name) {
            found.arguments.insert(parameter.name.clone(), value);
            let place = Place::Earlier { turns_ago: 1, in_answer: false };
            found.origins.push(Origin { parameter: parameter.name.clone(), place });
        }
    }
}

/// Values of earlier turns: for what is required, and for anything when the question points back. The newest text
/// that has a likely value wins.
fn take_earlier(wanted: &[Wanted<'_>], ask: &Ask<'_>, sources: &Sources<'_>, found: &mut Extracted) {
    for (at, want) in wanted.iter().enumerate() {
        let typed = matches!(want.role, Role::Email | Role::Id | Role::Code);
        let loose = matches!(
            want.role,
            Role::Date | Role::Time | Role::Amount | Role::Name(_) | Role::Summary | Role::Number(Some(_))
        );
        let required = want.parameter.required;
        let meant = (typed && (required || ask.points_back)) || (loose && ask.points_back && required);
        if found.arguments.contains_key(&want.parameter.name) {
            continue;
        }
        if let (Role::Choice(values), true) = (&want.role, required) {
            take_choice(want, values, sources, found);
        }
        if !meant {
            continue;
        }
        for (place, text) in &sources.earlier {
            let in_answer = matches!(place, Place::Earlier { in_answer: true, .. });
            // What the assistant says is full of names; only what it reads back in typed form is safe to take.
            if in_answer
                && (want.role == Role::Summary || (matches!(want.role, Role::Name(_)) && !ask.points_back))
            {
                continue;
            }
            let earlier = Ask {
                focus: Vec::new(),
                foreign: Vec::new(),
                asked_for: Vec::new(),
                known: Arguments::new(),
                ..*ask
            };
            let bids = bids_in(want, &earlier, text).into_iter().map(|bid| (at, bid)).collect();
            assign(wanted, bids, |_| place.clone(), found);
            if found.arguments.contains_key(&want.parameter.name) {
                break;
            }
        }
    }
}

/// A listed value in as many words, of what was said last of any of them; nothing where two were said there.
fn take_choice(want: &Wanted<'_>, values: &[String], sources: &Sources<'_>, found: &mut Extracted) {
    let worded = |value: &String| value.chars().filter(|c| c.is_alphabetic()).count() > 2;
    if !values.iter().all(worded) || pointed::is_flag(values) {
        return;
    }
    let said = sources
        .earlier
        .iter()
        .take(CHOICE_TEXTS)
        .map(|(place, text)| (place, recognise::choices(values, text.text)));
    let Some((place, said)) = said.into_iter().find(|(_, said)| !said.is_empty()) else { return };
    let value = said[0].0;
    if said.iter().any(|(other, _)| *other != value) {
        return;
    }
    if let Ok(value) = want.parameter.accept(&ArgValue::String(value.to_owned())) {
        found.arguments.insert(want.parameter.name.clone(), value);
        found.origins.push(Origin { parameter: want.parameter.name.clone(), place: place.clone() });
    }
}

/// How many texts back a listed value may have been said.
const CHOICE_TEXTS: usize = 4;

#[cfg(test)]
mod tests {
    use errand_domain::{Parameter, ParameterType};

    use super::*;

    #[test]
    fn a_listed_value_is_taken_from_what_was_said_last() {
        fn check(values: &[&str], earlier: &[&str], expect: Option<&str>) {
            let today = jiff::civil::date(2026, 11, 19);
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let parameter = Parameter {
                name: "account_type".parse().expect("a name"),
                kind: ParameterType::String,
                description: "Kind of account".to_owned(),
                required: true,
                default: None,
                values: values.clone(),
            };
            let place = |at| Place::Earlier { turns_ago: at / 2 + 1, in_answer: at % 2 == 0 };
            let sources = Sources {
                question: Text::new("Transfer some money", today),
                earlier: (0_usize..)
                    .zip(earlier)
                    .map(|(at, text)| (place(at), Text::new(text, today)))
                    .collect(),
                heard: None,
                today,
            };
            let mut found = Extracted::default();
            take_choice(&Wanted::new(&parameter), &values, &sources, &mut found);
            let taken = found.arguments.values().next().map(ToString::to_string);
            assert_eq!(taken.as_deref(), expect, "{earlier:?}");
        }
        let kinds = &["checking", "savings"];
        check(kinds, &["Anything else?", "Your savings account has $5."], Some("savings"));
        check(kinds, &["Your savings have $5.", "And my checking account?"], Some("savings"));
        check(kinds, &["Your checking or your savings account?"], None);
        check(kinds, &["a", "b", "c", "d", "my savings"], None);
        check(kinds, &[], None);
        check(&["1", "2"], &["2 tickets are booked"], None);
        check(&["True", "False"], &["That is true"], None);
    }
}
