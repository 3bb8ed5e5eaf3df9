//! For each rule a fault that breaks it, planted into a short day: the oracle must name that rule.

use super::day::{Day, Plant};
use super::oracle::Rule;

#[test]
fn each_planted_fault_is_found_by_its_rule_and_a_day_without_one_is_clean() {
    let day = |plant| {
        let seen = Day { accounts: 60, hours: 6, calls_per_hour: 300.0, ..Day::of_a_thousand(1, plant) }.run();
        seen.violations
    };
    assert_eq!(day(Plant::Nothing), []);
    for (plant, rule) in [
        (Plant::SecondSession, Rule::OneSession),
        (Plant::StartsTheUnwanted, Rule::OnlyTheWanted),
        (Plant::WorkNotRegistered, Rule::NoWorkOfAnEarlierSession),
        (Plant::SendFromAnOldEpoch, Rule::NoSendFromAnOldEpoch),
        (Plant::ReplyWhilePaused, Rule::NoReplyWhilePaused),
        (Plant::ConnectsTooFast, Rule::ConnectRate),
        (Plant::ConnectsTooManyAtOnce, Rule::ConnectsAtOnce),
        (Plant::RemovalNotDone, Rule::AcknowledgedIsDone),
        (Plant::CallsOutOfOrder, Rule::CommandsInOrder),
        (Plant::ParksTooLate, Rule::ParkedStaysParked),
        (Plant::AccountForgotten, Rule::NobodyIsForgotten),
        (Plant::DesiredOverwritten, Rule::DesiredStands),
        (Plant::StopsTooSlowly, Rule::StopKeepsItsLimits),
        (Plant::EventsLost, Rule::EventsAreAChain),
    ] {
        let found = day(plant);
        assert!(found.iter().any(|violation| violation.rule == rule), "{plant:?} was not found by {rule:?}: {found:?}");
    }
}
