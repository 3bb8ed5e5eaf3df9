//! Buyers who write: each when the last one was answered (closed loop), or so many a second whatever is answered (open loop).

use std::collections::HashSet;
use std::time::{Duration, Instant};

use livekeeper_simulator::{BuyerMessage, Send, Simulator};
use tokio::sync::broadcast::Receiver;
use tokio::time::{MissedTickBehavior, interval, timeout_at};

use crate::Failure;
use crate::child::Child;
use crate::stand::Stand;

/// Chats of an account in the closed loop, where one question is open at a time.
const CHATS: usize = 4;
/// The same in the open loop: so many that a slow client's open questions are hardly ever two in one chat. The simulator could
/// not say then which of them a send answers.
const OPEN_CHATS: usize = 64;
/// For the last answers, after the last question: of 10,000 accounts that all wait, some take seconds.
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
    /// Sends that answered no question, or one that was answered already.
    pub(crate) strays: u64,
}

impl Answers {
    fn note(&mut self, send: &Send) {
        self.count += 1;
        self.latencies_us.extend(send.latency_us);
    }
}

/// What buyers say, to whom next, and what they wait for.
struct Buyers<'a> {
    simulator: &'a Simulator,
    unbs: &'a [String],
    questions: Vec<BuyerMessage>,
    asked: usize,
    /// The questions without an answer, by their messages' ids.
    open: HashSet<String>,
    strays: u64,
}

impl<'a> Buyers<'a> {
    fn new(simulator: &'a Simulator, unbs: &'a [String], text: &str, chats: usize) -> Self {
        let question = |chat: usize| {
            BuyerMessage::new((20_997_167_734 + chat).to_string(), (9_687_236_998_962_u64 + chat as u64).to_string(), text)
                .named("摸鱼的猫🐟")
                .about_item("526822747770")
        };
        let questions = (0..chats).map(question).collect();
        Self { simulator, unbs, questions, asked: 0, open: HashSet::new(), strays: 0 }
    }

    /// The next account's next chat.
    fn ask_next(&mut self) {
        self.ask(&self.unbs[self.asked % self.unbs.len()]);
    }

    fn ask(&mut self, unb: &str) {
        let chat = self.asked / self.unbs.len() % self.questions.len();
        self.open.insert(self.simulator.buyer_says(unb, &self.questions[chat]));
        self.asked += 1;
    }

    /// Whether a send is the first answer to a question; another is noted.
    fn hear(&mut self, send: &Send) -> bool {
        let is_answer = send.in_reply_to.as_ref().is_some_and(|question| self.open.remove(question));
        self.strays += u64::from(!is_answer);
        is_answer
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
    let mut buyers = Buyers::new(simulator, unbs, text, CHATS);
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
    drain(&mut sends, &mut buyers, &mut answers).await?;
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
        if buyers.hear(&send) {
            answers.note(&send);
            buyers.ask(&send.unb);
        }
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
    let mut buyers = Buyers::new(simulator, unbs, QUESTION, OPEN_CHATS);
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
            heard = sends.recv() => {
                let send = heard?;
                if buyers.hear(&send) {
                    answers.note(&send);
                }
            }
        }
    }
    answers.took = before.0.elapsed();
    answers.client_cpu = child.cpu()? - before.1;
    answers.simulator_cpu = Stand::own_cpu()? - before.2;
    drain(&mut sends, &mut buyers, &mut answers).await?;
    Ok(answers)
}

/// Hears what is still under way, and notes how many answers never came. Of the closed loop's, no latency is changed by more than one
/// question of each account; the count is the time's own.
async fn drain(sends: &mut Receiver<Send>, buyers: &mut Buyers<'_>, answers: &mut Answers) -> Result<(), Failure> {
    let until = Instant::now() + DRAIN_LIMIT;
    // What has not come by then is what is told.
    while !buyers.open.is_empty()
        && let Ok(heard) = timeout_at(until.into(), sends.recv()).await
    {
        let send = heard?;
        if buyers.hear(&send) {
            answers.latencies_us.extend(send.latency_us);
        }
    }
    answers.unanswered = buyers.open.len() as u64;
    answers.strays = buyers.strays;
    answers.latencies_us.sort_unstable();
    Ok(())
}

#[cfg(test)]
mod tests {
    use livekeeper_simulator::{Options, Send, SendContent, SendOutcome, Simulator};

    use super::{Buyers, QUESTION};

    fn send(in_reply_to: Option<&str>) -> Send {
        Send {
            unb: "1".to_owned(),
            chat_id: "7".to_owned(),
            peer_id: "9".to_owned(),
            content: SendContent::Text("在的".to_owned()),
            uuid: "-11".to_owned(),
            mid: "1 0".to_owned(),
            message_id: None,
            outcome: SendOutcome::Accepted,
            at_ms: 0,
            in_reply_to: in_reply_to.map(str::to_owned),
            latency_us: None,
        }
    }

    #[tokio::test]
    async fn only_the_first_send_that_answers_a_question_counts() {
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let unbs = ["1".to_owned()];
        let mut buyers = Buyers::new(&simulator, &unbs, QUESTION, 1);
        buyers.ask_next();
        let question = buyers.open.iter().next().cloned();
        for (given, is_answer, open, strays) in [
            (send(None), false, 1, 1),
            (send(Some("another")), false, 1, 2),
            (send(question.as_deref()), true, 0, 2),
            (send(question.as_deref()), false, 0, 3),
        ] {
            assert_eq!((buyers.hear(&given), buyers.open.len(), buyers.strays), (is_answer, open, strays), "{given:?}");
        }
        simulator.stop().await;
    }
}
