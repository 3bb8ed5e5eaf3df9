//! The table as text: one line a row, not wider than 110 columns.

use crate::client::Client;
use crate::results::{Bound, Measured, Results};
use crate::statistics::{median, spread};

const TITLE: usize = 38;
const FIGURE: usize = 12;

/// Draws it.
pub(crate) fn draw(results: &Results) -> String {
    let mut lines = vec![line("", &Client::ALL.map(|client| client.name().to_owned()), "÷ floor", "to reach", " ")];
    lines.push("─".repeat(lines[0].chars().count()));
    for measured in &results.rows {
        let figures = Client::ALL.map(|client| figure(&measured.of(client)));
        lines.push(line(&measured.row.title, &figures, &ratio(measured), &bound(measured.row.bound), mark(measured)));
    }
    lines.push(String::new());
    lines.extend(results.notes.iter().map(|note| format!("! {note}")));
    lines.join("\n")
}

fn line(title: &str, figures: &[String; 4], ratio: &str, bound: &str, mark: &str) -> String {
    let figures = figures.each_ref().map(|figure| format!("{figure:>FIGURE$}")).join(" ");
    format!("{title:TITLE$} {figures} {ratio:>7} {bound:>9} {mark}").trim_end().to_owned()
}

/// The median, and where there are several runs, how far they lie apart.
fn figure(figures: &[f64]) -> String {
    let Some(median) = median(figures) else { return "-".to_owned() };
    let spread = spread(figures).map(|spread| format!(" ±{:.0}%", spread * 100.0));
    format!("{}{}", short(median), spread.unwrap_or_default())
}

fn ratio(measured: &Measured) -> String {
    measured.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

fn mark(measured: &Measured) -> &'static str {
    match measured.is_reached() {
        None => " ",
        Some(true) => "✓",
        Some(false) => "✗",
    }
}

/// What is to be reached, in a few signs.
pub(crate) fn bound(bound: Bound) -> String {
    match bound {
        Bound::None => String::new(),
        Bound::AtMost(most) => format!("≤ {}", short(most)),
        Bound::AtLeast(least) => format!("≥ {}", short(least)),
        Bound::TimesFloor(most) => format!("≤ {most:.1}×"),
        Bound::TimesFloorAtLeast(least) => format!("≥ {least:.1}×"),
        Bound::OverFloor(most) => format!("≤ +{}", short(most)),
    }
}

/// Three digits, or all of a whole number.
fn short(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".to_owned(),
        size if size >= 99.95 => format!("{figure:.0}"),
        size if size >= 9.995 => format!("{figure:.1}"),
        size if size >= 0.9995 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{draw, short};
    use crate::client::Client;
    use crate::results::{Bound, Results, Row};

    #[test]
    fn figures_have_three_digits() {
        for (figure, expected) in [(0.0, "0"), (0.18, "0.180"), (1.0, "1.00"), (45.23, "45.2"), (99.99, "100"), (16_482.4, "16482")]
        {
            assert_eq!(short(figure), expected);
        }
    }

    #[test]
    fn a_row_shows_each_client_the_ratio_and_whether_the_bound_is_reached() {
        let mut results = Results::default();
        let row = Row::new("CPU per answered message, µs", Bound::TimesFloor(1.3));
        for (run, own) in [40.0, 60.0, 50.0].into_iter().enumerate() {
            results.run = run;
            results.add(&row, Client::Livekeeper, own);
            results.add(&row, Client::Floor, 40.0);
        }
        let table = draw(&results);
        let line = table.lines().find(|line| line.starts_with("CPU")).unwrap();
        let words: Vec<_> = line.split_whitespace().skip(5).collect();
        assert_eq!(words, ["50.0", "±20%", "40.0", "±0%", "-", "-", "1.25", "≤", "1.3×", "✓"]);
    }

    #[test]
    fn what_a_client_did_wrong_stands_below_the_rows_with_its_run() {
        let mut results = Results { run: 2, ..Results::default() };
        results.note_faults("crowd", vec!["3 connections were ended without a close frame".to_owned()]);
        let told = "! crowd, run 3: 3 connections were ended without a close frame; its figures are worth nothing";
        assert_eq!(draw(&results).lines().last(), Some(told));
    }

    #[test]
    fn no_line_is_wider_than_110_columns() {
        let mut results = Results::default();
        let row = Row::new("CPU to connect one account, ms, TLS", Bound::TimesFloorAtLeast(1.0));
        for (run, figure) in [12_345.0, 99_999.0].into_iter().enumerate() {
            results.run = run;
            for client in Client::ALL {
                results.add(&row, client, figure);
            }
        }
        assert!(draw(&results).lines().all(|line| line.chars().count() <= 110), "{}", draw(&results));
    }
}
