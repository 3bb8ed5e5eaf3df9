//! What was measured: rows of figures by client and run, and whether livekeeper reaches what it is to reach.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::statistics::median;

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Only looked at.
    None,
    /// Livekeeper's figure, at most.
    AtMost(f64),
    /// Livekeeper's figure, at least.
    AtLeast(f64),
    /// Of the floor's figure in the same run, at most.
    TimesFloor(f64),
    /// Of the floor's figure in the same run, at least.
    TimesFloorAtLeast(f64),
    /// Over the floor's figure in the same run, at most.
    OverFloor(f64),
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// What it is, with its unit.
    pub(crate) title: String,
    pub(crate) bound: Bound,
}

impl Row {
    pub(crate) fn new(title: impl Into<String>, bound: Bound) -> Self {
        Self { title: title.into(), bound }
    }
}

/// A row's figures.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) row: Row,
    /// By client, then by run.
    figures: BTreeMap<Client, BTreeMap<usize, f64>>,
}

impl Measured {
    /// A client's figures, a run each.
    pub(crate) fn of(&self, client: Client) -> Vec<f64> {
        self.figures.get(&client).map(|runs| runs.values().copied().collect()).unwrap_or_default()
    }

    /// Livekeeper's figure as a multiple of the floor's in the same run: the median.
    pub(crate) fn ratio(&self) -> Option<f64> {
        median(&self.beside_floor(|own, floor| own / floor))
    }

    /// Whether livekeeper reaches what it is to reach; `None` where there is nothing to reach, or nothing was measured.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        let own = median(&self.of(Client::Livekeeper));
        match self.row.bound {
            Bound::None => None,
            Bound::AtMost(most) => Some(own? <= most),
            Bound::AtLeast(least) => Some(own? >= least),
            Bound::TimesFloor(most) => Some(self.ratio()? <= most),
            Bound::TimesFloorAtLeast(least) => Some(self.ratio()? >= least),
            Bound::OverFloor(most) => Some(median(&self.beside_floor(|own, floor| own - floor))? <= most),
        }
    }

    fn beside_floor(&self, compare: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let (Some(own), Some(floor)) = (self.figures.get(&Client::Livekeeper), self.figures.get(&Client::Floor)) else {
            return Vec::new();
        };
        own.iter().filter_map(|(run, own)| Some(compare(*own, *floor.get(run)?))).collect()
    }
}

/// All rows, in the order in which they were first measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Measured>,
    /// What could not be measured and why; what clients did wrong while they were measured.
    pub(crate) notes: Vec<String>,
    pub(crate) run: usize,
}

impl Results {
    /// Notes a figure of the present run.
    pub(crate) fn add(&mut self, row: &Row, client: Client, figure: f64) {
        let place = self.rows.iter().position(|measured| measured.row == *row).unwrap_or_else(|| {
            self.rows.push(Measured { row: row.clone(), figures: BTreeMap::new() });
            self.rows.len() - 1
        });
        self.rows[place].figures.entry(client).or_default().insert(self.run, figure);
    }

    /// Notes what clients did wrong in the present run.
    pub(crate) fn note_faults(&mut self, scenario: &str, faults: Vec<String>) {
        for fault in faults {
            self.note(format!("{scenario}, run {}: {fault}; its figures are worth nothing", self.run + 1));
        }
    }

    /// Notes something once.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            eprintln!("  {note}");
            self.notes.push(note);
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let rows = self.rows.iter().map(|measured| {
            let figures: BTreeMap<_, _> = Client::ALL.iter().map(|client| (client.name(), measured.of(*client))).collect();
            json!({
                "row": measured.row.title, "figures": figures, "ratio": measured.ratio(),
                "bound": crate::table::bound(measured.row.bound), "reached": measured.is_reached(),
            })
        });
        json!({"rows": rows.collect::<Vec<_>>(), "notes": self.notes})
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Results, Row};
    use crate::client::Client;

    fn measured(bound: Bound, runs: &[(f64, f64)]) -> Results {
        let mut results = Results::default();
        for (run, (own, floor)) in runs.iter().enumerate() {
            results.run = run;
            results.add(&Row::new("cost", bound), Client::Livekeeper, *own);
            results.add(&Row::new("cost", bound), Client::Floor, *floor);
        }
        results
    }

    #[test]
    fn a_ratio_is_the_median_of_the_runs_ratios_and_not_the_ratio_of_medians() {
        let results = measured(Bound::None, &[(10.0, 10.0), (30.0, 20.0), (100.0, 10.0)]);
        assert_eq!(results.rows.len(), 1);
        assert_eq!(results.rows[0].ratio(), Some(1.5));
    }

    #[test]
    fn each_kind_of_bound_can_be_reached_and_missed() {
        let runs = [(12.0, 10.0)];
        for (bound, expected) in [
            (Bound::None, None),
            (Bound::AtMost(12.0), Some(true)),
            (Bound::AtMost(11.0), Some(false)),
            (Bound::AtLeast(12.0), Some(true)),
            (Bound::AtLeast(13.0), Some(false)),
            (Bound::TimesFloor(1.2), Some(true)),
            (Bound::TimesFloor(1.1), Some(false)),
            (Bound::TimesFloorAtLeast(1.0), Some(true)),
            (Bound::TimesFloorAtLeast(1.3), Some(false)),
            (Bound::OverFloor(2.0), Some(true)),
            (Bound::OverFloor(1.0), Some(false)),
        ] {
            assert_eq!(measured(bound, &runs).rows[0].is_reached(), expected, "{bound:?}");
        }
    }

    #[test]
    fn a_run_that_only_one_of_the_two_has_gives_no_ratio() {
        let mut results = measured(Bound::TimesFloor(1.0), &[]);
        results.add(&Row::new("cost", Bound::TimesFloor(1.0)), Client::Livekeeper, 1.0);
        assert_eq!((results.rows[0].ratio(), results.rows[0].is_reached()), (None, None));
    }
}
