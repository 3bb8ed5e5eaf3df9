//! Replays, lost connections, takeovers, pauses and restarts in any order: each message is answered at most once, and none while a
//! person is in charge. The oracle is what the simulator heard, against what the buyers, the person and the host did.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use livekeeper::{Config, CookieManager, DecisionCode, DefaultReply, KeywordRule, MessageTrace, ReplyRequest};
use livekeeper_simulator::{BuyerMessage, Options, SimulatorThread};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, assert_no_violations, config, simulator, wait};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};

const CASES: u32 = 40;
const UNB: &str = "1001";
const BUYER: &str = "9687236998962";
/// Beside the one that hears the last word.
const CHATS: u8 = 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    BuyerSays {
        chat: u8,
        to: Answerer,
    },
    /// Pushes one of the buyers' messages again.
    Replay(u8),
    /// A person writes by hand.
    TakeOver {
        chat: u8,
    },
    /// The host gives the chat back.
    Resume {
        chat: u8,
    },
    PauseAccount,
    ResumeAccount,
    LoseConnection,
    Restart,
}

/// Whose message it is to answer.
#[derive(Debug, Clone, Copy)]
enum Answerer {
    Rule,
    Handler,
    Default,
}

fn step() -> impl Strategy<Value = Step> {
    let chat = || 0..CHATS;
    let to = prop_oneof![Just(Answerer::Rule), Just(Answerer::Handler), Just(Answerer::Default)];
    prop_oneof![
        6 => (chat(), to).prop_map(|(chat, to)| Step::BuyerSays { chat, to }),
        3 => any::<u8>().prop_map(Step::Replay),
        2 => chat().prop_map(|chat| Step::TakeOver { chat }),
        1 => chat().prop_map(|chat| Step::Resume { chat }),
        1 => Just(Step::PauseAccount),
        1 => Just(Step::ResumeAccount),
        2 => Just(Step::LoseConnection),
        1 => Just(Step::Restart),
    ]
}

/// A message of a buyer's, and whether it may be answered.
struct Said {
    message_id: String,
    chat: u8,
    may_be_answered: bool,
}

struct World {
    simulator: SimulatorThread,
    config: Config,
    store: std::path::PathBuf,
    manager: Option<CookieManager>,
    /// By its text, which no other has.
    said: BTreeMap<String, Said>,
    taken: BTreeSet<u8>,
    is_paused: bool,
}

impl World {
    fn new(scratch: &Scratch, debounce_s: f64) -> Self {
        // A slow disk is no fault here: the push waits for it as long as anything else.
        let simulator = simulator(Options { ack_timeout: LIMIT, ..Options::default() });
        let mut config = config(&simulator);
        config.debounce_s = debounce_s;
        let store = scratch.join("shop.db");
        let mut world =
            Self { simulator, config, store, manager: None, said: BTreeMap::new(), taken: BTreeSet::new(), is_paused: false };
        world.open();
        let rules = vec![KeywordRule::new("rule", "re {send_message}")];
        world.manager().add_cookie("shop", &world.simulator.cookie(UNB), Some(rules), None).wait().unwrap();
        let default = DefaultReply::new("re {send_message}");
        world.manager().set_default_reply("shop", Some(default), None).wait().unwrap();
        wait(world.manager(), "shop", ONLINE);
        world
    }

    fn open(&mut self) {
        let manager = CookieManager::open(&self.store, self.config.clone()).unwrap();
        let handler = |request: &ReplyRequest| {
            let text = &request.message.text;
            Ok(text.starts_with("handler").then(|| format!("re {text}").into()))
        };
        manager.set_reply_handler(Some(Arc::new(handler)), LIMIT_S).unwrap();
        self.manager = Some(manager);
    }

    fn manager(&self) -> &CookieManager {
        self.manager.as_ref().unwrap()
    }

    fn say(&mut self, chat: u8, to: Answerer) {
        let kind = match to {
            Answerer::Rule => "rule",
            Answerer::Handler => "handler",
            Answerer::Default => "default",
        };
        let text = format!("{kind} {}", self.said.len());
        let message_id = self.simulator.buyer_says(UNB, &BuyerMessage::new(chat_id(chat), BUYER, &text));
        let may_be_answered = !self.is_paused && !self.taken.contains(&chat);
        self.said.insert(text, Said { message_id, chat, may_be_answered });
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::BuyerSays { chat, to } => self.say(chat, to),
            Step::Replay(place) => {
                if let Some(said) = self.said.values().nth(usize::from(place) % self.said.len().max(1)) {
                    self.simulator.replay(UNB, &said.message_id);
                }
            }
            Step::TakeOver { chat } => {
                let by_hand = self.simulator.seller_says(UNB, &chat_id(chat), BUYER, &format!("by hand in {chat}"));
                // From when it is on record the person is in charge.
                assert_eq!(self.decided(&by_hand).decision, Some(DecisionCode::ByHand));
                self.taken.insert(chat);
            }
            Step::Resume { chat } => {
                self.settle();
                self.manager().resume_chat("shop", &chat_id(chat)).wait().unwrap();
                self.taken.remove(&chat);
            }
            Step::PauseAccount => {
                self.manager().pause("shop").wait().unwrap();
                self.is_paused = true;
            }
            Step::ResumeAccount => {
                self.settle();
                self.manager().resume("shop").wait().unwrap();
                self.is_paused = false;
            }
            Step::LoseConnection => self.simulator.drop_connection(UNB),
            Step::Restart => {
                let manager = self.manager.take().unwrap();
                manager.close(LIMIT_S).wait().unwrap();
                self.open();
            }
        }
    }

    /// Waits until everything that was said is decided, and every send is over.
    fn settle(&self) {
        for said in self.said.values() {
            self.decided(&said.message_id);
        }
    }

    fn decided(&self, message_id: &str) -> MessageTrace {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            let messages = self.manager().messages("shop", None, 1_000).wait().unwrap();
            let found = messages.into_iter().find(|message| message.message_id == message_id);
            let is_over = |message: &MessageTrace| {
                message.decision.is_some() && message.reply.as_ref().is_none_or(|reply| reply.outcome.is_some())
            };
            if let Some(message) = found.filter(is_over) {
                return message;
            }
            // Nothing tells of a decision: it is looked for again.
            thread::yield_now();
        }
        let messages = self.manager().messages("shop", None, 1_000).wait().unwrap();
        let trace = messages.into_iter().find(|message| message.message_id == message_id);
        panic!(
            "{message_id} was not decided, or its reply's outcome is open: {}, {trace:?}",
            self.manager().status("shop").unwrap()
        )
    }

    /// What the rules of the house say about what the simulator heard.
    fn judge(mut self) -> Result<(), TestCaseError> {
        self.settle();
        let decisions: BTreeMap<_, _> =
            self.said.iter().map(|(text, said)| (text.clone(), self.decided(&said.message_id).decision.unwrap())).collect();
        let manager = self.manager.take().unwrap();
        let report = manager.close(LIMIT_S).wait().unwrap();
        assert!(report.is_clean(), "{report:?}");
        let mut heard: BTreeMap<String, u32> = BTreeMap::new();
        for send in self.simulator.sends(UNB) {
            *heard.entry(send.text().trim_start_matches("re ").to_owned()).or_default() += 1;
        }
        for (text, count) in &heard {
            let said = &self.said[text];
            proptest::prop_assert!(*count == 1, "{text:?} was answered {count} times");
            proptest::prop_assert!(said.may_be_answered, "{text:?} was answered over a person's head, in chat {}", said.chat);
            proptest::prop_assert!(decisions[text].is_reply(), "{text:?} was answered, and its trail says {:?}", decisions[text]);
        }
        assert_no_violations(&self.simulator);
        Ok(())
    }
}

fn chat_id(chat: u8) -> String {
    format!("chat{chat}")
}

fn run(name: &str, debounce_s: f64) {
    let cases = Cases { cases: CASES, failure_persistence: None, max_shrink_iters: 100, ..Cases::default() };
    let mut runner = TestRunner::new_with_rng(
        cases,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::default()),
    );
    let script = proptest::collection::vec(step(), 1..25);
    runner
        .run(&script, |steps| {
            let scratch = Scratch::new(name);
            let mut world = World::new(&scratch, debounce_s);
            for step in steps {
                world.take(step);
            }
            world.judge()
        })
        .unwrap_or_else(|problem| panic!("{problem}"));
}

#[test]
fn whatever_comes_in_between_a_message_is_answered_at_most_once_and_never_over_a_person_s_head() {
    run("interleavings", 0.0);
}

#[test]
fn nor_where_a_chat_must_first_fall_quiet() {
    run("interleavings-quiet", 0.01);
}
