//! Printing: medians, rates and ratios in columns.

/// The middle of several measurements.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which a share of several measurements lies; 1 is the largest. None where nothing
/// was measured.
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied()
}

/// Prints a row: its name, and cells that end where their headings end.
pub fn row(name: &str, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!(" {cell:>13}")).collect();
    println!("{name:<18}{cells}");
}

/// A number with its digits in groups of three.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A ratio, with as many digits as it deserves.
pub fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let numbers = [0.0, 999.4, 1_000.0, 1_234_567.0];
        assert_eq!(numbers.map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(&mut [9.0, 1.0, 5.0]), 5.0);
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn a_quantile_is_one_of_the_measurements() {
        let mut values: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert_eq!(
            [0.0, 0.5, 0.95, 1.0].map(|share| quantile(&mut values, share)),
            [1.0, 51.0, 96.0, 101.0].map(Some)
        );
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
