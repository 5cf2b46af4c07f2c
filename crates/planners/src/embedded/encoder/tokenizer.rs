//! `WordPiece`: text in, the ids of the model's vocabulary out, each with its place in the text.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use super::normalize::{Class, class, fold};
use super::{EncoderError, TOKENS_MAX};

/// A longer word is one unknown token.
const WORD_CHARACTERS_MAX: usize = 100;

const UNKNOWN: &str = "[UNK]";
const FIRST: &str = "[CLS]";
const LAST: &str = "[SEP]";

/// Where these stand in a text, they stand for themselves.
const SPECIAL: [&str; 5] = ["[PAD]", UNKNOWN, FIRST, LAST, "[MASK]"];

/// One piece of a text as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub id: u32,
    /// Its first byte in the text; 0 for the tokens that frame the text.
    pub start: usize,
    /// The byte after its last; 0 for the tokens that frame the text.
    pub end: usize,
}

/// The vocabulary, and how to cut a text by it.
pub struct Tokenizer {
    /// Pieces that begin a word.
    heads: HashMap<Box<str>, u32>,
    /// Pieces that go on with a word, without the `##` that marks them in the file.
    tails: HashMap<Box<str>, u32>,
    special: [u32; SPECIAL.len()],
    unknown: u32,
    first: u32,
    last: u32,
    piece_characters_max: usize,
    vocabulary_size: usize,
}

impl Tokenizer {
    /// Reads a vocabulary: a piece a line, its id the line's number from 0.
    pub fn load(path: &Path) -> Result<Self, EncoderError> {
        let text = std::fs::read_to_string(path).map_err(|source| EncoderError::read(path, source))?;
        Self::parse(&text).map_err(|missing| {
            EncoderError::unusable(path, format!("is no vocabulary: it lacks `{missing}`"))
        })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut heads, mut tails) = (HashMap::new(), HashMap::new());
        let mut piece_characters_max = 0;
        for (id, piece) in (0..).zip(text.lines()) {
            let (table, piece) = match piece.strip_prefix("##") {
                Some(tail) if !tail.is_empty() => (&mut tails, tail),
                _ => (&mut heads, piece),
            };
            table.insert(Box::from(piece), id);
            piece_characters_max = piece_characters_max.max(piece.chars().count());
        }
        let find = |piece: &'static str| heads.get(piece).copied().ok_or(piece);
        let (unknown, first, last) = (find(UNKNOWN)?, find(FIRST)?, find(LAST)?);
        let mut special = [0; SPECIAL.len()];
        for (id, name) in special.iter_mut().zip(SPECIAL) {
            *id = find(name)?;
        }
        let vocabulary_size = text.lines().count();
        Ok(Self { heads, tails, special, unknown, first, last, piece_characters_max, vocabulary_size })
    }

    /// The text's tokens, framed by the two special ones; no more than [`TOKENS_MAX`], what follows is not read.
    pub fn tokenize(&self, text: &str) -> Vec<Token> {
        let mut words = Words { tokenizer: self, tokens: vec![frame(self.first)], word: Word::default() };
        words.read(text);
        let mut tokens = words.tokens;
        tokens.truncate(TOKENS_MAX - 1);
        tokens.push(frame(self.last));
        tokens
    }

    pub(super) fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    /// Cuts a word into the longest pieces there are, from its beginning; one unknown token if that fails anywhere.
    fn cut(&self, word: &Word, tokens: &mut Vec<Token>) {
        let before = tokens.len();
        let (mut at, count) = (0, word.characters.len());
        while at < count && !word.overlong {
            let longest = count.min(at + self.piece_characters_max);
            let table = if at == 0 { &self.heads } else { &self.tails };
            let found =
                (at + 1..=longest).rev().find_map(|end| Some((end, *table.get(word.slice(at, end))?)));
            let Some((end, id)) = found else { break };
            tokens.push(Token { id, start: word.characters[at].start, end: word.characters[end - 1].end });
            at = end;
        }
        if at < count || word.overlong {
            tokens.truncate(before);
            tokens.push(Token { id: self.unknown, start: word.start(), end: word.end });
        }
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokenizer").field("pieces", &self.vocabulary_size).finish_non_exhaustive()
    }
}

fn frame(id: u32) -> Token {
    Token { id, start: 0, end: 0 }
}

/// The reading of one text.
struct Words<'a> {
    tokenizer: &'a Tokenizer,
    tokens: Vec<Token>,
    word: Word,
}

impl Words<'_> {
    fn read(&mut self, text: &str) {
        let mut skip_to = 0;
        for (start, character) in text.char_indices() {
            if self.tokens.len() >= TOKENS_MAX {
                return;
            }
            if start < skip_to {
                continue;
            }
            if let Some((id, length)) = self.special_at(&text[start..]) {
                self.end_word();
                skip_to = start + length;
                self.tokens.push(Token { id, start, end: skip_to });
            } else {
                self.read_character(character, start);
            }
        }
        self.end_word();
    }

    fn special_at(&self, text: &str) -> Option<(u32, usize)> {
        if !text.starts_with('[') {
            return None;
        }
        let named = SPECIAL.iter().zip(self.tokenizer.special);
        named.into_iter().find_map(|(name, id)| text.starts_with(name).then_some((id, name.len())))
    }

    fn read_character(&mut self, character: char, start: usize) {
        let end = start + character.len_utf8();
        match class(character) {
            Class::Dropped => {}
            Class::Space => self.end_word(),
            Class::Alone => {
                self.end_word();
                fold(character, |part, _| self.word.push(part, start, end));
                self.end_word();
            }
            Class::Letter => fold(character, |part, class| self.read_part(part, class, start..end)),
        }
    }

    fn read_part(&mut self, part: char, class: Class, place: std::ops::Range<usize>) {
        match class {
            Class::Letter | Class::Dropped => self.word.push(part, place.start, place.end),
            Class::Space => self.end_word(),
            Class::Alone => {
                self.end_word();
                self.word.push(part, place.start, place.end);
                self.end_word();
            }
        }
    }

    fn end_word(&mut self) {
        if !self.word.characters.is_empty() {
            self.tokenizer.cut(&self.word, &mut self.tokens);
            self.word.clear();
        }
    }
}

/// A word as it will be looked up, with where each character came from.
#[derive(Default)]
struct Word {
    text: String,
    characters: Vec<Character>,
    overlong: bool,
    /// The byte of the text after the word's last character.
    end: usize,
}

struct Character {
    /// Its place in [`Word::text`].
    at: usize,
    /// Its place in the text that is tokenized.
    start: usize,
    end: usize,
}

impl Word {
    fn push(&mut self, character: char, start: usize, end: usize) {
        self.end = end;
        if self.characters.len() == WORD_CHARACTERS_MAX {
            self.overlong = true;
            return;
        }
        self.characters.push(Character { at: self.text.len(), start, end });
        self.text.push(character);
    }

    fn slice(&self, first: usize, end: usize) -> &str {
        let stop = self.characters.get(end).map_or(self.text.len(), |character| character.at);
        &self.text[self.characters[first].at..stop]
    }

    fn start(&self) -> usize {
        self.characters.first().map_or(0, |character| character.start)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.characters.clear();
        self.overlong = false;
    }
}
