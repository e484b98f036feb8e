//! Thresholds: turning a library's f64 split value into the f32 that decides every f32 input the same.

/// The f32 `t` for which `x < t` holds for exactly those f32 `x` with `x < threshold`; NaN stays NaN.
///
/// `t` is the smallest f32 not below `threshold`. If `x < threshold` then `x < t`. If `x < t`, then `x` is at
/// most the f32 before `t`, which is below `threshold` because `t` is the smallest that is not. Beyond the range
/// of f32 the result is infinite (every finite input goes left) or -[`f32::MAX`] (none does).
pub fn deciding_threshold(threshold: f64) -> f32 {
    // The cast rounds to nearest, so it is either the wanted value or the one just below it.
    let nearest = threshold as f32;
    if f64::from(nearest) < threshold { nearest.next_up() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_f64() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits))),
            // One f64 step from an f32: where a careless cast goes wrong.
            any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits)).next_up()),
            any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits)).next_down()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn f32_threshold_decides_like_the_f64_one(threshold in any_f64(), bits in any::<u32>()) {
            let converted = deciding_threshold(threshold);
            // The neighbours of the result are where the two could differ; the random input covers the rest.
            let near = [converted, converted.next_up(), converted.next_down(), f32::from_bits(bits)];
            let fixed = [0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
            for x in near.into_iter().chain(fixed) {
                prop_assert_eq!(f64::from(x) < threshold, x < converted, "x = {:e}, t = {:e}", x, threshold);
            }
        }
    }

    #[test]
    fn beyond_f32_every_or_no_finite_input_goes_left() {
        assert_eq!(deciding_threshold(1e300).to_bits(), f32::INFINITY.to_bits());
        assert_eq!(deciding_threshold(-1e300).to_bits(), f32::MIN.to_bits());
        assert_eq!(deciding_threshold(f64::NEG_INFINITY).to_bits(), f32::NEG_INFINITY.to_bits());
        assert_eq!(deciding_threshold(1e-300).to_bits(), f32::from_bits(1).to_bits());
    }
}
