//! Which instructions evaluation uses, chosen when it runs.
#![expect(unsafe_code, reason = "functions for instructions that a processor may lack are unsafe to call")]

use super::bins::{BinColumn, bin_column};
use super::block;
use super::plan::{GroupPlanes, Plan};
use super::plane::{ROWS, Sum};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// Instructions that this machine has. A value is only made where they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// Those of this machine, the fastest first. The last needs nothing that Rust does not ask of every processor.
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vbmi")
            {
                sets.push(Self(Kind::Avx512));
            }
            if is_x86_feature_detected!("avx2") {
                sets.push(Self(Kind::Avx2));
            }
        }
        sets.push(Self(Kind::Portable));
        sets
    }

    pub(super) fn fastest() -> Self {
        Self::available().first().copied().unwrap_or(Self(Kind::Portable))
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
        }
    }

    /// [`block::margins`].
    pub(super) fn margins<S: Sum>(
        self,
        plan: &Plan,
        bins: &[[u8; ROWS]],
        planes: &mut GroupPlanes,
        margins: &mut [S; ROWS],
    ) {
        match self.0 {
            Kind::Portable => block::margins::<u64, S>(plan, bins, planes, margins),
            // SAFETY: the value was made where AVX2 is.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2::margins(plan, bins, planes, margins) },
            // SAFETY: the value was made where the four extensions are.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512::margins(plan, bins, planes, margins) },
        }
    }

    /// [`bin_column`].
    pub(super) fn bin(self, column: &BinColumn, values: &[f32], bins: &mut [u8; ROWS]) {
        match self.0 {
            Kind::Portable => bin_column(column, values, bins),
            // SAFETY: the value was made where AVX2 is.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2::bin_column(column, values, bins) },
            // SAFETY: the value was made where the four extensions are.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512::bin_column(column, values, bins) },
        }
    }
}
