//! Medians, percentiles and spreads.

/// The middle of some figures; of an even number, the mean of the two in the middle. `None`: there are none.
pub(crate) fn median(figures: &[f64]) -> Option<f64> {
    let sorted = sorted(figures);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Half of what lies between the least and the greatest, as a part of the median.
pub(crate) fn spread(figures: &[f64]) -> Option<f64> {
    let (sorted, median) = (sorted(figures), median(figures)?);
    let range = sorted.last()? - sorted.first()?;
    (sorted.len() > 1 && median != 0.0).then(|| range / 2.0 / median.abs())
}

/// The least figure that at least this part (0 … 1) of all of them does not exceed.
pub(crate) fn percentile(sorted: &[u64], part: f64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let place = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(place.max(1) - 1).copied()
}

fn sorted(figures: &[f64]) -> Vec<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::{median, percentile, spread};

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_there() {
        for (figures, expected) in
            [(&[][..], None), (&[3.0], Some(3.0)), (&[9.0, 1.0, 2.0], Some(2.0)), (&[4.0, 1.0, 2.0, 9.0], Some(3.0))]
        {
            assert_eq!(median(figures), expected, "{figures:?}");
        }
    }

    #[test]
    fn the_spread_is_half_the_range_as_a_part_of_the_median() {
        for (figures, expected) in [(&[10.0][..], None), (&[9.0, 10.0, 13.0], Some(0.2)), (&[0.0, 0.0], None)] {
            assert_eq!(spread(figures), expected, "{figures:?}");
        }
    }

    #[test]
    fn a_percentile_is_a_figure_that_was_seen() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (part, expected) in [(0.5, 50), (0.99, 99), (0.999, 100), (0.0, 1)] {
            assert_eq!(percentile(&hundred, part), Some(expected), "{part}");
        }
        assert_eq!(percentile(&[], 0.5), None);
    }
}
