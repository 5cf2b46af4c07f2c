//! Time of a whole plan over catalogues of 10, 100 and 1,000 actions. Without weights it measures the lexical path;
//! with a model's folder in `ERRAND_MODEL_DIR`, the encoding as well.

use std::{hint::black_box, path::Path, sync::Arc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use errand_domain::ActionId;
use errand_planners::{
    Catalogue, CatalogueAction, PlanRequest,
    embedded::{EmbeddedPlanner, load_encoder},
};

const TOPICS: [&str; 10] = [
    "the refund of an order",
    "a parcel that is late",
    "an outage of the site",
    "the plan of a customer",
    "vacation days left",
    "stock of a product",
    "tickets that breach their SLA",
    "a duplicate payment",
    "the next invoice",
    "customers hit by an incident",
];

fn catalogue(planner: &EmbeddedPlanner, count: usize) -> Catalogue {
    let action = |at: usize| {
        let trigger = format!("When the user asks about {} in department {}", TOPICS[at % 10], word(at / 10));
        let examples: Vec<String> = (0..4)
            .map(|n| format!("Question {} about {} of {}", word(n), TOPICS[at % 10], word(at)))
            .collect();
        CatalogueAction {
            id: format!("act_{at:032x}").parse::<ActionId>().expect("a valid id"),
            version: 1,
            name: format!("action_{at}").parse().expect("a valid name"),
            prepared: Some(Arc::new(planner.prepare(&trigger, &examples))),
            trigger,
            examples,
            parameters: Vec::new(),
            runs_with: Vec::new(),
        }
    };
    Catalogue { actions: (0..count).map(action).collect() }
}

/// A made-up word for a number, so that catalogues do not all share their words.
fn word(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or_default());
    ['q', 'x', 'z']
        .into_iter()
        .zip([number, number / 26, number / 676])
        .flat_map(|(first, n)| [first, letter(n)])
        .collect()
}

fn plan(criterion: &mut Criterion) {
    let encoder = std::env::var("ERRAND_MODEL_DIR")
        .ok()
        .map(|folder| load_encoder(Path::new(&folder)).expect("a model's folder"));
    let planner = EmbeddedPlanner::new(encoder);
    let now: jiff::Zoned = "2026-11-19T10:00:00+01:00[Europe/Berlin]".parse().expect("a valid time");
    let mut group = criterion.benchmark_group(format!("plan/{}", planner.model()));
    for count in [10, 100, 1_000] {
        let request = PlanRequest {
            question: "Where is my refund for order 12345? Also is the site down?".to_owned(),
            turns: Vec::new(),
            catalogue: Arc::new(catalogue(&planner, count)),
            now: now.clone(),
        };
        group.bench_with_input(BenchmarkId::from_parameter(count), &request, |bencher, request| {
            bencher.iter(|| planner.plan(black_box(request)));
        });
    }
    group.finish();
}

criterion_group!(benches, plan);
criterion_main!(benches);
