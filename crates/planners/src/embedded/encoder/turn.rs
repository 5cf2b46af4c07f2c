//! A question encoded together with what was said before it.

use std::ops::Range;

use super::heads::{Sought, Span};
use super::network::forward;
use super::tokenizer::Token;
use super::{DIMENSION, Encoder, unit_mean};

/// Tokens of a question with its history when it is asked what it wants; older texts are cut off. The model was tuned
/// on no more.
const TURN_TOKENS_MAX: usize = 96;

/// The same when it is read with an action in hand.
const READING_TOKENS_MAX: usize = 112;

/// Tokens of a reading with the descriptions of what is sought.
const READING_WHOLE_MAX: usize = 240;

/// Tokens of the question at most, so that some history fits.
const QUESTION_TOKENS_MAX: usize = 48;

/// Tokens of what an action does, and of what one parameter is.
const STATEMENT_TOKENS_MAX: usize = 24;
const PARAMETER_TOKENS_MAX: usize = 32;

/// A text of which fewer tokens than these fit is left out.
const ROOM_MIN: usize = 4;

/// A question with its history, encoded in one go: each state knows of the others.
#[derive(Debug)]
pub struct EncodedTurn {
    places: Vec<Place>,
    /// Row-major, one row of [`DIMENSION`] values a token.
    states: Vec<f32>,
    /// Tokens of the question with those that frame it.
    question: usize,
}

/// Where a token stands; None for those that frame the texts.
type Place = Option<TokenPlace>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPlace {
    /// 0 for the question, 1 for the text before it, and so on.
    pub text: usize,
    /// Bytes of that text.
    pub range: Range<usize>,
}

/// A turn that was read with one action in hand: whether it asks for it, and with which values.
#[derive(Debug)]
pub struct Reading {
    asked: f32,
    places: Vec<Place>,
    /// States of the turn's tokens, without those of the descriptions.
    states: Vec<f32>,
    sought: Vec<Sought>,
}

/// What a reading looks for.
#[derive(Debug)]
pub struct Wish<'w> {
    /// What the action does.
    pub statement: &'w str,
    /// Each parameter's name and description.
    pub parameters: &'w [String],
}

/// Tokens with their places.
struct Sequence<'e> {
    encoder: &'e Encoder,
    tokens: Vec<Token>,
    places: Vec<Place>,
}

impl Encoder {
    /// Encodes the question, then the texts before it, newest first.
    pub fn encode_turn(&self, question: &str, before: &[&str]) -> EncodedTurn {
        let (sequence, count) = self.turn(question, before, TURN_TOKENS_MAX);
        let states = forward(&self.weights, self.instruction_set, &sequence.tokens);
        EncodedTurn { places: sequence.places, states, question: count }
    }

    /// Reads a turn with an action in hand: what is sought comes after what was said, and each knows of the other.
    /// None without tuning.
    pub fn read(&self, question: &str, before: &[&str], wish: &Wish<'_>) -> Option<Reading> {
        let heads = self.heads.as_ref()?;
        let (mut sequence, _) = self.turn(question, before, READING_TOKENS_MAX);
        let said = sequence.tokens.len();
        sequence.append(None, wish.statement, STATEMENT_TOKENS_MAX);
        let statement = said..sequence.tokens.len() - 1;
        let mut descriptions = Vec::new();
        for parameter in wish.parameters {
            let (words, _) = self.words(parameter, PARAMETER_TOKENS_MAX);
            let first = sequence.tokens.len();
            if first + words.len() + 1 > READING_WHOLE_MAX {
                break;
            }
            sequence.append(None, parameter, PARAMETER_TOKENS_MAX);
            descriptions.push(first..sequence.tokens.len() - 1);
        }
        let Sequence { tokens, mut places, .. } = sequence;
        let mut states = forward(&self.weights, self.instruction_set, &tokens);
        let of = |range: Range<usize>| &states[range.start * DIMENSION..range.end * DIMENSION];
        let asked = heads.asked(of(0..1), of(statement));
        let sought = descriptions.into_iter().map(|range| heads.seek(&unit_mean(of(range)))).collect();
        states.truncate(said * DIMENSION);
        places.truncate(said);
        Some(Reading { asked, places, states, sought })
    }

    /// The framed turn, and how many of its tokens are the question's.
    fn turn(&self, question: &str, before: &[&str], tokens_max: usize) -> (Sequence<'_>, usize) {
        let (_, frame) = self.words("", 0);
        let mut sequence = Sequence { encoder: self, tokens: vec![frame.0], places: vec![None] };
        sequence.append(Some(0), question, QUESTION_TOKENS_MAX);
        let count = sequence.tokens.len();
        for (at, text) in before.iter().enumerate() {
            if sequence.tokens.len() >= tokens_max - ROOM_MIN {
                break;
            }
            sequence.append(Some(at + 1), text, tokens_max - 1 - sequence.tokens.len());
        }
        (sequence, count)
    }

    /// A text's tokens without those that frame it, and these two.
    fn words(&self, text: &str, tokens_max: usize) -> (Vec<Token>, (Token, Token)) {
        let framed = self.tokenizer.tokenize(text);
        let end = framed.len() - 1;
        (framed[1..end.min(1 + tokens_max)].to_vec(), (framed[0], framed[end]))
    }
}

impl Sequence<'_> {
    /// A text and the token that ends it; `number` is None where it is no text of the conversation.
    fn append(&mut self, number: Option<usize>, text: &str, tokens_max: usize) {
        let (words, (_, last)) = self.encoder.words(text, tokens_max);
        let place = |word: &Token| number.map(|text| TokenPlace { text, range: word.start..word.end });
        self.places.extend(words.iter().map(place));
        self.tokens.extend(words);
        self.tokens.push(last);
        self.places.push(None);
    }
}

impl Reading {
    /// By how much, in log-odds, it is likelier that the turn asks for the action than that it does not.
    pub fn asked(&self) -> f32 {
        self.asked
    }

    /// The likeliest places of a parameter's value, likeliest first; none for one that did not fit. `goes_on` says
    /// whether a value may go on over the token at a place.
    pub fn spans(&self, parameter: usize, goes_on: impl Fn(&TokenPlace) -> bool) -> Vec<Span> {
        let goes_on = |at: usize| self.places[at].as_ref().is_some_and(&goes_on);
        self.sought.get(parameter).map(|sought| sought.spans(&self.states, goes_on)).unwrap_or_default()
    }

    /// Whether a flag is said to be set or not, with the token that says so.
    pub fn flag(&self, parameter: usize) -> Option<(bool, Span)> {
        self.sought.get(parameter)?.flag(&self.states)
    }

    /// The text and the bytes of it from one token to another; None where they frame or span texts.
    pub fn place(&self, first: usize, last: usize) -> Option<TokenPlace> {
        let (first, last) = (self.places.get(first)?.as_ref()?, self.places.get(last)?.as_ref()?);
        (first.text == last.text && first.range.start < last.range.end)
            .then_some(TokenPlace { text: first.text, range: first.range.start..last.range.end })
    }
}

impl EncodedTurn {
    /// Unit vector of the whole question.
    pub fn question(&self) -> Vec<f32> {
        unit_mean(&self.states[..self.question * DIMENSION])
    }

    /// Unit vector of stretches of the question; of the whole where no token lies in them.
    pub fn stretch(&self, ranges: &[Range<usize>]) -> Vec<f32> {
        let inside = |place: &Place| {
            place.as_ref().is_some_and(|place| {
                place.text == 0
                    && ranges
                        .iter()
                        .any(|range| range.start <= place.range.start && place.range.end <= range.end)
            })
        };
        let rows = self.places.iter().zip(self.states.chunks_exact(DIMENSION));
        let states: Vec<f32> =
            rows.filter(|(place, _)| inside(place)).flat_map(|(_, state)| state.iter().copied()).collect();
        if states.is_empty() { self.question() } else { unit_mean(&states) }
    }
}
