mod spellings;

use std::fmt::Write;

use base64::{Engine, engine::general_purpose};
use proptest::prelude::*;

use super::{spellings::spellings as known_spellings, *};

const TOKEN: &str = "sk_live_51HxQ2v8ZkLm";
const AWKWARD: &str = "p@ss w/ö&<\"'>\\n";

fn masker(secrets: &[(&str, &str)]) -> Masker {
    let secrets: Vec<(SecretName, SecretText)> = secrets
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), (*value).to_owned().into()))
        .collect();
    Masker::new(secrets.iter().map(|(name, value)| (name.clone(), value)))
}

/// Masks `text` at once, in single bytes and in every split in two, and expects the same each time.
fn check(secrets: &[(&str, &str)], text: impl AsRef<[u8]>, expect: &str) {
    let (masker, text) = (masker(secrets), text.as_ref());
    let (whole, count) = masker.mask(&Raw::from(text.to_vec()));
    assert_eq!(whole.as_str(), expect);
    let single = in_chunks(&masker, text.chunks(1));
    assert_eq!((single.0.as_str(), single.1), (expect, count), "byte by byte");
    for at in 0..=text.len() {
        let split = in_chunks(&masker, [&text[..at], &text[at..]]);
        assert_eq!((split.0.as_str(), split.1), (expect, count), "split at {at}");
    }
}

fn in_chunks<'a>(masker: &Masker, chunks: impl IntoIterator<Item = &'a [u8]>) -> (String, u32) {
    let mut stream = masker.stream();
    let mut text: String =
        chunks.into_iter().map(|chunk| stream.push(&Raw::from(chunk.to_vec())).into_string()).collect();
    text.push_str(&stream.finish());
    (text, stream.count())
}

fn hex_of(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn the_value_itself_is_replaced_wherever_it_stands() {
    check(
        &[("KEY", TOKEN)],
        format!("a {TOKEN} b {TOKEN}{TOKEN}"),
        "a [secret:KEY] b [secret:KEY][secret:KEY]",
    );
    check(&[("KEY", TOKEN)], TOKEN, "[secret:KEY]");
    check(&[("KEY", TOKEN)], &TOKEN[1..], &TOKEN[1..]);
    check(&[("KEY", TOKEN)], "", "");
    check(&[], TOKEN, TOKEN);
    check(&[("KEY", "ab")], "ab abab", "ab abab");
}

#[test]
fn overlapping_secrets_leave_no_end_visible() {
    check(&[("A", "abcdef"), ("B", "defghi")], "xabcdefghiy", "x[secret:A][secret:B]y");
    check(&[("A", "abcdef"), ("B", "bcde")], "xabcdefy", "x[secret:A]y");
    check(&[("A", "passpass")], "passpasspassword", "[secret:A]word");
    check(&[("A", "abcd"), ("B", "abcdefgh")], "abcdefgh abcdefg", "[secret:B] [secret:A]efg");
    check(&[("A", "same-value"), ("B", "same-value")], "same-value", "[secret:A]");
}

#[test]
fn encodings_are_replaced() {
    let base64 = general_purpose::STANDARD.encode(TOKEN);
    let secrets = [("KEY", TOKEN), ("ODD", AWKWARD)];
    check(&secrets, format!("Bearer {base64};"), "Bearer [secret:KEY];");
    let hex = hex_of(AWKWARD).to_uppercase();
    check(&secrets, format!("0x{hex}"), "0x[secret:ODD]");
    check(&secrets, "?k=p%40ss+w%2F%C3%B6%26%3C%22%27%3E%5Cn&x", "?k=[secret:ODD]&x");
    let once = serde_json::to_string(&AWKWARD).expect("JSON");
    let twice = serde_json::to_string(&once).expect("JSON");
    check(&secrets, &once, "\"[secret:ODD]\"");
    check(&secrets, &twice, "\"\\\"[secret:ODD]\\\"\"");
}

#[test]
fn basic_authentication_hides_the_password() {
    let header = general_purpose::STANDARD.encode(format!("user@example.com:{TOKEN}"));
    let (masked, count) = masker(&[("KEY", TOKEN)]).mask(&Raw::from(header.clone()));
    assert_eq!(count, 1);
    assert!(masked.ends_with("[secret:KEY]"), "{masked}");
    assert!(header.starts_with(masked.trim_end_matches("[secret:KEY]")));
}

#[test]
fn secrets_of_several_lines_and_json_are_found_in_parts() {
    let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n";
    check(&[("PEM", pem)], format!("k: {pem}."), "k: [secret:PEM].");
    check(&[("PEM", pem)], "1: MIIEvQIBADANBgkqhkiG9w0B\n2: AQEF", "1: [secret:PEM]\n2: AQEF");
    let json = "{\"user\": \"svc\", \"token\": \"abcd-1234-efgh\"}";
    check(&[("JSON", json)], "token=abcd-1234-efgh user=svc", "token=[secret:JSON] user=svc");
    check(&[("JSON", json)], json.replace(' ', ""), "{\"user\":\"svc\",\"token\":\"[secret:JSON]\"}");
}

#[test]
fn a_long_secret_is_one_place_and_its_parts_are_known() {
    let long: String = (0..120).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{:08x}", n * 2_654_435_761_u64 % 4_294_967_296);
        text
    });
    check(
        &[("LONG", &long)],
        format!("<{long}>{long}"),
        "<[secret:LONG]>[secret:LONG][secret:LONG]".replacen("[secret:LONG][", "[", 1).as_str(),
    );
    let (masked, _) = masker(&[("LONG", &long)]).mask(&Raw::from(&long[..600]));
    assert!(masked.starts_with("[secret:LONG]") && masked.len() < 300, "{masked}");
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    check(
        &[("KEY", TOKEN)],
        [b"\xff\xe2\x82", TOKEN.as_bytes(), b"\x82\xac\xf0\x9f"].concat(),
        "\u{fffd}\u{fffd}[secret:KEY]\u{fffd}\u{fffd}\u{fffd}",
    );
    check(&[("KEY", "ключ-от-дома")], "вот ключ-от-дома, и всё", "вот [secret:KEY], и всё");
    check(&[], b"a\xf0\x9f\x98\x80\xf0\x9fz", "a😀\u{fffd}z");
}

#[test]
fn live_output_is_held_back_only_where_a_secret_may_begin() {
    let masker = masker(&[("KEY", TOKEN)]);
    let mut stream = masker.stream();
    let mut push = |text: &str| stream.push(&Raw::from(text)).into_string();
    assert_eq!(push("nothing like it, ever. "), "nothing like it, ever. ");
    assert_eq!(push("this"), "thi");
    assert_eq!(push(" is"), "s i");
    assert_eq!(push("k_live_"), "");
    assert_eq!(push("x"), "sk_live_x");
    assert_eq!(push(&TOKEN[..19]), "");
    assert_eq!(push(&TOKEN[19..]), "[secret:KEY]");
    assert_eq!(stream.finish().as_str(), "");
}

#[test]
fn an_output_cut_inside_a_secret_ends_before_it() {
    let (masked, count) =
        masker(&[("KEY", TOKEN)]).mask_cut(&Raw::from(format!("{TOKEN} and {}", &TOKEN[..12])));
    assert_eq!((masked.as_str(), count), ("[secret:KEY] and ", 1));
}

#[test]
fn nothing_prints_a_value() {
    let masker = masker(&[("KEY", TOKEN)]);
    let mut stream = masker.stream();
    stream.push(&Raw::from(&TOKEN[..10]));
    assert_eq!(
        format!("{masker:?} {stream:?}"),
        "Masker(1 secrets) StreamMasker(10 bytes held, 0 places replaced)"
    );
}

#[test]
fn memory_stays_in_proportion_to_the_secrets() {
    let values: Vec<String> = (0..100_u64)
        .map(|n| format!("sk_{:016x}{:016x}+", n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n * n))
        .collect();
    let secrets: Vec<(&str, &str)> = values.iter().map(|value| ("KEY", value.as_str())).collect();
    let size = masker(&secrets).size();
    assert!(size < 1024 * 1024, "{size} bytes for 100 secrets of 36 bytes");
}

/// Secrets over an alphabet that shares no character with a label, so that what is left between labels is exactly
/// what was visible.
fn secret_value() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{4,9}", "[A-Zab0-9+/ö%]{4,40}", "[A-Za-z0-9_]{16,48}"]
}

/// A text made of secrets, their spellings, parts of those and noise.
fn text_around(values: &[String]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let known: Vec<String> =
        values.iter().flat_map(|value| known_spellings(value)).map(|text| text.to_string()).collect();
    let piece = prop_oneof![
        3 => (proptest::sample::select(known), any::<(u8, u8)>()).prop_map(|(text, (from, cut))| {
            let bytes = text.into_bytes();
            let from = if from < 200 { 0 } else { usize::from(from) % bytes.len() };
            let end = if cut < 128 { bytes.len() } else { from.max(usize::from(cut) % (bytes.len() + 1)) };
            bytes[from..end].to_vec()
        }),
        1 => proptest::collection::vec(any::<u8>().prop_filter("no label", |byte| *byte != b'['), 0..4),
        1 => "[ab]{0,9}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn secrets_and_text()(values in proptest::collection::vec(secret_value(), 1..4))
        (text in text_around(&values), values in Just(values)) -> (Vec<String>, Vec<u8>) {
        (values, text)
    }
}

fn named(values: &[String]) -> Vec<(&'static str, &str)> {
    ["FIRST", "SECOND", "THIRD"].into_iter().zip(values.iter().map(String::as_str)).collect()
}

/// Drops every byte that belongs to any occurrence of any spelling, the slow and obvious way.
fn visible(values: &[String], text: &[u8]) -> Vec<u8> {
    let mut covered = vec![false; text.len()];
    for spelling in values.iter().flat_map(|value| known_spellings(value)).filter(|text| text.len() >= 4) {
        for at in 0..text.len() {
            if text[at..].starts_with(spelling.as_bytes()) {
                covered[at..at + spelling.len()].fill(true);
            }
        }
    }
    text.iter().zip(covered).filter_map(|(byte, covered)| (!covered).then_some(*byte)).collect()
}

fn without_labels(masked: &str) -> String {
    ["FIRST", "SECOND", "THIRD"]
        .iter()
        .fold(masked.to_owned(), |text, name| text.replace(&format!("[secret:{name}]"), ""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_chunking_gives_what_the_whole_gives((values, text) in secrets_and_text(), cuts in proptest::collection::vec(0_usize..200, 0..12)) {
        let masker = masker(&named(&values));
        let (whole, count) = masker.mask(&Raw::from(text.clone()));
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks = in_chunks(&masker, cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]));
        prop_assert_eq!(&chunks, &(whole.into_string(), count));
        prop_assert_eq!(in_chunks(&masker, text.chunks(1)), chunks);
    }

    #[test]
    fn exactly_the_spellings_are_covered((values, text) in secrets_and_text()) {
        // Whole characters only: a label between two halves of one is another text than the halves joined.
        let text = String::from_utf8_lossy(&text).into_owned();
        let (masked, count) = masker(&named(&values)).mask(&Raw::from(text.clone()));
        let expect = visible(&values, text.as_bytes());
        prop_assert_eq!(without_labels(&masked).into_bytes(), expect);
        prop_assert_eq!(count as usize, masked.matches("[secret:").count());
    }

    #[test]
    fn masking_what_is_masked_changes_nothing(values in proptest::collection::vec("[A-Z0-9]{12,40}", 1..4), noise in "[a-z ]{0,20}") {
        let masker = masker(&named(&values));
        let text: Vec<String> = values.iter().map(|value| format!("{noise} {value} {}", general_purpose::STANDARD.encode(value))).collect();
        let text = text.concat();
        let (once, count) = masker.mask(&Raw::from(text));
        prop_assert_eq!(count as usize, values.len() * 2);
        prop_assert_eq!(masker.mask_str(&once), once);
    }

    #[test]
    fn base64_is_found_behind_any_prefix_and_before_any_suffix(
        value in "[ -~ö]{8,48}",
        before in proptest::collection::vec(any::<u8>(), 0..7),
        after in proptest::collection::vec(any::<u8>(), 0..7),
    ) {
        prop_assume!(value.trim() == value);
        let all = [before.as_slice(), value.as_bytes(), &after].concat();
        for encoded in [
            general_purpose::STANDARD.encode(&all), general_purpose::STANDARD_NO_PAD.encode(&all),
            general_purpose::URL_SAFE.encode(&all), general_purpose::URL_SAFE_NO_PAD.encode(&all),
        ] {
            let (masked, _) = masker(&[("KEY", &value)]).mask(&Raw::from(encoded.clone()));
            let first = (before.len() * 8).div_ceil(6);
            let end = ((before.len() + value.len()) * 8) / 6;
            let label = masked.find("[secret:KEY]");
            // The characters that the value alone determines are gone; at most its neighbours went with them.
            prop_assert!(label.is_some_and(|label| label <= first), "{} → {}", encoded, masked);
            prop_assert!(encoded[end..].ends_with(masked.rsplit(']').next().unwrap_or_default()), "{} → {}", encoded, masked);
        }
    }

    #[test]
    fn hex_and_escapes_are_found(value in "[ -~öß\n]{8,48}", before in "[g-z]{0,5}", after in "[g-z]{0,5}") {
        prop_assume!(value.trim() == value);
        let hex = hex_of(&value);
        let json = serde_json::to_string(&value).expect("JSON");
        let json = json[1..json.len() - 1].to_owned();
        let masker = masker(&[("KEY", &value)]);
        for text in [hex.to_uppercase(), hex, json, value.clone()] {
            let (masked, count) = masker.mask(&Raw::from(format!("{before}\u{1}{text}\u{1}{after}")));
            prop_assert_eq!(masked.as_str(), format!("{before}\u{1}[secret:KEY]\u{1}{after}"));
            prop_assert_eq!(count, 1);
        }
    }

    #[test]
    fn without_secrets_bytes_are_only_decoded(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xf0), Just(0x9f), Just(0x98), Just(0x80)], 0..40)) {
        let expect = String::from_utf8_lossy(&bytes).into_owned();
        for masker in [Masker::default(), masker(&[("KEY", "not-in-there-at-all")])] {
            prop_assert_eq!(masker.mask(&Raw::from(bytes.clone())).0.into_string(), expect.clone());
            for size in 1..6 {
                prop_assert_eq!(&in_chunks(&masker, bytes.chunks(size)).0, &expect);
            }
        }
    }
}
