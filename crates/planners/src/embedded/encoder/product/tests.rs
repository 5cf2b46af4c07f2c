//! Every instruction set against the plainest way to multiply.

use proptest::prelude::*;

use super::super::instruction_set::{InstructionSet, Shape, Work};
use super::super::matrix::Matrix;
use super::{Columns, DEPTH_STEP, PANEL, Rows};

/// Values of one size, and a few far larger ones, as the model's states have.
fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(prop_oneof![9 => -1.0f32..1.0, 1 => -60.0f32..60.0], count)
}

/// Sizes of a product, its left values and its right ones, column after column.
fn products() -> impl Strategy<Value = ((usize, usize, usize), Vec<f32>, Vec<f32>)> {
    (1usize..40, 1usize..7, 1usize..6).prop_flat_map(|(rows, blocks, panels)| {
        let (depth, outputs) = (blocks * DEPTH_STEP, panels * PANEL);
        (Just((rows, depth, outputs)), values(rows * depth), values(depth * outputs))
    })
}

struct Product<'a> {
    left: &'a [f32],
    depth: usize,
    columns: Columns<'a>,
    output: &'a mut [f32],
    stride: usize,
}

impl Work for Product<'_> {
    #[expect(clippy::inline_always, reason = "as the work of the encoder itself")]
    #[inline(always)]
    fn run<S: Shape>(self) {
        let mut rows = Rows::default();
        rows.begin(self.left.len() / self.depth, self.depth, S::ROWS);
        for (row, values) in self.left.chunks_exact(self.depth).enumerate() {
            rows.set(row, values);
        }
        S::multiply(&rows, self.columns, self.output, self.stride);
    }
}

fn matrix(depth: usize, weights: &[f32]) -> Matrix {
    let mut matrix = Matrix::with_capacity(depth, weights.len() / depth);
    for panel in weights.chunks_exact(depth * PANEL) {
        matrix.push_panel(panel, [0.5; PANEL], 1.0);
    }
    matrix
}

/// What each instruction set makes of a product, rows `stride` apart.
fn multiplied(set: InstructionSet, left: &[f32], matrix: &Matrix, stride: usize) -> Vec<f32> {
    let rows = left.len() / matrix.depth();
    let mut output = vec![f32::NAN; rows * stride];
    set.run(Product { left, depth: matrix.depth(), columns: matrix.columns(), output: &mut output, stride });
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn all_instruction_sets_find_the_same_and_it_is_right(
        ((rows, depth, outputs), left, weights) in products(),
        gap in 0usize..3,
    ) {
        let matrix = matrix(depth, &weights);
        let stride = outputs + gap;
        let found: Vec<Vec<f32>> =
            InstructionSet::all().into_iter().map(|set| multiplied(set, &left, &matrix, stride)).collect();
        for row in 0..rows {
            let values = &left[row * depth..][..depth];
            for output in 0..outputs {
                let column = &weights[output * depth..][..depth];
                let terms = || values.iter().zip(column).map(|(a, b)| f64::from(*a) * f64::from(*b));
                let exact = terms().sum::<f64>() + 0.5;
                let first = found[0][row * stride + output];
                // Rounding errs by half a step of each side.
                let (most, sum) = (|of: &[f32]| of.iter().fold(0.0f32, |most, value| most.max(value.abs())),
                    |of: &[f32]| of.iter().map(|value| value.abs()).sum::<f32>());
                let bound = most(values) * sum(column) / 4000.0 + 1e-4;
                prop_assert!((f64::from(first) - exact).abs() < f64::from(bound), "{first} for {exact}");
                for other in &found[1..] {
                    prop_assert_eq!(first.to_bits(), other[row * stride + output].to_bits());
                }
            }
            for set in &found {
                let between = &set[row * stride + outputs..(row + 1) * stride];
                prop_assert!(between.iter().all(|value| value.is_nan()), "written beyond the columns");
            }
        }
    }
}

/// The largest sums that there can be: every value of a row and of a column alike.
#[test]
fn sums_of_the_deepest_product_do_not_overflow() {
    for depth in [DEPTH_STEP, 384, 1536] {
        for sign in [1.0, -1.0] {
            let weights = vec![sign; depth * PANEL];
            let matrix = matrix(depth, &weights);
            for set in InstructionSet::all() {
                let found = multiplied(set, &vec![1.0; depth], &matrix, PANEL);
                #[expect(clippy::cast_precision_loss, reason = "a depth is a small number")]
                let exact = depth as f32 * sign + 0.5;
                assert!(
                    found.iter().all(|value| (value / exact - 1.0).abs() < 0.002),
                    "{found:?} for {exact}"
                );
            }
        }
    }
}

#[test]
fn nothing_times_anything_is_nothing() {
    for set in InstructionSet::all() {
        let found =
            multiplied(set, &[0.0; 2 * DEPTH_STEP], &matrix(DEPTH_STEP, &[0.0; DEPTH_STEP * PANEL]), PANEL);
        assert!(found.iter().all(|value| (value - 0.5).abs() < f32::EPSILON), "{found:?}");
    }
}
