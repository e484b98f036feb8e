//! Gauss-Legendre quadrature on [0, 1]: exact integrals of polynomials.

use std::f64::consts::PI;

/// Newton steps from the usual first guess; it converges quadratically, so that 8 are more than enough below
/// 100 points, and a fixed number keeps the bits the same everywhere.
const NEWTON_STEPS: usize = 8;

/// A place in (0, 1) and its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) place: f64,
    pub(super) weight: f64,
}

/// The rule that integrates polynomials up to `degree` over [0, 1] exactly (`degree / 2 + 1` points).
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 25.4.29.
pub(super) fn gauss_legendre(degree: usize) -> Vec<Point> {
    let points = degree / 2 + 1;
    (0..points)
        .map(|index| {
            let mut root = libm::cos(PI * (index as f64 + 0.75) / (points as f64 + 0.5));
            for _ in 0..NEWTON_STEPS {
                let (value, slope) = legendre(points, root);
                root -= value / slope;
            }
            let (_, slope) = legendre(points, root);
            // Half the usual place and weight, as the interval is [0, 1] and not [-1, 1].
            Point { place: f64::midpoint(1.0, root), weight: 1.0 / ((1.0 - root * root) * slope * slope) }
        })
        .collect()
}

/// Value and slope of the Legendre polynomial of a degree of at least 1, by Bonnet's recursion.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for step in 1..degree {
        let step = step as f64;
        let next = ((2.0 * step + 1.0) * x * value - step * before) / (step + 1.0);
        (before, value) = (value, next);
    }
    let slope = degree as f64 * (x * value - before) / (x * x - 1.0);
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_up_to_the_degree_integrate_exactly() {
        for degree in 0..=64 {
            let rule = gauss_legendre(degree);
            for power in 0..=degree {
                let integral: f64 =
                    rule.iter().map(|point| point.weight * point.place.powi(power as i32)).sum();
                let exact = 1.0 / (power as f64 + 1.0);
                assert!((integral / exact - 1.0).abs() < 1e-12, "x^{power} by degree {degree}: {integral}");
            }
        }
    }

    #[test]
    fn two_points_are_the_textbook_ones() {
        let rule = gauss_legendre(3);
        let distance = 0.5 / 3.0_f64.sqrt();
        assert!((rule[0].place - (0.5 + distance)).abs() < 1e-15);
        assert!((rule[1].place - (0.5 - distance)).abs() < 1e-15);
        assert!(rule.iter().all(|point| (point.weight - 0.5).abs() < 1e-15));
    }
}
