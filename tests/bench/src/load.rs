//! Buyers who write: each when the last one was answered (closed loop), or so many a second whatever is answered (open loop).

use std::time::{Duration, Instant};

use livekeeper_simulator::{BuyerMessage, Send, Simulator};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout, timeout_at};

use crate::Failure;
use crate::child::Child;
use crate::stand::Stand;

/// Chats of an account.
const CHATS: usize = 4;
/// For the last answers, after the last question: of 8,000 accounts that all wait, some take seconds.
const DRAIN_LIMIT: Duration = Duration::from_secs(15);
/// Between two looks at what is due in the open loop.
const TICK: Duration = Duration::from_millis(1);

/// What the answers of a time came to.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) count: u64,
    pub(crate) took: Duration,
    pub(crate) client_cpu: Duration,
    pub(crate) simulator_cpu: Duration,
    /// From a push's being written to its reply's being heard, µs, sorted.
    pub(crate) latencies_us: Vec<u64>,
    /// Questions that no answer came to.
    pub(crate) unanswered: u64,
}

/// What buyers say, and to whom next.
struct Buyers<'a> {
    simulator: &'a Simulator,
    unbs: &'a [String],
    questions: Vec<BuyerMessage>,
    asked: usize,
}

impl<'a> Buyers<'a> {
    fn new(simulator: &'a Simulator, unbs: &'a [String], text: &str) -> Self {
        let question = |chat: usize| {
            BuyerMessage::new((20_997_167_734 + chat).to_string(), (9_687_236_998_962_u64 + chat as u64).to_string(), text)
                .named("摸鱼的猫🐟")
                .about_item("526822747770")
        };
        Self { simulator, unbs, questions: (0..CHATS).map(question).collect(), asked: 0 }
    }

    /// The next account's next chat.
    fn ask_next(&mut self) {
        let unb = &self.unbs[self.asked % self.unbs.len()];
        let chat = self.asked / self.unbs.len() % CHATS;
        self.simulator.buyer_says(unb, &self.questions[chat]);
        self.asked += 1;
    }

    fn ask(&mut self, unb: &str) {
        self.simulator.buyer_says(unb, &self.questions[self.asked / self.unbs.len() % CHATS]);
        self.asked += 1;
    }
}

/// A question as buyers write them.
pub(crate) const QUESTION: &str = "在吗，这个还有货吗？可以便宜一点吗";

/// One question to each account, and the next to it as soon as it has answered.
pub(crate) async fn closed(
    simulator: &Simulator,
    child: &Child,
    unbs: &[String],
    text: &str,
    warm_up: Duration,
    window: Duration,
) -> Result<Answers, Failure> {
    let mut sends = simulator.subscribe_sends();
    let mut buyers = Buyers::new(simulator, unbs, text);
    for _ in unbs {
        buyers.ask_next();
    }
    answer_until(&mut sends, &mut buyers, Instant::now() + warm_up, &mut Answers::default()).await?;
    let mut answers = Answers::default();
    let before = (Instant::now(), child.cpu()?, Stand::own_cpu()?);
    answer_until(&mut sends, &mut buyers, before.0 + window, &mut answers).await?;
    answers.took = before.0.elapsed();
    answers.client_cpu = child.cpu()? - before.1;
    answers.simulator_cpu = Stand::own_cpu()? - before.2;
    answers.unanswered = drain(&mut sends, unbs.len() as u64, &mut answers).await;
    answers.latencies_us.sort_unstable();
    Ok(answers)
}

async fn answer_until(
    sends: &mut Receiver<Send>,
    buyers: &mut Buyers<'_>,
    until: Instant,
    answers: &mut Answers,
) -> Result<(), Failure> {
    // The last answers are not followed by a question of this time's.
    while let Ok(heard) = timeout_at(until.into(), sends.recv()).await {
        let send = heard?;
        buyers.ask(&send.unb);
        answers.count += 1;
        answers.latencies_us.extend(send.latency_us);
    }
    Ok(())
}

/// So many questions a second, to one account after the other.
pub(crate) async fn open(
    simulator: &Simulator,
    child: &Child,
    unbs: &[String],
    rate_per_s: u32,
    window: Duration,
) -> Result<Answers, Failure> {
    let mut sends = simulator.subscribe_sends();
    let mut buyers = Buyers::new(simulator, unbs, QUESTION);
    let mut answers = Answers::default();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let before = (Instant::now(), child.cpu()?, Stand::own_cpu()?);
    while before.0.elapsed() < window {
        tokio::select! {
            biased;
            _ = ticks.tick() => {
                // What is late is made up for: the rate holds, whatever the clients do.
                let due = before.0.elapsed().as_secs_f64() * f64::from(rate_per_s);
                while (buyers.asked as f64) < due {
                    buyers.ask_next();
                }
            }
            heard = sends.recv() => note(&heard?, &mut answers),
        }
    }
    answers.took = before.0.elapsed();
    answers.client_cpu = child.cpu()? - before.1;
    answers.simulator_cpu = Stand::own_cpu()? - before.2;
    let open = buyers.asked as u64 - answers.count;
    answers.unanswered = drain(&mut sends, open, &mut answers).await;
    answers.latencies_us.sort_unstable();
    Ok(answers)
}

fn note(send: &Send, answers: &mut Answers) {
    answers.count += 1;
    answers.latencies_us.extend(send.latency_us);
}

/// Hears what is still under way; how many never came. Of the closed loop's, neither count nor latency is changed by more than one
/// question of each account.
async fn drain(sends: &mut Receiver<Send>, mut open: u64, answers: &mut Answers) -> u64 {
    let hearing = async {
        while open > 0 {
            match sends.recv().await {
                Ok(send) => answers.latencies_us.extend(send.latency_us),
                Err(RecvError::Lagged(missed)) => open = open.saturating_sub(missed),
                Err(RecvError::Closed) => return,
            }
            open = open.saturating_sub(1);
        }
    };
    // What has not come by then is what is told.
    let _ = timeout(DRAIN_LIMIT, hearing).await;
    open
}
