//! Which of the processor's instructions the arithmetic may use: found out once, when the model is loaded.
//!
//! The binary is built for the oldest processor of its architecture. Each piece of arithmetic ([`Work`]) is compiled
//! once for that, once for AVX2 and once for AVX-512 with its instructions for whole numbers,
//! and the best that the processor has is run.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::product::{self, Columns, Rows};

/// Instructions that this processor has. Only this file can say that it has more than the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstructionSet(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// What every processor of the architecture has.
    Baseline,
    /// What is meant, as plainly as it can be written; what others are tested against.
    #[cfg(all(test, target_arch = "x86_64"))]
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A piece of arithmetic. `run` and all that it calls must be inlined, or they stay compiled for the baseline.
pub(super) trait Work {
    fn run<S: Shape>(self);
}

/// How arithmetic is best cut for an instruction set.
pub(super) trait Shape: Sized {
    /// Rows of a matrix product computed together: as many as the registers hold.
    const ROWS: usize;

    /// Writes the product of each row with each column; rows of the output begin `stride` values apart.
    fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize);
}

/// What every processor of the architecture has.
struct Plain;

impl Shape for Plain {
    #[cfg(target_arch = "x86_64")]
    const ROWS: usize = 2;
    #[cfg(not(target_arch = "x86_64"))]
    const ROWS: usize = product::ROWS_PORTABLE;

    #[inline(always)]
    fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
        // SAFETY: SSE2 is part of the architecture.
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "calling code compiled for named instructions")]
        unsafe {
            product::multiply_sse2(rows, columns, output, stride);
        }
        #[cfg(not(target_arch = "x86_64"))]
        product::multiply(rows, columns, output, stride);
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
struct Portable;

#[cfg(all(test, target_arch = "x86_64"))]
impl Shape for Portable {
    const ROWS: usize = product::ROWS_PORTABLE;

    #[inline(always)]
    fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
        product::multiply(rows, columns, output, stride);
    }
}

#[cfg(target_arch = "x86_64")]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Shape for Avx2 {
    const ROWS: usize = 6;

    #[inline(always)]
    fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
        // SAFETY: only `run_avx2` uses this shape.
        #[expect(unsafe_code, reason = "calling code compiled for instructions found at run time")]
        unsafe {
            product::multiply_avx2(rows, columns, output, stride);
        }
    }
}

#[cfg(target_arch = "x86_64")]
struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Shape for Avx512 {
    const ROWS: usize = 12;

    #[inline(always)]
    fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
        // SAFETY: only `run_avx512` uses this shape.
        #[expect(unsafe_code, reason = "calling code compiled for instructions found at run time")]
        unsafe {
            product::multiply_avx512(rows, columns, output, stride);
        }
    }
}

impl InstructionSet {
    pub(super) fn detect() -> Self {
        Self(Level::detect())
    }

    /// All that this processor has, the best one last.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Level::Baseline];
        #[cfg(target_arch = "x86_64")]
        all.extend([Level::Portable, Level::Avx2, Level::Avx512]);
        all.into_iter().filter(|level| *level <= Level::detect()).map(Self).collect()
    }

    pub(super) fn run(self, work: impl Work) {
        #[expect(unsafe_code, reason = "calling code compiled for instructions found at run time")]
        match self.0 {
            Level::Baseline => work.run::<Plain>(),
            #[cfg(all(test, target_arch = "x86_64"))]
            Level::Portable => work.run::<Portable>(),
            // SAFETY: only `detect` says so, once it has found all features on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { run_avx2(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { run_avx512(work) },
        }
    }
}

impl Level {
    #[cfg(target_arch = "x86_64")]
    fn detect() -> Self {
        use std::arch::is_x86_feature_detected as has;
        if !has!("avx2") {
            Self::Baseline
        } else if has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vnni") {
            Self::Avx512
        } else {
            Self::Avx2
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> Self {
        Self::Baseline
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(work: impl Work) {
    work.run::<Avx2>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
fn run_avx512(work: impl Work) {
    work.run::<Avx512>();
}
