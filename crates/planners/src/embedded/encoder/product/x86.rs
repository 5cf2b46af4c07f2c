//! The product with the instructions of newer processors of this architecture.

use std::arch::x86_64::{
    __m128, __m128i, __m256, __m256i, __m512, __m512i, _mm_add_epi32, _mm_add_ps, _mm_cvtepi32_ps,
    _mm_madd_epi16, _mm_mul_ps, _mm_set1_epi32, _mm_set1_ps, _mm_setzero_si128, _mm256_add_epi32,
    _mm256_add_ps, _mm256_cvtepi32_ps, _mm256_madd_epi16, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_si256, _mm512_add_ps, _mm512_cvtepi32_ps, _mm512_dpwssd_epi32, _mm512_mul_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512,
};
use std::mem::transmute;

use super::{BLOCK, Columns, PANEL, Pairs, Rows};

/// Panels whose sums are kept in registers together.
const PANELS_AVX512: usize = 2;

/// Half a panel: a register of AVX2. A quarter: one of what every processor of the architecture has.
const HALF: usize = PANEL / 2;
const QUARTER: usize = PANEL / 4;

/// Calls a function for a number of rows known when compiling.
macro_rules! for_rows {
    ($rows:expr, $call:ident :: <$panels:literal> $arguments:tt, $($count:literal)+) => {
        match $rows {
            $($count => $call::<$count, $panels> $arguments,)+
            _ => {}
        }
    };
}

/// As [`super::multiply`].
#[target_feature(enable = "avx512f,avx512vnni")]
pub(in super::super) fn multiply_avx512(
    rows: &Rows,
    columns: Columns<'_>,
    output: &mut [f32],
    stride: usize,
) {
    for run in columns.runs(rows.depth, PANELS_AVX512) {
        let none = [[0.0; PANEL]; PANELS_AVX512];
        let bias = if run.bias.is_empty() { &none } else { run.bias };
        for (first, blocks, scales) in rows.groups() {
            let output = &mut output[first * stride + run.first..];
            let place = (output, stride);
            let right = (run.pairs, run.scales, bias);
            if run.scales.len() == PANELS_AVX512 {
                for_rows!(scales.len(), tile_avx512::<2>((blocks, scales), right, place), 1 2 3 4 5 6 7 8 9 10 11 12);
            } else {
                for_rows!(scales.len(), tile_avx512::<1>((blocks, scales), right, place), 1 2 3 4 5 6 7 8 9 10 11 12);
            }
        }
    }
}

type Right<'r> = (&'r [Pairs], &'r [[f32; PANEL]], &'r [[f32; PANEL]]);

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn tile_avx512<const ROWS: usize, const PANELS: usize>(
    (blocks, row_scales): (&[[i32; BLOCK]], &[f32]),
    (pairs, scales, bias): Right<'_>,
    (output, stride): (&mut [f32], usize),
) {
    let (left, right) = pairs.split_at(pairs.len() / PANELS);
    // Where there is one panel it stands for the other too; what is computed of that is left out.
    let right = if PANELS == 1 { left } else { right };
    let columns = left.as_chunks::<BLOCK>().0.iter().zip(right.as_chunks::<BLOCK>().0);
    let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
    for (block, (left, right)) in blocks.as_chunks::<ROWS>().0.iter().zip(columns) {
        for step in 0..BLOCK {
            let (left, right) = (load512(&left[step]), load512(&right[step]));
            for row in 0..ROWS {
                let value = _mm512_set1_epi32(block[row][step]);
                sums[row][0] = _mm512_dpwssd_epi32(sums[row][0], value, left);
                if PANELS > 1 {
                    sums[row][1] = _mm512_dpwssd_epi32(sums[row][1], value, right);
                }
            }
        }
    }
    for (row, output) in output.chunks_mut(stride).take(ROWS).enumerate() {
        for panel in 0..PANELS {
            let Some(output) = output[panel * PANEL..].first_chunk_mut() else { continue };
            store512(output, sums[row][panel], row_scales[row], &scales[panel], &bias[panel]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn store512(output: &mut [f32; PANEL], sums: __m512i, row: f32, scales: &[f32; PANEL], bias: &[f32; PANEL]) {
    let scale = _mm512_mul_ps(_mm512_set1_ps(row), floats512(scales));
    let value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), scale), floats512(bias));
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    let value = unsafe { transmute::<__m512, [f32; PANEL]>(value) };
    *output = value;
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn load512(pairs: &Pairs) -> __m512i {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[i32; PANEL], __m512i>(pairs.0)
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn floats512(values: &[f32; PANEL]) -> __m512 {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[f32; PANEL], __m512>(*values)
    }
}

/// As [`super::multiply`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn multiply_avx2(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
    for run in columns.runs(rows.depth, 1) {
        let none = [[0.0; PANEL]; 1];
        let bias = if run.bias.is_empty() { &none } else { run.bias };
        for (first, blocks, scales) in rows.groups() {
            let output = &mut output[first * stride + run.first..];
            let (place, right) = ((output, stride), (run.pairs, run.scales, bias));
            for_rows!(scales.len(), tile_avx2::<1>((blocks, scales), right, place), 1 2 3 4 5 6);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn tile_avx2<const ROWS: usize, const PANELS: usize>(
    (blocks, row_scales): (&[[i32; BLOCK]], &[f32]),
    (pairs, scales, bias): Right<'_>,
    (output, stride): (&mut [f32], usize),
) {
    let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
    for (block, columns) in blocks.as_chunks::<ROWS>().0.iter().zip(pairs.as_chunks::<BLOCK>().0) {
        for (step, columns) in columns.iter().enumerate() {
            let halves = columns.0.as_chunks::<HALF>().0;
            let columns = [load256(&halves[0]), load256(&halves[1])];
            for row in 0..ROWS {
                let value = _mm256_set1_epi32(block[row][step]);
                for half in 0..2 {
                    let product = _mm256_madd_epi16(value, columns[half]);
                    sums[row][half] = _mm256_add_epi32(sums[row][half], product);
                }
            }
        }
    }
    let (scales, bias) = (scales[0].as_chunks::<HALF>().0, bias[0].as_chunks::<HALF>().0);
    for (row, output) in output.chunks_mut(stride).take(ROWS).enumerate() {
        for (half, output) in output[..PANEL].as_chunks_mut::<HALF>().0.iter_mut().enumerate() {
            store256(output, sums[row][half], row_scales[row], &scales[half], &bias[half]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store256(output: &mut [f32; HALF], sums: __m256i, row: f32, scales: &[f32; HALF], bias: &[f32; HALF]) {
    let scale = _mm256_mul_ps(_mm256_set1_ps(row), floats256(scales));
    let value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), scale), floats256(bias));
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    let value = unsafe { transmute::<__m256, [f32; HALF]>(value) };
    *output = value;
}

#[inline]
#[target_feature(enable = "avx2")]
fn load256(values: &[i32; HALF]) -> __m256i {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[i32; HALF], __m256i>(*values)
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn floats256(values: &[f32; HALF]) -> __m256 {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[f32; HALF], __m256>(*values)
    }
}

/// As [`super::multiply`], with instructions that every processor of the architecture has.
#[target_feature(enable = "sse2")]
pub(in super::super) fn multiply_sse2(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
    for run in columns.runs(rows.depth, 1) {
        let none = [[0.0; PANEL]; 1];
        let bias = if run.bias.is_empty() { &none } else { run.bias };
        for (first, blocks, scales) in rows.groups() {
            let output = &mut output[first * stride + run.first..];
            let (place, right) = ((output, stride), (run.pairs, run.scales, bias));
            for_rows!(scales.len(), tile_sse2::<1>((blocks, scales), right, place), 1 2);
        }
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn tile_sse2<const ROWS: usize, const PANELS: usize>(
    (blocks, row_scales): (&[[i32; BLOCK]], &[f32]),
    (pairs, scales, bias): Right<'_>,
    (output, stride): (&mut [f32], usize),
) {
    let mut sums = [[_mm_setzero_si128(); 4]; ROWS];
    for (block, columns) in blocks.as_chunks::<ROWS>().0.iter().zip(pairs.as_chunks::<BLOCK>().0) {
        for (step, columns) in columns.iter().enumerate() {
            let quarters = columns.0.as_chunks::<QUARTER>().0;
            for (quarter, columns) in quarters.iter().enumerate() {
                let columns = load128(columns);
                for row in 0..ROWS {
                    let product = _mm_madd_epi16(_mm_set1_epi32(block[row][step]), columns);
                    sums[row][quarter] = _mm_add_epi32(sums[row][quarter], product);
                }
            }
        }
    }
    let (scales, bias) = (scales[0].as_chunks::<QUARTER>().0, bias[0].as_chunks::<QUARTER>().0);
    for (row, output) in output.chunks_mut(stride).take(ROWS).enumerate() {
        for (quarter, output) in output[..PANEL].as_chunks_mut::<QUARTER>().0.iter_mut().enumerate() {
            let scale = _mm_mul_ps(_mm_set1_ps(row_scales[row]), floats128(&scales[quarter]));
            let value = _mm_mul_ps(_mm_cvtepi32_ps(sums[row][quarter]), scale);
            store128(output, _mm_add_ps(value, floats128(&bias[quarter])));
        }
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store128(output: &mut [f32; QUARTER], value: __m128) {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    let value = unsafe { transmute::<__m128, [f32; QUARTER]>(value) };
    *output = value;
}

#[inline]
#[target_feature(enable = "sse2")]
fn load128(values: &[i32; QUARTER]) -> __m128i {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[i32; QUARTER], __m128i>(*values)
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn floats128(values: &[f32; QUARTER]) -> __m128 {
    // SAFETY: both are as many values of four bytes, any of which is a number.
    #[expect(unsafe_code, reason = "a register's values")]
    unsafe {
        transmute::<[f32; QUARTER], __m128>(*values)
    }
}
