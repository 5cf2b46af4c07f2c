//! The words by which the parameters of an action are told apart.

use std::ops::Range;

use super::{
    pointed,
    role::{Role, Wanted},
    words,
};

/// For each parameter the words of its name and description that no other of its sort has.
pub(super) struct Telling {
    cues: Vec<Vec<String>>,
    sorts: Vec<Option<Takes>>,
}

/// Parameters that may take the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Names,
    Numbers,
}

/// What a value gains beside words of its own parameter, and what it loses beside those of another.
const BESIDE_ITS_WORDS: f32 = 0.4;
const BESIDE_ANOTHERS: f32 = -1.0;

impl Telling {
    pub(super) fn new(wanted: &[Wanted<'_>]) -> Self {
        let sorts: Vec<_> = wanted.iter().map(takes).collect();
        let shared = |at: usize, cue: &String| {
            let others = wanted.iter().zip(&sorts).enumerate();
            others
                .filter(|(other, (_, sort))| *other != at && **sort == sorts[at])
                .any(|(_, (want, _))| want.cues.contains(cue))
        };
        let own = |(at, want): (usize, &Wanted<'_>)| {
            want.cues.iter().filter(|cue| cue.len() > 2 && !shared(at, cue)).cloned().collect()
        };
        Self { cues: wanted.iter().enumerate().map(own).collect(), sorts }
    }

    /// What the words beside a value speak for.
    pub(super) fn gain(&self, at: usize, text: &str, span: &Range<usize>) -> f32 {
        let Some(sort) = self.sorts[at] else { return 0.0 };
        // "Directed by Ana", "bedrooms" for beds; what stands after a comma is of something else.
        let after = &text[span.end..];
        let after = &after[..after.find([',', '.', ';', '!', '?']).unwrap_or(after.len())];
        let before = words::words(&text[..span.start]);
        let near: Vec<String> = before
            .iter()
            .rev()
            .take(2)
            .chain(words::words(after).first())
            .map(|word| words::stem(&word.lower()))
            .collect();
        let tells =
            |cues: &[String]| near.iter().any(|word| cues.iter().any(|cue| word.starts_with(cue.as_str())));
        let own = tells(&self.cues[at]);
        let others = self.cues.iter().zip(&self.sorts).enumerate();
        let another = others
            .filter(|(other, (_, of))| *other != at && **of == Some(sort))
            .any(|(_, (cues, _))| tells(cues));
        match (own, another) {
            (true, false) => BESIDE_ITS_WORDS,
            (false, true) => BESIDE_ANOTHERS,
            _ => 0.0,
        }
    }
}

fn takes(want: &Wanted<'_>) -> Option<Takes> {
    let numeric =
        |values: &[String]| values.iter().all(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    match &want.role {
        Role::Choice(values) if numeric(values) => Some(Takes::Numbers),
        Role::Number(_) => Some(Takes::Numbers),
        Role::Name(_) if pointed::counts(want.parameter) => Some(Takes::Numbers),
        Role::Name(_) => Some(Takes::Names),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use errand_domain::{Parameter, ParameterType};

    use super::*;

    #[test]
    fn words_beside_a_value_tell_whose_it_is() {
        fn check(text: &str, value: &str, expect: [f32; 2]) {
            let parameter = |(name, description): (&str, &str)| Parameter {
                name: name.parse().expect("a name"),
                kind: ParameterType::String,
                description: description.to_owned(),
                required: false,
                default: None,
                values: Vec::new(),
            };
            let both = [("director", "Director of the movie"), ("starring", "Actor starring in the movie")];
            let both = both.map(parameter);
            let wanted: Vec<_> = both.iter().map(Wanted::new).collect();
            let told = Telling::new(&wanted);
            let start = text.find(value).expect("the value stands in the text");
            let span = start..start + value.len();
            for (at, expect) in expect.into_iter().enumerate() {
                let gain = told.gain(at, text, &span);
                assert!((gain - expect).abs() < 1e-6, "{gain} for {value} in {text}");
            }
        }
        let text = "a movie starring Ana Roe, director Bo Li";
        check(text, "Ana Roe", [BESIDE_ANOTHERS, BESIDE_ITS_WORDS]);
        check(text, "Bo Li", [BESIDE_ITS_WORDS, BESIDE_ANOTHERS]);
        check("something with Ana Roe", "Ana Roe", [0.0, 0.0]);
    }
}
