//! Names of things: products, places, teams, features. No list knows them, so the words around them must.

use std::ops::Range;

use errand_domain::ArgValue;

use super::{
    arguments::{Bid, Text},
    role::{Sort, Wanted},
    words,
};
use crate::{
    CatalogueAction,
    recognise::{self, Kind, Phrase},
};

/// Where a name is sought.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub action: &'a CatalogueAction,
    /// The assistant asked for this parameter.
    pub asked: bool,
    pub focus: &'a [Range<usize>],
    pub source: &'a Text<'a>,
}

/// Nouns that support talk is full of; alone they name nothing, at an end they only classify.
const COMMON: &[&str] = &[
    "account",
    "app",
    "application",
    "bill",
    "bit",
    "box",
    "boss",
    "bug",
    "card",
    "client",
    "company",
    "current",
    "customer",
    "customers",
    "day",
    "days",
    "delivery",
    "email",
    "e-mail",
    "feature",
    "hour",
    "hours",
    "incident",
    "invoice",
    "issue",
    "issues",
    "item",
    "items",
    "known",
    "manager",
    "minute",
    "minutes",
    "money",
    "month",
    "more",
    "morning",
    "name",
    "new",
    "number",
    "order",
    "orders",
    "outage",
    "page",
    "parcel",
    "people",
    "plan",
    "price",
    "problem",
    "problems",
    "product",
    "products",
    "purchase",
    "question",
    "refund",
    "service",
    "shop",
    "side",
    "site",
    "someone",
    "status",
    "stock",
    "store",
    "support",
    "system",
    "team",
    "thing",
    "things",
    "ticket",
    "tickets",
    "time",
    "tonight",
    "today",
    "units",
    "update",
    "user",
    "users",
    "way",
    "website",
    "week",
    "weeks",
    "whole",
    "yesterday",
    "tomorrow",
    "right",
    "moment",
    "super",
    "really",
    "access",
    "subscription",
    "color",
    "colour",
    "size",
    "many",
    "part",
    "everyone",
    "everybody",
    "anybody",
    "error",
    "errors",
];

/// Words after which, or at whose place, a phrase is of a sort.
struct Signs {
    before: &'static [&'static str],
    after: &'static [&'static str],
    /// A capital speaks for it.
    capital: f32,
}

fn signs(sort: Sort) -> Signs {
    match sort {
        Sort::Place => Signs {
            before: &["in", "at", "near", "to", "around", "across", "within", "over"],
            after: &["region", "area"],
            capital: 0.5,
        },
        Sort::Origin => Signs { before: &["from", "leaving", "out"], after: &[], capital: 0.4 },
        Sort::Team => Signs {
            before: &["team", "queue", "group"],
            after: &["team", "queue", "group", "squad", "tickets"],
            capital: 0.0,
        },
        Sort::Person => Signs {
            before: &["by", "to", "with", "from", "for", "starring", "named", "called"],
            after: &[],
            capital: 0.6,
        },
        Sort::Variant => Signs {
            before: &["in", "size", "colour", "color"],
            after: &["size", "version", "layout", "edition", "variant", "colour", "color"],
            capital: 0.0,
        },
        Sort::Incident => Signs {
            before: &["by", "the", "of"],
            after: &[
                "incident",
                "outage",
                "issue",
                "issues",
                "problem",
                "problems",
                "failure",
                "failures",
                "disruption",
                "bug",
                "downtime",
                "trouble",
                "degradation",
            ],
            capital: 0.2,
        },
        Sort::Feature => Signs {
            before: &[
                "use", "using", "have", "has", "having", "enable", "enabled", "include", "includes",
                "access", "with", "at", "on", "the", "our", "is", "are", "to", "for", "in",
            ],
            after: &[
                "feature",
                "module",
                "page",
                "is",
                "are",
                "included",
                "available",
                "down",
                "slow",
                "broken",
                "failing",
                "not",
                "isn't",
                "doesn't",
                "enabled",
                "keeps",
                "working",
                "fails",
            ],
            capital: 0.5,
        },
        Sort::Thing => Signs {
            before: &[
                "the", "a", "an", "for", "of", "any", "called", "named", "buy", "your", "order", "some",
                "more",
            ],
            after: &["in", "available", "stock", "back", "still", "cost", "sold"],
            capital: 0.7,
        },
    }
}

/// Phrases, quotations and the description's own samples that this parameter might take.
pub(crate) fn bids(want: &Wanted<'_>, sort: Sort, scene: &Scene<'_>) -> Vec<Bid> {
    let text = scene.source.text;
    if scene.asked
        && let Some(bid) = bare(text)
    {
        return vec![bid];
    }
    let mut bids: Vec<Bid> = samples(want, text);
    let likely = bids.clone();
    let known = vocabulary(scene.action);
    for phrase in recognise::phrases(text) {
        let Some(span) = core(text, &phrase, &known, sort) else {
            continue;
        };
        let in_focus = scene.focus.is_empty()
            || scene.focus.iter().any(|range| range.start <= span.start && span.end <= range.end);
        let typed = scene
            .source
            .typed
            .iter()
            .any(|value| value.kind != Kind::Quoted && value.start < span.end && span.start < value.end);
        if in_focus
            && !(typed && sort != Sort::Thing && sort != Sort::Team)
            && !only_value(scene.source, &span)
        {
            // "webhook delays" around the sample "webhook": the whole name, not the part that happens to be known.
            let holds =
                likely.iter().any(|sample| span.start <= sample.span.start && sample.span.end <= span.end);
            let score = score(want, sort, &phrase, text, &span) + if holds { 1.6 } else { 0.0 };
            bids.push(Bid { value: ArgValue::String(text[span.clone()].to_owned()), span, score });
        }
    }
    if matches!(sort, Sort::Thing) {
        let quoted = scene.source.typed.iter().filter(|value| value.kind == Kind::Quoted);
        bids.extend(quoted.map(|value| Bid {
            value: value.value.clone(),
            span: value.start..value.end,
            score: 2.5,
        }));
    }
    bids
}

/// The whole turn, when it is short enough to be nothing but the value asked for.
fn bare(text: &str) -> Option<Bid> {
    const LEADS: [&str; 14] = [
        "it's ",
        "it is ",
        "its ",
        "the ",
        "that's ",
        "that would be ",
        "i mean ",
        "for ",
        "in ",
        "yes, ",
        "ok, ",
        "a ",
        "an ",
        "sure, ",
    ];
    let mut rest = text.trim().trim_end_matches(['.', '!', '?', ',']);
    while let Some(lead) =
        LEADS.iter().find(|lead| rest.get(..lead.len()).is_some_and(|start| start.eq_ignore_ascii_case(lead)))
    {
        rest = &rest[lead.len()..];
    }
    let rest = rest.trim_end_matches(" please").trim_end_matches(',');
    let count = words::words(rest).len();
    let start = text.find(rest)?;
    let asks = text.contains('?');
    (count > 0 && count <= 5 && !asks).then(|| Bid {
        value: ArgValue::String(rest.to_owned()),
        span: start..start + rest.len(),
        score: 2.0,
    })
}

/// What the description gives as examples is certainly a value where it stands in the text.
fn samples(want: &Wanted<'_>, text: &str) -> Vec<Bid> {
    let bid = |(_, span): (&str, Range<usize>)| Bid {
        value: ArgValue::String(text[span.clone()].to_owned()),
        span,
        score: 1.9,
    };
    recognise::choices(&want.samples, text).into_iter().map(bid).collect()
}

/// Stems of the action's trigger and parameter names: what it is about, not what is named.
fn vocabulary(action: &CatalogueAction) -> Vec<String> {
    let mut text = action.trigger.clone();
    for parameter in &action.parameters {
        text.push(' ');
        text.push_str(&parameter.name.as_str().replace('_', " "));
    }
    words::words(&text).iter().map(|word| words::stem(&word.lower())).collect()
}

/// The phrase without common words at its ends; None when nothing else is left.
fn core(text: &str, phrase: &Phrase, known: &[String], sort: Sort) -> Option<Range<usize>> {
    let inner = words::words(&text[phrase.start..phrase.end]);
    let common = |word: &words::Word<'_>| {
        let lower = word.lower();
        if sort == Sort::Incident && !COMMON.contains(&lower.as_str()) {
            return known.contains(&words::stem(&lower)) && inner.len() > 1 && word.start > 0;
        }
        let lower = lower.trim_end_matches("'s");
        let named = word.is_capitalised()
            && word.start + phrase.start > 0
            && !matches!(sort, Sort::Team | Sort::Incident);
        COMMON.contains(&lower) || (!named && known.contains(&words::stem(lower)))
    };
    // "payment failures" stays whole: a failure of payments is the kind of trouble.
    let kept: Vec<_> = inner.iter().enumerate().filter(|(_, word)| !common(word)).map(|(at, _)| at).collect();
    let (first, last) = (*kept.first()?, *kept.last()?);
    let (start, end) = (phrase.start + inner[first].start, phrase.start + inner[last].end());
    let possessor = ["'s", "’s"].iter().find_map(|ending| text[start..end].strip_suffix(ending));
    let end = possessor.map_or(end, |possessor| start + possessor.len());
    (end > start).then_some(start..end)
}

/// An id or a date is no name.
fn only_value(source: &Text<'_>, span: &Range<usize>) -> bool {
    let covers = |value: &recognise::Candidate| {
        value.kind != Kind::Quoted && value.start <= span.start && value.end >= span.end
    };
    source.typed.iter().any(covers)
}

fn score(want: &Wanted<'_>, sort: Sort, phrase: &Phrase, text: &str, span: &Range<usize>) -> f32 {
    let Signs { before, after, capital } = signs(sort);
    let following = words::words(&text[span.end..phrase.end.max(span.end)])
        .first()
        .map_or_else(|| phrase.after.clone(), words::Word::lower);
    let follows = before.contains(&phrase.before.as_str());
    let precedes = after.contains(&following.as_str())
        || phrase.words.last().is_some_and(|last| after.contains(&last.as_str()) && phrase.words.len() > 1);
    let cued =
        want.cues.contains(&words::stem(&phrase.before)) || want.cues.contains(&words::stem(&following));
    let mut score = if phrase.named { capital } else { 0.0 };
    match sort {
        // A place without a preposition, or "in black", is too little.
        Sort::Place | Sort::Origin | Sort::Person => {
            score += if follows { 0.6 } else { 0.0 };
            score += if text[span.clone()].contains('-') && follows { 0.4 } else { 0.0 };
        }
        Sort::Team | Sort::Variant => {
            score += if follows || precedes { 1.2 } else { 0.0 }
                - if sort == Sort::Variant && phrase.named { 0.5 } else { 0.0 }
        }
        Sort::Incident => {
            score += if precedes {
                1.3
            } else if follows {
                1.0
            } else {
                0.3
            }
        }
        Sort::Feature => {
            score += if follows && precedes {
                1.2
            } else if follows || precedes {
                0.7
            } else {
                0.2
            } + if phrase.words.len() > 1 { 0.1 } else { 0.0 }
        }
        Sort::Thing => {
            score += if follows { 0.6 } else { 0.2 }
                + if precedes { 0.4 } else { 0.0 }
                + if phrase.words.len() > 1 { 0.2 } else { 0.0 }
        }
    }
    score
        + if cued { 0.5 } else { 0.0 }
        + if want.parameter.required && sort != Sort::Person { 0.2 } else { 0.0 }
}
