//! Against the reference's answers, in `tests/data/encoder`; `reference.py` there made them.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Deserialize;

use super::instruction_set::{InstructionSet, Shape, Work};
use super::{
    DIMENSION, Encoder, TOKENS_MAX, Tokenizer, VOCABULARY_FILE, WEIGHTS_FILE, kernels, unit_mean, verify,
};

/// Both weights rounded to sixteen bits and approximate functions have to fit in what remains to 1.
const COSINE_MIN: f32 = 0.9999;

#[derive(Deserialize)]
struct TokenCase {
    text: String,
    ids: Vec<u32>,
    offsets: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct VectorCase {
    text: String,
    vector: String,
    last_token: String,
}

/// Where the model lies. Never skipped: a machine without the model would otherwise call the encoder tested.
fn model_folder() -> PathBuf {
    let folder = std::env::var_os("ERRAND_MODEL_DIR").expect(
        "ERRAND_MODEL_DIR is not set. It names the folder with `model.safetensors` and `vocab.txt`; `make test` \
         fetches them and sets it.",
    );
    PathBuf::from(folder)
}

fn encoder() -> Encoder {
    Encoder::load(&model_folder()).expect("the model loads")
}

fn cases<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/encoder").join(file);
    let text = fs::read_to_string(path).expect("the fixture is there");
    text.lines().map(|line| serde_json::from_str(line).expect("a case a line")).collect()
}

fn values(base64: &str) -> Vec<f32> {
    let bytes = BASE64_STANDARD.decode(base64).expect("base64");
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot =
        |left: &[f32], right: &[f32]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

#[derive(Deserialize)]
struct TunedCase {
    question: String,
    before: Vec<String>,
    action: TunedAction,
    /// The first values of the question's vector.
    vector: Vec<f32>,
    /// By how much it is likelier that the action is asked for than that it is not.
    asked: f32,
    /// By parameter: by how much the likeliest value is likelier than none, its first and its last token.
    spans: Vec<(f32, f32, f32)>,
}

#[derive(Deserialize)]
struct TunedAction {
    trigger: String,
    parameters: Vec<errand_domain::Parameter>,
}

/// `scripts/train-planner/export.py` wrote what the trainer makes of a turn with the very weights that are shipped.
#[test]
fn the_tuned_encoder_equals_its_trainer() {
    let encoder = crate::embedded::load_encoder(&model_folder()).expect("the model loads");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/encoder/tuned.json");
    let text = fs::read_to_string(path).expect("the fixture is there");
    let case: TunedCase = serde_json::from_str(&text).expect("one case");
    let before: Vec<&str> = case.before.iter().rev().map(String::as_str).collect();
    let vector = encoder.encode_turn(&case.question, &before).question();
    assert!(cosine(&vector[..case.vector.len()], &case.vector) > 0.999, "{vector:?}");
    let parameters: Vec<String> = case
        .action
        .parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name.as_str().replace('_', " "), parameter.description))
        .collect();
    let statement = crate::embedded::trigger::outline(&case.action.trigger);
    let wish = super::Wish { statement: &statement, parameters: &parameters };
    let read = encoder.read(&case.question, &before, &wish).expect("it is tuned");
    assert!((read.asked() - case.asked).abs() < 0.2, "{} for {}", read.asked(), case.asked);
    for (at, (lead, first, last)) in case.spans.iter().enumerate() {
        // A name that stands in two places may be as likely in either: rounding decides which comes first.
        #[expect(clippy::cast_precision_loss, reason = "a token's place is a small number")]
        let same = |span: &super::Span| (span.first as f32, span.last as f32) == (*first, *last);
        let found = read.spans(at, |_| true).into_iter().find(same).map(|span| span.lead);
        assert!(
            found.is_some_and(|found| (found - lead).abs() < 0.2),
            "{}: {found:?} for {lead}",
            parameters[at]
        );
        assert!((read.spans(at, |_| true)[0].lead - lead).abs() < 0.2, "{}", parameters[at]);
    }
}

#[test]
fn tokens_equal_the_reference() {
    let tokenizer = Tokenizer::load(&model_folder().join(VOCABULARY_FILE)).expect("the vocabulary loads");
    let cases: Vec<TokenCase> = cases("tokens.jsonl");
    assert!(cases.len() > 300, "the fixture has shrunk to {} cases", cases.len());
    for case in cases {
        let tokens = tokenizer.tokenize(&case.text);
        let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
        assert_eq!(ids, case.ids, "ids of {:?}", case.text);
        let offsets: Vec<(usize, usize)> = tokens.iter().map(|token| (token.start, token.end)).collect();
        assert_eq!(offsets, case.offsets, "offsets of {:?}", case.text);
    }
}

#[test]
fn vectors_equal_the_reference() {
    let encoder = encoder();
    for case in cases::<VectorCase>("vectors.jsonl") {
        let vector = encoder.encode(&case.text);
        assert_eq!(vector.len(), DIMENSION);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "length {length} of {:?}", case.text);
        let found = cosine(&vector, &values(&case.vector));
        assert!(found > COSINE_MIN, "cosine {found} of {:?}", case.text);
        let per_token = encoder.encode_tokens(&case.text);
        assert_eq!(per_token.states.len(), per_token.tokens.len() * DIMENSION);
        let last = &per_token.states[per_token.states.len() - DIMENSION..];
        let found = cosine(last, &values(&case.last_token));
        assert!(found > COSINE_MIN, "cosine {found} of the last token of {:?}", case.text);
    }
}

#[test]
fn instruction_sets_agree() {
    let mut encoder = encoder();
    for case in cases::<VectorCase>("vectors.jsonl").into_iter().step_by(4) {
        let vectors = InstructionSet::all().into_iter().map(|set| {
            encoder.instruction_set = set;
            encoder.encode(&case.text)
        });
        let vectors: Vec<Vec<f32>> = vectors.collect();
        assert!(vectors.iter().all(|vector| *vector == vectors[0]), "{:?}", case.text);
    }
}

#[test]
fn texts_encoded_together_know_nothing_of_each_other() {
    let encoder = encoder();
    let texts: Vec<String> =
        cases::<VectorCase>("vectors.jsonl").into_iter().take(19).map(|case| case.text).collect();
    let alone: Vec<Vec<f32>> = texts.iter().map(|text| encoder.encode(text)).collect();
    assert_eq!(encoder.encode_all(&texts), alone);
    assert!(encoder.encode_all(&[]).is_empty());
}

#[test]
fn published_files_verify() {
    verify(&model_folder()).expect("the files are the published ones");
}

#[test]
fn changed_files_do_not_verify() {
    let folder = Scratch::new("changed");
    folder.write(WEIGHTS_FILE, b"not a model");
    let error = verify(folder.path()).expect_err("the digest differs");
    assert!(error.to_string().contains("model.safetensors` has SHA-256"), "{error}");
}

#[test]
fn unusable_folders_say_what_to_do() {
    let check = |weights: Option<&[u8]>, vocabulary: Option<&[u8]>, expect: &str| {
        let folder = Scratch::new("unusable");
        weights.inspect(|bytes| folder.write(WEIGHTS_FILE, bytes));
        vocabulary.inspect(|bytes| folder.write(VOCABULARY_FILE, bytes));
        let error = Encoder::load(folder.path()).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error:?} lacks {expect:?}");
        assert!(error.contains("Run `errand model install`"), "{error}");
    };
    let vocabulary: &[u8] = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n";
    let header = |json: &str| [&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat();
    let words = |entry: &str| header(&format!(r#"{{"embeddings.word_embeddings.weight":{entry}}}"#));
    check(None, None, "vocab.txt` could not be read");
    check(None, Some(b"hello\n"), "is no vocabulary: it lacks `[UNK]`");
    check(None, Some(b"\xff\xfe\n"), "vocab.txt` could not be read");
    check(None, Some(vocabulary), "model.safetensors` could not be read");
    check(Some(b""), Some(vocabulary), "model.safetensors` could not be read");
    check(Some(&[0xff; 64]), Some(vocabulary), "its header is too long");
    check(Some(&header("[1]")), Some(vocabulary), "is not a safetensors file");
    check(Some(&header("{}")), Some(vocabulary), "tensor `embeddings.word_embeddings.weight` is missing");
    let entry = r#"{"dtype":"F16","shape":[6,384],"data_offsets":[0,4608]}"#;
    check(Some(&words(entry)), Some(vocabulary), "is F16 [6, 384] where F32 [6, 384] is needed");
    let entry = r#"{"dtype":"F32","shape":[6,384],"data_offsets":[9216,0]}"#;
    check(Some(&words(entry)), Some(vocabulary), "has offsets that do not fit its shape");
    let entry = r#"{"dtype":"F32","shape":[6,384],"data_offsets":[0,9216]}"#;
    check(Some(&words(entry)), Some(vocabulary), "ends after the end of the file");
    let entry = r#"{"dtype":"F32","shape":[18446744073709551615,384],"data_offsets":[0,9216]}"#;
    check(Some(&words(entry)), Some(vocabulary), "has offsets that do not fit its shape");
}

#[test]
fn functions_are_near_enough() {
    struct Errors<'a>(&'a mut (f64, f64));
    impl Work for Errors<'_> {
        #[expect(clippy::inline_always, reason = "as the work of the encoder itself")]
        #[inline(always)]
        fn run<S: Shape>(self) {
            for step in -8000..8000_i16 {
                let x = f32::from(step) / 1000.0;
                let exact = f64::from(x).exp();
                self.0.0 = self.0.0.max((f64::from(kernels::exp(x)) / exact - 1.0).abs());
                self.0.1 = self.0.1.max((f64::from(kernels::erf(x)) - erf(f64::from(x))).abs());
            }
        }
    }
    for set in InstructionSet::all() {
        let mut errors = (0.0, 0.0);
        set.run(Errors(&mut errors));
        assert!(errors.0 < 4e-7, "relative error {} of exp with {set:?}", errors.0);
        assert!(errors.1 < 6e-7, "error {} of erf with {set:?}", errors.1);
    }
}

/// The error function by its power series, which converges for every `x`; good to 1e-10 up to 4, where it is 1.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum() * (1.0 - 1.5e-8 / 2.0);
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..120 {
        let n = f64::from(n);
        term *= -x * x / n;
        sum += term / (2.0 * n + 1.0);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

#[test]
fn mean_of_nothing_is_no_nan() {
    assert!(unit_mean(&[]).iter().all(|value| *value == 0.0));
}

#[test]
fn tokens_stay_in_the_text() {
    let tokenizer = Tokenizer::load(&model_folder().join(VOCABULARY_FILE)).expect("the vocabulary loads");
    let mut runner = TestRunner::new(ProptestConfig::with_cases(2000));
    let check = |text: String| {
        let tokens = tokenizer.tokenize(&text);
        prop_assert!((2..=TOKENS_MAX).contains(&tokens.len()));
        let inner = &tokens[1..tokens.len() - 1];
        for token in inner {
            prop_assert!(token.start < token.end && text.get(token.start..token.end).is_some());
        }
        prop_assert!(inner.windows(2).all(|pair| pair[0].start <= pair[1].start));
        Ok(())
    };
    runner.run(&any::<String>(), check).expect("every token lies in the text");
}

/// A folder that goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    /// Names must differ within this process.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("errand-encoder-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.0.join(file), bytes).expect("a file for the test");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
