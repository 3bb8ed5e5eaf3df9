//! Buyers who write by themselves, for demos and for load.

use std::time::Duration;

use livekeeper_simulator::{BuyerMessage, Simulator};
use tokio::time::{MissedTickBehavior, interval};

use super::command::ITEM;

/// Writes this many messages a second, to the online accounts in turn; for ever, and with 0 nothing.
pub(crate) async fn talk(simulator: Simulator, messages_per_second: f64) {
    if messages_per_second <= 0.0 {
        return std::future::pending().await;
    }
    let texts = ["还在吗？", "最低多少钱", "包邮吗", "可以小刀吗😀", "什么时候发货"];
    let mut ticks = interval(Duration::from_secs_f64(1.0 / messages_per_second));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0_usize.. {
        ticks.tick().await;
        let online: Vec<_> = simulator.accounts().into_iter().filter(|unb| simulator.online(unb)).collect();
        let Some(unb) = online.get(number % online.len().max(1)) else { continue };
        let buyer = 3_300_000_000_000_u64 + (number % 1_000) as u64;
        let message = BuyerMessage::new(format!("{buyer}7"), buyer.to_string(), texts[number % texts.len()]).about_item(ITEM);
        simulator.buyer_says(unb, &message);
    }
}
