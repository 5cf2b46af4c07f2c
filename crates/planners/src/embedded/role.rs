//! What kind of value a parameter takes, read from its type, name and description.

use std::sync::LazyLock;

use errand_domain::{Parameter, ParameterType};
use regex::Regex;

use super::{lexical::as_f32, words};
use crate::recognise::{self, Kind, Unit};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    Email,
    Id,
    Code,
    Date,
    Time,
    Amount,
    /// A count, in this unit if the parameter names one.
    Number(Option<Unit>),
    Boolean,
    /// One of these values.
    Choice(Vec<String>),
    Summary,
    Steps,
    /// The name of something of this sort.
    Name(Sort),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Place,
    /// Where a way begins: "from".
    Origin,
    Team,
    Person,
    /// Colour, size, material.
    Variant,
    /// A kind of trouble: "the checkout outage".
    Incident,
    /// A part or feature of a product.
    Feature,
    /// A product, a title, anything else with a name.
    Thing,
}

/// A parameter with what its words say.
#[derive(Debug)]
pub(crate) struct Wanted<'p> {
    pub parameter: &'p Parameter,
    pub role: Role,
    /// Stems of name and description, without the words every description has.
    pub cues: Vec<String>,
    /// Values that the description gives as examples, lower case: "such as checkout, search".
    pub samples: Vec<String>,
    /// "High for urgent": other words for a choice.
    pub glossary: Vec<(String, String)>,
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a valid pattern"));
    };
}

pattern!(CODE, r"(?i)(?:error|status|http|exit)[\s_-]*code|\bcode of the error");
pattern!(
    ID,
    r"(?i)\b(?:id|ids|number of (?:the|an|a) (?:order|ticket|invoice|case|booking)|(?:order|ticket|invoice|case|tracking|booking|reference|confirmation|account|serial)[\s_-]*(?:number|no|id|key|reference))\b|_id\b|^id_|_number\b|_key\b|\breference\b"
);
pattern!(AMOUNT, r"(?i)amount|price|cost|\bsum\b|charge|fee|total|budget|balance");
pattern!(STEPS, r"(?i)^steps|steps to reproduce|\brepro");
pattern!(
    SUMMARY,
    r"(?i)summary|title|subject|description|details|message|reason|comment|note|body|problem|complaint|feedback|question|text"
);
pattern!(SAMPLES, r#"(?i)(?:such as|e\.g\.,?|for example|like|:)\s+([^.;"]+)"#);
pattern!(BOOLEAN, r"(?i)\bboolean\b|^whether\b|\bwhether or not\b");

/// Nouns of every description.
const GENERIC: &[&str] = &[
    "name", "number", "value", "text", "question", "customer", "written", "word", "empti", "mention", "none",
    "exactl", "mean", "mean", "part", "two", "three", "without", "possibl", "affect", "ask", "take", "leav",
    "kind", "flag", "boolean", "indicat", "typ", "string", "date", "time", "day",
];

impl<'p> Wanted<'p> {
    pub(crate) fn new(parameter: &'p Parameter) -> Self {
        let description = parameter.description.as_str();
        let lead = lead(description);
        let mut cues: Vec<String> = Vec::new();
        for text in [parameter.name.as_str().replace('_', " ").as_str(), lead] {
            cues.extend(words::words(text).iter().map(|word| words::stem(&word.lower())));
        }
        cues.retain(|cue| cue.len() > 1 && !words::is_stop(cue) && !GENERIC.contains(&cue.as_str()));
        let role = role(parameter);
        let glossary =
            if let Role::Choice(values) = &role { glossary(values, description) } else { Vec::new() };
        Self { parameter, role, cues, samples: samples(description), glossary }
    }
}

/// Share of the required parameters of a typed sort for which there is a value of that sort; a half where there are
/// no such parameters, since then nothing speaks either way.
pub(crate) fn fit(parameters: &[Parameter], kinds: &[Kind]) -> f32 {
    let (mut needed, mut there) = (0, 0);
    for parameter in parameters.iter().filter(|parameter| parameter.required && parameter.default.is_none()) {
        let suits = |kind: &Kind| match role(parameter) {
            Role::Email => Some(*kind == Kind::Email),
            Role::Id => Some(*kind == Kind::Id),
            Role::Code => Some(*kind == Kind::Code),
            Role::Date => Some(*kind == Kind::Date),
            Role::Amount => Some(*kind == Kind::Amount),
            _ => None,
        };
        let typed = suits(&Kind::Quoted).is_some();
        needed += usize::from(typed);
        there += usize::from(typed && kinds.iter().any(|kind| suits(kind) == Some(true)));
    }
    if needed == 0 { 0.5 } else { as_f32(there) / as_f32(needed) }
}

/// The description's first sentence up to its examples.
fn lead(description: &str) -> &str {
    let end = description.find([':', '.', ';', '(']).unwrap_or(description.len());
    &description[..end]
}

fn role(parameter: &Parameter) -> Role {
    let name = parameter.name.as_str().to_lowercase();
    let lead = lead(&parameter.description);
    let either = |pattern: &Regex| pattern.is_match(&name) || pattern.is_match(lead);
    if parameter.kind == ParameterType::Boolean {
        return Role::Boolean;
    }
    if !parameter.values.is_empty() {
        return Role::Choice(parameter.values.clone());
    }
    if parameter.kind == ParameterType::Number {
        let unit = words_of(&name).iter().chain(&words_of(lead)).find_map(|word| Unit::of(word));
        return if AMOUNT.is_match(&name) || (unit.is_none() && AMOUNT.is_match(lead)) {
            Role::Amount
        } else {
            Role::Number(unit)
        };
    }
    let listed = recognise::listed_values(&parameter.description);
    if !listed.is_empty() {
        return Role::Choice(listed);
    }
    text_role(&name, lead, either)
}

fn text_role(name: &str, lead: &str, either: impl Fn(&Regex) -> bool) -> Role {
    let has = |words: &[&str]| words_of(name).iter().any(|word| words.contains(&word.as_str()));
    let lead_has = |words: &[&str]| words_of(lead).iter().any(|word| words.contains(&word.as_str()));
    let sort = |words: &[&str]| has(words) || (!has(NAMING) && lead_has(words));
    if has(&["email", "mail"])
        || (lead.to_lowercase().contains("e-mail address") || lead.to_lowercase().contains("email address"))
    {
        return Role::Email;
    }
    if either(&CODE) {
        return Role::Code;
    }
    if has(&["date", "day", "when", "deadline", "birthday"]) || (lead_has(&["date"]) && !has(NAMING)) {
        return Role::Date;
    }
    if has(&["time", "hour"]) {
        return Role::Time;
    }
    if BOOLEAN.is_match(lead) {
        return Role::Boolean;
    }
    if either(&ID) {
        return Role::Id;
    }
    if STEPS.is_match(name) {
        return Role::Steps;
    }
    if SUMMARY.is_match(name) {
        return Role::Summary;
    }
    if has(&["amount", "price", "sum", "total"]) {
        return Role::Amount;
    }
    Role::Name(if has(&["origin", "from", "departure"]) || lead.to_lowercase().contains("leaving from") {
        Sort::Origin
    } else if sort(&[
        "region",
        "country",
        "city",
        "location",
        "area",
        "destination",
        "state",
        "place",
        "town",
        "where",
    ]) && !has(&["name"])
    {
        Sort::Place
    } else if sort(&["team", "group", "queue", "department", "squad"]) {
        Sort::Team
    } else if has(&["variant", "colour", "color", "size", "material", "layout"]) {
        Sort::Variant
    } else if sort(&["incident", "outage", "problem", "disruption"]) {
        Sort::Incident
    } else if has(&["feature", "component", "module", "service", "capability"]) {
        Sort::Feature
    } else if sort(&[
        "person",
        "recipient",
        "artist",
        "director",
        "actor",
        "actors",
        "manager",
        "assignee",
        "employee",
        "starring",
        "therapist",
    ]) {
        Sort::Person
    } else {
        Sort::Thing
    })
}

/// Name words that tell what the thing is, so that the description need not be asked.
const NAMING: &[&str] = &[
    "name", "feature", "product", "variant", "title", "summary", "steps", "type", "id", "email", "code",
    "amount", "item",
];

fn words_of(text: &str) -> Vec<String> {
    text.replace('_', " ")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// What a description names as examples: short pieces between commas.
fn samples(description: &str) -> Vec<String> {
    let lists = SAMPLES.captures_iter(description).filter_map(|found| found.get(1));
    let pieces = lists.flat_map(|list| list.as_str().split([',', '/'])).map(|piece| {
        let piece = piece.trim();
        let piece = piece.strip_prefix("or ").or_else(|| piece.strip_prefix("and ")).unwrap_or(piece);
        piece.strip_prefix("a name such as ").unwrap_or(piece).trim().to_lowercase()
    });
    pieces
        .filter(|piece| !piece.is_empty() && piece.split(' ').count() <= 3 && !piece.contains('@'))
        .collect()
}

/// "Highest for critical or blocker": pairs of another word and the value it stands for.
fn glossary(values: &[String], description: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    // Making a pattern costs far more than seeing that there is nothing for it.
    let lower = description.to_lowercase();
    let told = |value: &&String| lower.contains("for") && lower.contains(&value.to_lowercase());
    for value in values.iter().filter(told) {
        let Ok(pattern) = Regex::new(&format!(
            r"(?i)\b{}\s+for\s+([\w-]+)(?:(?:,\s+|\s+or\s+)([\w-]+))?",
            regex::escape(value)
        )) else {
            continue;
        };
        for found in pattern.captures_iter(description) {
            let meant =
                found.iter().skip(1).flatten().map(|word| (word.as_str().to_lowercase(), value.clone()));
            pairs.extend(
                meant.filter(|(word, _)| !values.iter().any(|other| other.eq_ignore_ascii_case(word))),
            );
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, kind: ParameterType, description: &str, expect: &Role) {
        let name = name.parse().unwrap_or_else(|_| panic!("a valid name"));
        let parameter = Parameter {
            name,
            kind,
            description: description.to_owned(),
            required: true,
            default: None,
            values: Vec::new(),
        };
        assert_eq!(Wanted::new(&parameter).role, *expect, "{description}");
    }

    #[test]
    fn roles_are_read_from_name_type_and_description() {
        let text = ParameterType::String;
        check("order_id", text, "Number of the order", &Role::Id);
        check("customer_email", text, "E-mail address of the customer", &Role::Email);
        check("error_code", text, "Error code or HTTP status: 503", &Role::Code);
        check(
            "hours_ahead",
            ParameterType::Number,
            "How many hours to look ahead",
            &Role::Number(Some(Unit::Hours)),
        );
        check("amount", ParameterType::Number, "Amount charged", &Role::Amount);
        check("date", text, "Day to be taken off", &Role::Date);
        check("team", text, "Support team whose tickets are meant", &Role::Name(Sort::Team));
        check("region", text, "Region that is asked about: EU, US", &Role::Name(Sort::Place));
        check("incident_type", text, "Kind of incident", &Role::Name(Sort::Incident));
        check("product_name", text, "Name of the product as written", &Role::Name(Sort::Thing));
        check(
            "feature",
            text,
            "Feature or part of the product: checkout, search",
            &Role::Name(Sort::Feature),
        );
        check(
            "priority",
            text,
            "One of low, medium, high",
            &Role::Choice(["low", "medium", "high"].map(str::to_owned).to_vec()),
        );
        check("express", ParameterType::Boolean, "Whether express", &Role::Boolean);
    }
}
