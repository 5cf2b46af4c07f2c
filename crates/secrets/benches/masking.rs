//! Masking throughput (docs/benchmarks.md, B11): 100 secrets, 1 MB of output, target 300 MB/s.
//!
//! The Aho-Corasick rows search the same spellings with the usual automaton, without building any output, so that
//! the choice made in `masking/patterns.rs` can be judged on the machine at hand.

use std::{fmt::Write, hint::black_box, time::Duration};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use errand_secrets::{Masker, Raw, SecretText};

#[path = "../src/masking/spellings.rs"]
mod spellings;

const SECRETS: u64 = 100;
const OUTPUT_BYTES: usize = 1 << 20;
const CHUNK_BYTES: usize = 8 * 1024;

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = throughput, automata, building
}
criterion_main!(benches);

fn throughput(criterion: &mut Criterion) {
    let (values, masker) = (values(), masker(&values()));
    eprintln!("100 secrets: the masker holds {} bytes", masker.size());
    let mut group = criterion.benchmark_group("mask 1 MB, 100 secrets");
    group.throughput(Throughput::Bytes(OUTPUT_BYTES as u64));
    for (name, text) in outputs(&values) {
        let raw = Raw::from(text.clone());
        group.bench_function(name, |bencher| {
            bencher.iter(|| masker.mask(black_box(&raw)));
        });
        let chunks: Vec<Raw> =
            text.as_bytes().chunks(CHUNK_BYTES).map(|chunk| Raw::from(chunk.to_vec())).collect();
        group.bench_function(format!("{name}, in 8 KiB chunks"), |bencher| {
            bencher.iter(|| {
                let mut stream = masker.stream();
                for chunk in &chunks {
                    black_box(stream.push(chunk));
                }
                black_box(stream.finish())
            });
        });
    }
    let raw = Raw::from(outputs(&values)[0].1.clone());
    group.bench_function("JSON log, no secrets known", |bencher| {
        bencher.iter(|| Masker::default().mask(black_box(&raw)));
    });
    group.finish();
}

fn automata(criterion: &mut Criterion) {
    let values = values();
    let known: Vec<_> = values.iter().flat_map(|value| spellings::spellings(value.expose())).collect();
    let mut group = criterion.benchmark_group("search 1 MB, Aho-Corasick");
    group.throughput(Throughput::Bytes(OUTPUT_BYTES as u64)).sample_size(10);
    for kind in [AhoCorasickKind::ContiguousNFA, AhoCorasickKind::DFA] {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(kind))
            .build(known.iter().map(|text| text.as_bytes()))
            .expect("the spellings fit into an automaton");
        eprintln!("{kind:?} of {} spellings: {} bytes", known.len(), automaton.memory_usage());
        for (name, text) in outputs(&values) {
            group.bench_function(format!("{kind:?}, {name}"), |bencher| {
                bencher.iter(|| black_box(automaton.find_iter(black_box(&text)).count()));
            });
        }
    }
    group.finish();
}

fn building(criterion: &mut Criterion) {
    let values = values();
    let mut group = criterion.benchmark_group("build");
    group.bench_function("3 secrets", |bencher| {
        bencher.iter(|| masker(black_box(&values[..3])));
    });
    group.bench_function("100 secrets", |bencher| {
        bencher.iter(|| masker(black_box(&values)));
    });
    group.finish();
}

fn masker(values: &[SecretText]) -> Masker {
    let name = |index| format!("SECRET_{index}").parse().expect("a name");
    Masker::new(values.iter().enumerate().map(|(index, value)| (name(index), value)))
}

/// API keys of 40 characters behind a few common prefixes, every fourth one with characters that encoders change.
fn values() -> Vec<SecretText> {
    let mut numbers = numbers();
    let mut value = |index: u64| {
        let prefix = ["sk_live_", "xoxb-", "ghp_", ""][usize::try_from(index % 4).unwrap_or(0)];
        let odd = if index % 4 == 3 { "+/=&" } else { "" };
        format!("{prefix}{:016x}{:016x}{odd}", numbers(), numbers()).into()
    };
    (0..SECRETS).map(&mut value).collect()
}

/// The kinds of text that actions give back, each of exactly 1 MB.
fn outputs(values: &[SecretText]) -> [(&'static str, String); 3] {
    let mut numbers = numbers();
    let mut fill = |line: &mut dyn FnMut(&mut String, u64)| {
        let mut text = String::with_capacity(OUTPUT_BYTES + 1024);
        while text.len() < OUTPUT_BYTES {
            line(&mut text, numbers());
        }
        text.truncate(OUTPUT_BYTES);
        text
    };
    let log = fill(&mut |text, number| {
        let _ = writeln!(
            text,
            r#"{{"time":"2025-11-23T02:41:07Z","level":"info","order_id":{number},"status":"refunded","url":"https://api.example.com/v1/charges?limit=10"}}"#
        );
    });
    let dense = fill(&mut |text, number| {
        let _ = write!(
            text,
            "{}",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, number.to_be_bytes())
        );
    });
    let leaky = fill(&mut |text, number| {
        let value = values[usize::try_from(number % SECRETS).unwrap_or(0)].expose();
        let _ = writeln!(
            text,
            r#"{{"level":"debug","header":"Bearer {value}","note":"{:900}"}}"#,
            "a request that was logged in full"
        );
    });
    [("JSON log", log), ("random base64", dense), ("one secret per KB", leaky)]
}

/// The same numbers each time (a multiplicative generator), so that runs compare.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        state ^ (state >> 29)
    }
}
