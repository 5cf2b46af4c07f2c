//! Questions to the run's name server and their answers, as bytes (RFC 1035). The questions come from the script and may
//! be anything.

use std::net::IpAddr;

const HEADER_BYTES: usize = 12;
const NAME_BYTES_MAX: usize = 255;
const LABEL_BYTES_MAX: usize = 63;
const STRING_BYTES_MAX: usize = 255;
/// Of an explanation; longer ones are cut.
const TEXT_BYTES_MAX: usize = 700;
/// Addresses keep their meaning until the run ends, so a client may keep them.
const TTL_S: u32 = 60;

const CLASS_INTERNET: u16 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    id: [u8; 2],
    wants_recursion: bool,
    /// The question's bytes, which the answer repeats.
    wire: Vec<u8>,
    /// Lower case, without a dot at the end; None for what can't be a host's name.
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
    Txt,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Address(IpAddr),
    Text(String),
    /// The name exists, without a record of that kind.
    Nothing,
    NoSuchName,
    /// Not now, or not any more.
    Failed,
}

/// What is done with a message that is no question we can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// No answer: not even a header, or itself an answer.
    Ignore,
    Answer(Vec<u8>),
}

pub(super) fn read(bytes: &[u8]) -> Result<Question, Unreadable> {
    let &[i0, i1, flags, _, q0, q1, ..] = bytes.first_chunk::<HEADER_BYTES>().ok_or(Unreadable::Ignore)?;
    let (is_answer, operation) = (flags & 0x80 != 0, flags >> 3 & 0x0f);
    if is_answer {
        return Err(Unreadable::Ignore);
    }
    let error = |code| {
        Unreadable::Answer(header([i0, i1], flags & 1 != 0, Counts { code, answers: 0, questions: 0 }))
    };
    if operation != 0 {
        return Err(error(CODE_NOT_IMPLEMENTED));
    }
    let count = u16::from_be_bytes([q0, q1]);
    let question = bytes.get(HEADER_BYTES..).filter(|_| count == 1).and_then(read_question);
    let (name, kind, length) = question.ok_or_else(|| error(CODE_FORMAT))?;
    let wire = bytes.get(HEADER_BYTES..HEADER_BYTES + length).unwrap_or_default().to_vec();
    Ok(Question { id: [i0, i1], wants_recursion: flags & 1 != 0, wire, name, kind })
}

/// Name, kind and length of the question; a name that points elsewhere in the message is no question's.
fn read_question(bytes: &[u8]) -> Option<(Option<String>, Kind, usize)> {
    let (mut name, mut is_host, mut at) = (String::new(), true, 0);
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        if length > LABEL_BYTES_MAX || at + length >= NAME_BYTES_MAX {
            return None;
        }
        let label = bytes.get(at..at + length)?;
        is_host &= label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
        at += length;
    }
    let &[k0, k1, c0, c1] = bytes.get(at..)?.first_chunk::<4>()?;
    let kind = match (u16::from_be_bytes([k0, k1]), u16::from_be_bytes([c0, c1])) {
        (1, CLASS_INTERNET) => Kind::A,
        (28, CLASS_INTERNET) => Kind::Aaaa,
        (16, CLASS_INTERNET) => Kind::Txt,
        _ => Kind::Other,
    };
    let name = Some(name).filter(|name| is_host && !name.is_empty());
    Some((name, kind, at + 4))
}

pub(super) fn write(question: &Question, answer: &Answer) -> Vec<u8> {
    let record = match answer {
        Answer::Address(IpAddr::V4(address)) => Some((1, address.octets().to_vec())),
        Answer::Address(IpAddr::V6(address)) => Some((28, address.octets().to_vec())),
        Answer::Text(text) => Some((16, strings(text))),
        Answer::Nothing | Answer::NoSuchName | Answer::Failed => None,
    };
    let code = match answer {
        Answer::NoSuchName => CODE_NAME,
        Answer::Failed => CODE_SERVER,
        Answer::Address(_) | Answer::Text(_) | Answer::Nothing => 0,
    };
    let counts = Counts { code, questions: 1, answers: u8::from(record.is_some()) };
    let mut bytes = header(question.id, question.wants_recursion, counts);
    bytes.extend(&question.wire);
    if let Some((kind, data)) = record {
        // The record's name is the question's, which stands right behind the header.
        bytes.extend([0xc0, 0x0c]);
        bytes.extend(u16::to_be_bytes(kind));
        bytes.extend(CLASS_INTERNET.to_be_bytes());
        bytes.extend(TTL_S.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

fn strings(text: &str) -> Vec<u8> {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    let mut data = Vec::new();
    for part in text.as_bytes()[..end].chunks(STRING_BYTES_MAX) {
        data.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        data.extend(part);
    }
    data
}

const CODE_FORMAT: u8 = 1;
const CODE_SERVER: u8 = 2;
const CODE_NAME: u8 = 3;
const CODE_NOT_IMPLEMENTED: u8 = 4;

#[derive(Clone, Copy)]
struct Counts {
    code: u8,
    questions: u8,
    answers: u8,
}

/// An answer with authority, from a server that would ask others.
fn header(id: [u8; 2], wants_recursion: bool, counts: Counts) -> Vec<u8> {
    let [i0, i1] = id;
    let flags = 0x84 | u8::from(wants_recursion);
    vec![i0, i1, flags, 0x80 | counts.code, 0, counts.questions, 0, counts.answers, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question(labels: &[&str], kind: u16) -> Vec<u8> {
        let mut bytes = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in labels {
            bytes.push(u8::try_from(label.len()).expect("short"));
            bytes.extend(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1]);
        // An OPT record follows, as resolvers send it.
        bytes.extend([0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    fn check(bytes: &[u8], expect: Result<(Option<&str>, Kind), Option<u8>>) {
        let got = match read(bytes) {
            Ok(question) => Ok((question.name, question.kind)),
            Err(Unreadable::Ignore) => Err(None),
            Err(Unreadable::Answer(answer)) => Err(Some(answer[3] & 0x0f)),
        };
        assert_eq!(got, expect.map(|(name, kind)| (name.map(str::to_owned), kind)), "{bytes:?}");
    }

    #[test]
    fn questions_are_read() {
        check(&question(&["API", "shop", "test"], 1), Ok((Some("api.shop.test"), Kind::A)));
        check(&question(&["shop", "test"], 28), Ok((Some("shop.test"), Kind::Aaaa)));
        check(&question(&["_errand", "shop"], 16), Ok((Some("_errand.shop"), Kind::Txt)));
        check(&question(&["shop"], 65), Ok((Some("shop"), Kind::Other)));
        check(&question(&[], 1), Ok((None, Kind::A)));
        check(&question(&["a.b"], 1), Ok((None, Kind::A)));
        check(&question(&["ü"], 1), Ok((None, Kind::A)));
        let mut other_class = question(&["a"], 1);
        other_class[18] = 3;
        check(&other_class, Ok((Some("a"), Kind::Other)));
    }

    #[test]
    fn what_is_no_question_is_refused_or_ignored() {
        check(&[0; 11], Err(None));
        check(&[], Err(None));
        let mut answer = question(&["a"], 1);
        answer[2] |= 0x80;
        check(&answer, Err(None));
        let mut update = question(&["a"], 1);
        update[2] = 5 << 3;
        check(&update, Err(Some(CODE_NOT_IMPLEMENTED)));
        let mut two = question(&["a"], 1);
        two[5] = 2;
        check(&two, Err(Some(CODE_FORMAT)));
        let mut pointer = question(&["a"], 1);
        pointer[12] = 0xc0;
        check(&pointer, Err(Some(CODE_FORMAT)));
        check(&question(&["a"], 1)[..16], Err(Some(CODE_FORMAT)));
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(63)];
        check(&question(&long.each_ref().map(String::as_str), 1), Err(Some(CODE_FORMAT)));
    }

    #[test]
    fn answers_are_written() {
        let asked = read(&question(&["a"], 1)).expect("a question");
        let check = |answer: &Answer, expect: &[u8]| {
            let mut whole =
                vec![0xab, 0xcd, 0x85, expect[0], 0, 1, 0, u8::from(expect.len() > 1), 0, 0, 0, 0];
            whole.extend([1, b'a', 0, 0, 1, 0, 1]);
            whole.extend(&expect[1..]);
            assert_eq!(write(&asked, answer), whole, "{answer:?}");
        };
        check(&Answer::NoSuchName, &[0x83]);
        check(&Answer::Failed, &[0x82]);
        check(&Answer::Nothing, &[0x80]);
        let address = Answer::Address(IpAddr::from([198, 18, 0, 2]));
        check(&address, &[0x80, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 18, 0, 2]);
        check(&Answer::Text("no".into()), &[0x80, 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 3, 2, b'n', b'o']);
        let long = write(&asked, &Answer::Text("é".repeat(1_000)));
        assert_eq!(long.len(), 19 + 12 + TEXT_BYTES_MAX + 3);
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_question_breaks_the_reader(labels in prop::collection::vec("[\\x00-\\x7f]{1,63}", 0..6), kind: u16, cut: prop::sample::Index) {
            let labels: Vec<_> = labels.iter().map(String::as_str).collect();
            let bytes = question(&labels, kind);
            if let Ok(question) = read(&bytes) {
                prop_assert!(question.wire.len() <= NAME_BYTES_MAX + 4);
                let answer = write(&question, &Answer::NoSuchName);
                prop_assert_eq!(&answer[HEADER_BYTES..], &bytes[HEADER_BYTES..HEADER_BYTES + question.wire.len()]);
            }
            let _ = read(&bytes[..cut.index(bytes.len())]);
        }
    }
}
