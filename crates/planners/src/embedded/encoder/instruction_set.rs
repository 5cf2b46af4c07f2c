//! Which of the processor's instructions the arithmetic may use: found out once, when the model is loaded.
//!
//! The binary is built for the oldest processor of its architecture. Each piece of arithmetic ([`Work`]) is compiled
//! twice, once for that and once for AVX2 with fused multiply-add, and the better one the processor has is run.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstructionSet {
    /// What every processor of the architecture has.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
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

impl InstructionSet {
    #[cfg(target_arch = "x86_64")]
    pub(super) fn detect() -> Self {
        let avx2 = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        if avx2 { Self::Avx2 } else { Self::Baseline }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn detect() -> Self {
        Self::Baseline
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn run(self, work: impl Work) {
        match self {
            Self::Baseline => work.run::<Plain>(),
            // SAFETY: `detect`, the only maker of `Avx2`, has found both features on this processor.
            #[expect(
                unsafe_code,
                reason = "calling code compiled for instructions found at run time"
            )]
            Self::Avx2 => unsafe { run_avx2(work) },
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn run(self, work: impl Work) {
        match self {
            Self::Baseline => work.run::<Fused>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(work: impl Work) {
    work.run::<Fused>();
}
