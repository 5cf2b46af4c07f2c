//! What BERT's uncased normaliser makes of a character.
//!
//! The classes are those of Unicode 8, with which the reference tokenizer was made: a newer table would cut some
//! texts into other tokens than the model was trained on.

use unicode_categories::UnicodeCategories;
use unicode_normalization::char::decompose_canonical;

/// What a character does to the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// As if it were not there.
    Dropped,
    /// Ends a word.
    Space,
    /// Is a word by itself.
    Alone,
    /// Belongs to a word.
    Letter,
}

/// The class of a character as it stands in the text.
pub(super) fn class(character: char) -> Class {
    match character {
        '\t' | '\n' | '\r' => Class::Space,
        '\0' | '\u{fffd}' => Class::Dropped,
        _ if character.is_ascii() => ascii_class(character),
        _ if is_other(character) => Class::Dropped,
        _ if character.is_whitespace() => Class::Space,
        _ if is_ideograph(character) => Class::Alone,
        _ => Class::Letter,
    }
}

/// Hands over what is left of a character without its accent and in lower case, each part with its class.
pub(super) fn fold(character: char, mut take: impl FnMut(char, Class)) {
    if character.is_ascii() {
        let lower = character.to_ascii_lowercase();
        return take(lower, ascii_class(lower));
    }
    decompose_canonical(character, |part| {
        if !part.is_mark_nonspacing() {
            part.to_lowercase().for_each(|lower| take(lower, folded_class(lower)));
        }
    });
}

fn ascii_class(character: char) -> Class {
    match character {
        ' ' => Class::Space,
        _ if character.is_ascii_control() => Class::Dropped,
        _ if character.is_ascii_punctuation() => Class::Alone,
        _ => Class::Letter,
    }
}

fn folded_class(character: char) -> Class {
    if character.is_whitespace() {
        Class::Space
    } else if character.is_ascii_punctuation() || character.is_punctuation() {
        Class::Alone
    } else {
        Class::Letter
    }
}

fn is_other(character: char) -> bool {
    character.is_other_control() || character.is_other_format() || character.is_other_private_use()
}

/// The blocks of Chinese characters that BERT was trained to see one by one: not kana, not Hangul.
fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x2_0000..=0x2_A6DF | 0x2_A700..=0x2_B73F | 0x2_B740..=0x2_B81F
        | 0x2_B920..=0x2_CEAF | 0xF900..=0xFAFF | 0x2_F800..=0x2_FA1F)
}
