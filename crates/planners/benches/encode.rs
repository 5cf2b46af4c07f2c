//! What an encoding costs, by tokens, and what loading does. `docs/decisions/001-own-encoder.md` quotes the figures.
//!
//! Needs the model: `ERRAND_MODEL_DIR=… cargo bench -p errand-planners --bench encode`.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use errand_planners::embedded::encoder::Encoder;

/// One token a word, so that texts of any length can be made.
const WORDS: [&str; 8] = ["where", "is", "my", "order", "from", "last", "monday", "please"];

/// The two tokens that frame a text.
const FRAME: usize = 2;

fn encode(criterion: &mut Criterion) {
    let folder = model_folder();
    let encoder = Encoder::load(&folder).expect("the model loads");
    let mut group = criterion.benchmark_group("encode");
    for tokens in [10, 25, 70, 232] {
        let text = WORDS.iter().cycle().take(tokens - FRAME).copied().collect::<Vec<_>>().join(" ");
        assert_eq!(encoder.tokenizer().tokenize(&text).len(), tokens);
        group.bench_with_input(BenchmarkId::from_parameter(tokens), &text, |bencher, text| {
            bencher.iter(|| encoder.encode(black_box(text)));
        });
    }
    group.finish();
    let text =
        "Where is my order ORD-55871? It should have arrived on Monday, and jane@example.com wrote twice.";
    criterion.bench_function("tokenize", |bencher| {
        bencher.iter(|| encoder.tokenizer().tokenize(black_box(text)));
    });
    criterion.bench_function("load", |bencher| {
        bencher.iter(|| Encoder::load(black_box(&folder)));
    });
}

fn model_folder() -> PathBuf {
    std::env::var_os("ERRAND_MODEL_DIR").expect("ERRAND_MODEL_DIR names the folder with the model").into()
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = encode
}
criterion_main!(benches);
