use std::collections::BTreeMap;
use std::iter;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{ACCOUNT_BURST, CHAT_BURST, MAX_CHATS, Pacing};

const SECOND: Duration = Duration::from_secs(1);

/// When the next message into a chat may go, with nothing under way.
fn next(pacing: &Pacing, chat_id: &str, now: Instant) -> Duration {
    pacing.at(now, iter::empty()).next_send(chat_id).unwrap() - now
}

#[test]
fn after_a_pause_a_few_go_at_once_and_then_as_many_a_second_as_the_rate_says() {
    let start = Instant::now();
    for (per_s, interval) in [(1.0, SECOND), (0.01, 100 * SECOND), (10_000.0, SECOND / 10_000)] {
        let mut pacing = Pacing::new(10_000.0, per_s);
        for _ in 0..CHAT_BURST {
            assert_eq!(next(&pacing, "a", start), Duration::ZERO);
            pacing.sent("a", start);
        }
        assert_eq!(next(&pacing, "a", start), interval, "{per_s}");
        assert_eq!(next(&pacing, "a", start + interval / 2), interval - interval / 2);
        pacing.sent("a", start + interval);
        assert_eq!(next(&pacing, "a", start + interval), interval);
        // Another chat is not held up; and all of it comes back after a pause.
        assert_eq!(next(&pacing, "b", start + interval), Duration::ZERO);
        assert_eq!(next(&pacing, "a", start + interval * (CHAT_BURST + 1)), Duration::ZERO);
    }
}

#[test]
fn all_chats_together_go_no_faster_than_the_account() {
    let start = Instant::now();
    let mut pacing = Pacing::new(5.0, 1.0);
    for chat in 0..ACCOUNT_BURST {
        assert_eq!(next(&pacing, "new", start), Duration::ZERO);
        pacing.sent(&chat.to_string(), start);
    }
    assert_eq!(next(&pacing, "new", start), SECOND / 5);
}

#[test]
fn what_is_under_way_has_its_tokens_and_a_chat_without_one_is_told_when_it_is_written() {
    let start = Instant::now();
    let mut pacing = Pacing::new(5.0, 1.0);
    let next = |pacing: &Pacing, chats: &[&str], now| pacing.at(now, chats.iter().copied()).next_send("a").map(|at| at - now);
    assert_eq!(next(&pacing, &["a", "a", "b"], start), Some(Duration::ZERO));
    assert_eq!(next(&pacing, &["a", "a", "a"], start), None);
    assert_eq!(next(&pacing, &["b"; ACCOUNT_BURST as usize], start), None);
    pacing.sent("a", start);
    assert_eq!(next(&pacing, &["a"], start), Some(Duration::ZERO));
    // The last of the three tokens is back after a second.
    assert_eq!(next(&pacing, &["a", "a"], start), Some(SECOND));
    assert_eq!(next(&pacing, &["a", "a"], start + SECOND), Some(Duration::ZERO));
}

#[test]
fn a_reply_of_two_parts_is_lent_the_second_and_it_is_paid_back() {
    let start = Instant::now();
    let mut pacing = Pacing::new(10_000.0, 1.0);
    for _ in 0..=CHAT_BURST {
        pacing.sent("a", start);
    }
    assert_eq!(next(&pacing, "a", start), 2 * SECOND);
}

#[test]
fn chats_are_forgotten_when_they_may_send_as_if_nothing_had_been_and_there_are_never_too_many() {
    let start = Instant::now();
    let mut pacing = Pacing::new(10_000.0, 1.0);
    for chat in 0..1_000 {
        pacing.sent(&chat.to_string(), start + SECOND * chat);
        assert!(pacing.chats.len() <= 16, "{}", pacing.chats.len());
    }
    let mut slow = Pacing::new(10_000.0, 0.01);
    for chat in 0..3 * u32::try_from(MAX_CHATS).unwrap() {
        slow.sent(&chat.to_string(), start + Duration::from_micros(chat.into()));
        assert!(slow.chats.len() <= MAX_CHATS);
    }
    // What was sent last is remembered best.
    assert!(slow.chats.contains_key(&(3 * MAX_CHATS - 1).to_string()));
}

/// One that wants to be sent.
struct Wish {
    chat: usize,
    parts: u32,
}

/// At any time some want to be sent, the store takes its time, and each goes as soon as it may: the service never sees more in any
/// span of time than the rate and the burst allow (and one lent part), the order of a chat is kept, and nothing waits for ever.
#[test]
fn whatever_is_wanted_no_span_of_time_sees_more_than_rate_and_burst_and_a_chat_keeps_its_order() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let (per_s, chat_per_s) = (random.random_range(0.5..20.0), random.random_range(0.2..5.0));
        let mut pacing = Pacing::new(per_s, chat_per_s);
        let chats: Vec<String> = (0..random.random_range(1..8)).map(|chat| format!("chat {chat}")).collect();
        let start = Instant::now();
        let mut now = start;
        let mut wishes: Vec<(usize, Wish)> = (0..60)
            .map(|number| (number, Wish { chat: random.random_range(0..chats.len()), parts: random.random_range(1..=2) }))
            .collect();
        let mut under_way: Vec<(usize, Wish)> = Vec::new();
        let mut written: Vec<(Instant, usize, usize)> = Vec::new();
        while !wishes.is_empty() || !under_way.is_empty() {
            // The store has done some of what it has, in its order.
            for (number, wish) in under_way.drain(..random.random_range(0..=under_way.len())) {
                for _ in 0..wish.parts {
                    pacing.sent(&chats[wish.chat], now);
                    written.push((now, wish.chat, number));
                }
            }
            loop {
                let reserved = under_way.iter().flat_map(|(_, wish)| iter::repeat_n(&*chats[wish.chat], wish.parts as usize));
                let moment = pacing.at(now, reserved);
                let Some(place) = wishes.iter().position(|(_, wish)| moment.may_send(&chats[wish.chat])) else { break };
                under_way.push(wishes.remove(place));
            }
            now += Duration::from_millis(random.random_range(0..400));
            assert!(now - start < 2_000 * SECOND, "seed {seed}: {} wait for ever", wishes.len());
        }

        let mut of_chats: BTreeMap<usize, Vec<(Instant, usize)>> = BTreeMap::new();
        for (at, chat, number) in &written {
            of_chats.entry(*chat).or_default().push((*at, *number));
        }
        let holds = |times: &[Instant], per_s: f64, burst: u32| {
            (0..times.len()).all(|from| {
                (from..times.len()).all(|to| {
                    let allowed = (times[to] - times[from]).as_secs_f64() * per_s + f64::from(burst) + 1.0;
                    f64::from(u32::try_from(to - from + 1).unwrap()) <= allowed + 1e-6
                })
            })
        };
        let times: Vec<_> = written.iter().map(|(at, ..)| *at).collect();
        assert!(holds(&times, per_s, ACCOUNT_BURST), "seed {seed}");
        for of_chat in of_chats.values() {
            assert!(of_chat.is_sorted_by_key(|(_, number)| *number), "seed {seed}");
            assert!(holds(&of_chat.iter().map(|(at, _)| *at).collect::<Vec<_>>(), chat_per_s, CHAT_BURST), "seed {seed}");
        }
    }
}
