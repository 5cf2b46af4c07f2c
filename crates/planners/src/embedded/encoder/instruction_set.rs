//! Which of the processor's instructions the arithmetic may use: found out once, when the model is loaded.
//!
//! The binary is built for the oldest processor of its architecture. Each piece of arithmetic ([`Work`]) is compiled
//! twice, once for that and once for AVX2 with fused multiply-add, and the better one the processor has is run.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

/// Instructions that this processor has. Only this file can say that it has more than the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstructionSet {
    #[cfg(target_arch = "x86_64")]
    avx2: bool,
}

/// A piece of arithmetic. `run` and all that it calls must be inlined, or they stay compiled for the baseline.
pub(super) trait Work {
    fn run<S: Shape>(self);
}

/// How arithmetic is best cut for an instruction set.
pub(super) trait Shape {
    /// Rows of a matrix product computed together: as many as the registers hold.
    const ROWS: usize;

    /// `factor * other + addend`, in one instruction and one rounding where the processor can.
    fn multiply_add(factor: f32, other: f32, addend: f32) -> f32;
}

struct Fused;

impl Shape for Fused {
    const ROWS: usize = 6;

    #[inline(always)]
    fn multiply_add(factor: f32, other: f32, addend: f32) -> f32 {
        factor.mul_add(other, addend)
    }
}

#[cfg(target_arch = "x86_64")]
struct Plain;

#[cfg(target_arch = "x86_64")]
impl Shape for Plain {
    const ROWS: usize = 2;

    #[inline(always)]
    fn multiply_add(factor: f32, other: f32, addend: f32) -> f32 {
        factor * other + addend
    }
}

#[cfg(target_arch = "x86_64")]
impl InstructionSet {
    /// What every processor of the architecture has.
    #[cfg(test)]
    pub(super) const BASELINE: Self = Self { avx2: false };

    pub(super) fn detect() -> Self {
        Self {
            avx2: std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma"),
        }
    }

    pub(super) fn run(self, work: impl Work) {
        if !self.avx2 {
            return work.run::<Plain>();
        }
        // SAFETY: only `detect` sets `avx2`, once it has found both features on this processor.
        #[expect(unsafe_code, reason = "calling code compiled for instructions found at run time")]
        unsafe {
            run_avx2(work);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(work: impl Work) {
    work.run::<Fused>();
}

#[cfg(not(target_arch = "x86_64"))]
impl InstructionSet {
    #[cfg(test)]
    pub(super) const BASELINE: Self = Self {};

    pub(super) fn detect() -> Self {
        Self {}
    }

    pub(super) fn run(self, work: impl Work) {
        work.run::<Fused>();
    }
}
