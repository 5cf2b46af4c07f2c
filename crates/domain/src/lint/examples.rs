//! Example questions: there are some, they are this action's own, and they show what must be extracted.

use crate::{ActionSpec, Parameter};

use super::{
    Advice, advise,
    wording::{Kind, example, human},
    words::{content, name_words, stem, words},
};

/// Words of an example that only another action knows before it counts as that action's.
const FOREIGN_WORDS_MIN: usize = 2;

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec, others: &[&ActionSpec]) {
    if spec.examples.is_empty() && spec.runs_with.is_empty() {
        advise(
            found,
            "no_examples",
            "examples",
            "There is no example question; the planner and the tests have only the trigger to go by.",
            format!("Add two or three questions as users type them, such as \"{}\"", example(spec)),
        );
    }
    for (index, text) in spec.examples.iter().enumerate() {
        lint_foreign(found, spec, others, index, text);
    }
    for (index, parameter) in spec.parameters.iter().enumerate() {
        lint_context(found, spec, index, parameter);
    }
}

fn lint_foreign(
    found: &mut Vec<Advice>,
    spec: &ActionSpec,
    others: &[&ActionSpec],
    index: usize,
    example: &str,
) {
    let field = format!("examples[{index}]");
    let same = |text: &String| words(text) == words(example);
    if let Some(other) = others.iter().find(|other| other.examples.iter().any(same)) {
        advise(
            found,
            "shared_example",
            field,
            format!("`{}` has the same example, so it can't tell the two apart.", other.name),
            format!("Keep it with the one action it should fire, and give `{}` another.", spec.name),
        );
        return;
    }
    let said = content(example);
    let own = content(&format!("{} {}", spec.trigger, own_texts(spec)));
    if said.keys().any(|word| own.contains_key(word)) {
        return;
    }
    let knows = |other: &&&ActionSpec| {
        let theirs = content(&format!("{} {}", other.trigger, name_words(other.name.as_str()).join(" ")));
        said.keys().filter(|word| theirs.contains_key(*word)).count() >= FOREIGN_WORDS_MIN
    };
    if let Some(other) = others.iter().find(knows) {
        advise(
            found,
            "foreign_example",
            field,
            format!("This example speaks of what `{}` does and of nothing in this trigger.", other.name),
            format!("Move it to `{}`, or name its topic in this action's trigger.", other.name),
        );
    }
}

fn own_texts(spec: &ActionSpec) -> String {
    let mut texts = name_words(spec.name.as_str());
    for parameter in &spec.parameters {
        texts.extend(name_words(parameter.name.as_str()));
        texts.push(parameter.description.clone());
        texts.extend(parameter.values.iter().cloned());
    }
    texts.join(" ")
}

/// A required value that no example shows and no trigger mentions will be asked for every time.
fn lint_context(found: &mut Vec<Advice>, spec: &ActionSpec, index: usize, parameter: &Parameter) {
    let asked_every_time = parameter.required && parameter.default.is_none();
    if !asked_every_time || spec.examples.is_empty() || is_mentioned(spec, parameter) {
        return;
    }
    advise(
        found,
        "parameter_never_shown",
        format!("parameters[{index}].name"),
        format!(
            "`{}` is required, yet no example holds one and the trigger doesn't speak of it.",
            parameter.name
        ),
        format!("Add an example such as \"{}\", or make `{}` optional.", example(spec), parameter.name),
    );
}

fn is_mentioned(spec: &ActionSpec, parameter: &Parameter) -> bool {
    let context = format!("{} {}", spec.trigger, spec.examples.join(" "));
    let said: Vec<String> = words(&context).iter().map(|word| stem(word)).collect();
    let named =
        words(&human(parameter.name.as_str())).iter().any(|word| word != "id" && said.contains(&stem(word)));
    let any_word =
        |shape: fn(&str) -> bool| spec.examples.iter().any(|example| example.split_whitespace().any(shape));
    let with_digit = |word: &str| word.bytes().any(|b| b.is_ascii_digit());
    let shown = match Kind::of(parameter) {
        Kind::Email => any_word(|word| word.contains('@')),
        Kind::Identifier | Kind::Amount | Kind::Count => any_word(with_digit),
        Kind::OneOf => {
            parameter.values.iter().any(|value| context.to_lowercase().contains(&value.to_lowercase()))
        }
        // A day is said in too many ways and a text is anything: only their names could be looked for.
        Kind::Date | Kind::Boolean | Kind::Text => true,
    };
    named || shown
}
