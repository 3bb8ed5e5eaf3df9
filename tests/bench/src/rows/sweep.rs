//! What a message costs against the number of accounts, and of keyword rules.

use super::answers::{complete, cpu_us, measure};
use super::{Scale, attempt, clients};
use crate::Failure;
use crate::cli::Settings;
use crate::client::Client;
use crate::load;
use crate::results::{Bound, Results, Row};
use crate::stand::Stand;

const ACCOUNTS: [usize; 4] = [10, 100, 1_000, 10_000];
const RULES: [usize; 4] = [10, 100, 1_000, 10_000];
/// With 10,000 rules each they have a million.
const ACCOUNTS_WITH_RULES: usize = 20;
/// What the usual question is filled up to, in characters.
const LONG: usize = 200;

pub(super) async fn accounts(settings: &Settings, scale: &Scale, results: &mut Results) -> Result<(), Failure> {
    for accounts in ACCOUNTS {
        for client in clients(&Client::RUST, settings, results.run) {
            eprintln!("  {}: {accounts} accounts", client.name());
            let measured = measure(settings, scale, client, accounts, false, results).await;
            let Some(answers) = attempt(results, "accounts", client, measured) else { continue };
            results.add(&Row::new(format!("CPU per message, {accounts} accounts, µs"), Bound::None), client, cpu_us(&answers));
        }
    }
    Ok(())
}

/// A message of 200 characters, of which only the last rule's keyword matches.
pub(super) async fn rules(settings: &Settings, scale: &Scale, results: &mut Results) -> Result<(), Failure> {
    let text: String = "这件衣服的颜色和尺码还可以再选一下".chars().cycle().take(LONG - 2).chain("在吗".chars()).collect();
    for rules in RULES {
        eprintln!("  {rules} rules");
        let stand = Stand::new(settings, false).await?;
        let measured = async {
            let running = stand.start_with_rules(Client::Livekeeper, ACCOUNTS_WITH_RULES, rules).await?;
            let answers = load::closed(&stand.simulator, &running.child, &running.unbs, &text, scale.warm_up, scale.window).await?;
            running.child.end().await?;
            complete(answers)
        };
        let measured = measured.await;
        if let Some(answers) = attempt(results, "rules", Client::Livekeeper, measured) {
            let row = Row::new(format!("CPU per message, {rules} rules, µs"), Bound::None);
            results.add(&row, Client::Livekeeper, cpu_us(&answers));
        }
        results.note_faults("rules", stand.end().await);
    }
    Ok(())
}
