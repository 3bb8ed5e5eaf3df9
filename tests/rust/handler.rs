//! The host's reply function and default replies, over real sockets: who is asked, in which order, and what a bad function costs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use livekeeper::{
    ChatMessage, CookieManager, DecisionCode, DefaultReply, HostError, Picture, ReplyContent, ReplyHandler, ReplyRequest,
};
use livekeeper_simulator::{BuyerMessage, Options, SimulatorThread};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, manager, simulator, wait};

fn says(chat_id: &str, text: &str) -> BuyerMessage {
    BuyerMessage::new(chat_id, "9687236998962", text)
}

/// What was decided, once it is.
fn decision(manager: &CookieManager, message_id: &str) -> DecisionCode {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        let messages = manager.messages("shop", None, 1_000).wait().unwrap();
        let message = messages.into_iter().find(|message| message.message_id == message_id);
        if let Some(decision) = message.and_then(|message| message.decision) {
            return decision;
        }
        // Nothing tells of a decision: it is looked for again.
        thread::yield_now();
    }
    panic!("{message_id} was not decided")
}

/// Has a buyer write and waits for the decision.
fn ask(manager: &CookieManager, simulator: &SimulatorThread, message: &BuyerMessage) -> DecisionCode {
    let id = simulator.buyer_says("1001", message);
    decision(manager, &id)
}

fn texts(simulator: &SimulatorThread, chat_id: &str) -> Vec<String> {
    simulator.sends("1001").iter().filter(|send| send.chat_id == chat_id).map(|send| send.text().to_owned()).collect()
}

fn handler(f: impl Fn(&ChatMessage) -> Option<ReplyContent> + Send + Sync + 'static) -> Arc<ReplyHandler> {
    Arc::new(move |request: &ReplyRequest| Ok(f(&request.message)))
}

/// Holds up whoever passes until it is opened.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |is_open| !*is_open).unwrap());
    }

    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

#[test]
fn the_function_is_asked_where_no_rule_matches_and_says_a_text_a_picture_both_nothing_or_leaves_it_to_the_default() {
    let simulator = simulator(Options::default());
    let manager = Arc::new(manager(config(&simulator)));
    add_online(&manager, &simulator, "shop", "1001");
    manager.set_default_reply("shop", Some(DefaultReply::new("稍后回复 {send_user_name}")), None).wait().unwrap();
    let picture = || Picture::new("https://img.alicdn.com/a.jpg", 800, 600);
    let host = Arc::downgrade(&manager);
    let function = handler(move |message| {
        // Every verb works in it, also one that waits.
        let manager = host.upgrade().unwrap();
        assert!(manager.get_keywords(&message.cookie_id).wait().unwrap().len() == 1);
        let recorded = manager.messages("shop", Some(&message.chat_id), 100).wait().unwrap();
        assert!(recorded.iter().any(|recorded| recorded.message_id == message.message_id));
        match &*message.text {
            "尺码" => Some(ReplyContent::text("见图 {item_id}").with_picture(picture())),
            "图" => Some(picture().into()),
            "骂人" => Some("".into()),
            "几天发货" => Some(format!("{}：三天", message.item_id.as_deref().unwrap()).into()),
            _ => None,
        }
    });
    manager.set_reply_handler(Some(function), 30.0).unwrap();
    for (text, expected) in [
        ("在吗", DecisionCode::Reply),
        ("尺码", DecisionCode::HandlerReply),
        ("图", DecisionCode::HandlerReply),
        ("骂人", DecisionCode::HandlerSaysNothing),
        ("几天发货", DecisionCode::HandlerReply),
        ("你好", DecisionCode::DefaultReply),
    ] {
        assert_eq!(ask(&manager, &simulator, &says("c", text).named("小王").about_item("920001")), expected, "{text}");
    }
    let sends = simulator.wait_sends_blocking("1001", 6, LIMIT).unwrap();
    let told: Vec<_> = sends.iter().map(|send| send.text().to_owned()).collect();
    // What the host wrote is no template.
    let shown = picture().url;
    assert_eq!(told, ["在的", "见图 {item_id}", &shown, &shown, "920001：三天", "稍后回复 小王"]);
    manager.set_reply_handler(None, 30.0).unwrap();
    assert_eq!(ask(&manager, &simulator, &says("c", "图")), DecisionCode::DefaultReply);
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn a_function_that_fails_panics_or_is_too_slow_is_counted_and_the_default_reply_is_said() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let gate = Arc::new(Gate::default());
    let slow = Arc::clone(&gate);
    let function = Arc::new(move |request: &ReplyRequest| match &*request.message.text {
        "error" => Err(HostError::new("the model is down")),
        "panic" => panic!("in the host's function"),
        "slow" => {
            slow.pass();
            Ok(Some("too late".into()))
        }
        "unsendable" => Ok(Some("x".repeat(20_001).into())),
        _ => Ok(Some("好的".into())),
    });
    manager.set_reply_handler(Some(function), 0.3).unwrap();
    assert_eq!(ask(&manager, &simulator, &says("a", "error")), DecisionCode::HandlerFailed);
    manager.set_default_reply("shop", Some(DefaultReply::new("稍后回复")), None).wait().unwrap();
    for text in ["error", "panic", "slow", "unsendable"] {
        assert_eq!(ask(&manager, &simulator, &says("a", text)), DecisionCode::DefaultReply, "{text}");
    }
    assert_eq!(ask(&manager, &simulator, &says("b", "hi")), DecisionCode::HandlerReply);
    gate.open();
    assert_eq!(ask(&manager, &simulator, &says("b", "hi")), DecisionCode::HandlerReply);
    assert_eq!(manager.status("shop").unwrap().counters.handler_failures, 5);
    assert_eq!(texts(&simulator, "a"), ["稍后回复"; 4]);
    assert_eq!(manager.status("shop").unwrap().counters.connects, 1);
}

#[test]
fn what_comes_while_an_earlier_message_is_recorded_or_the_host_is_asked_about_it_is_answered_after_it() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    manager.set_reply_handler(Some(Arc::new(|_: &ReplyRequest| Ok(Some("好的".into())))), LIMIT_S).unwrap();
    let chats: Vec<_> = (0..40).map(|number| format!("chat{number}")).collect();
    for chat in &chats {
        simulator.buyer_says("1001", &says(chat, "你好"));
        simulator.buyer_says("1001", &says(chat, "在吗"));
    }
    simulator.wait_sends_blocking("1001", 80, LIMIT).unwrap();
    for chat in &chats {
        assert_eq!(texts(&simulator, chat), ["好的", "在的"], "{chat}");
    }
    manager.close(LIMIT_S).wait().unwrap();
    assert_no_violations(&simulator);
}

#[test]
fn so_many_calls_run_at_once_and_of_a_chat_one_at_a_time_in_the_order_of_its_messages() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.max_handler_calls = 3;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let (running, most, gate) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)), Arc::new(Gate::default()));
    let (begun, calls) = mpsc::channel();
    let (seen, closed) = (Arc::clone(&most), Arc::clone(&gate));
    let function = handler(move |message| {
        seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        begun.send(message.chat_id.clone()).unwrap();
        closed.pass();
        running.fetch_sub(1, Ordering::SeqCst);
        Some(format!("re: {}", message.text).into())
    });
    manager.set_reply_handler(Some(function), 30.0).unwrap();
    for line in 0..3 {
        for chat in ["a", "b", "c", "d"] {
            simulator.buyer_says("1001", &says(chat, &format!("{chat}{line}")));
        }
    }
    let mut first: Vec<_> = (0..3).map(|_| calls.recv_timeout(LIMIT).unwrap()).collect();
    first.sort();
    assert_eq!(first, ["a", "b", "c"]);
    // A rule needs nobody's answer.
    assert_eq!(ask(&manager, &simulator, &says("e", "在吗")), DecisionCode::Reply);
    gate.open();
    simulator.wait_sends_blocking("1001", 13, LIMIT).unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    for chat in ["a", "b", "c", "d"] {
        assert_eq!(texts(&simulator, chat), [0, 1, 2].map(|line| format!("re: {chat}{line}")));
    }
}

#[test]
fn a_person_who_takes_the_chat_while_the_function_thinks_is_not_talked_over_and_in_their_chat_nobody_is_asked() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let (begun, calls) = mpsc::channel();
    let gate = Arc::new(Gate::default());
    let closed = Arc::clone(&gate);
    let function = handler(move |message| {
        begun.send(message.message_id.clone()).unwrap();
        closed.pass();
        Some("好的".into())
    });
    manager.set_reply_handler(Some(function), 30.0).unwrap();
    let asked = simulator.buyer_says("1001", &says("c", "能便宜吗"));
    assert_eq!(calls.recv_timeout(LIMIT).unwrap(), asked);
    let by_hand = simulator.seller_says("1001", "c", "9687236998962", "我来");
    assert_eq!(decision(&manager, &by_hand), DecisionCode::ByHand);
    gate.open();
    assert_eq!(decision(&manager, &asked), DecisionCode::ChatPaused);
    assert_eq!(ask(&manager, &simulator, &says("c", "在吗？")), DecisionCode::ChatPaused);
    assert_eq!(ask(&manager, &simulator, &says("c", "能便宜吗")), DecisionCode::ChatPaused);
    assert_eq!(ask(&manager, &simulator, &says("d", "能便宜吗")), DecisionCode::HandlerReply);
    assert_eq!(calls.try_iter().count(), 1);
    assert_eq!(texts(&simulator, "c"), [""; 0]);
}

#[test]
fn a_function_that_never_returns_costs_its_place_and_a_close_is_bounded_and_names_it() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.stop_socket_s = 0.2;
    config.stop_thread_s = 0.2;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let gate = Arc::new(Gate::default());
    let closed = Arc::clone(&gate);
    let function = handler(move |message| {
        if message.text == "hang" {
            closed.pass();
        }
        Some("好的".into())
    });
    manager.set_reply_handler(Some(function), 0.2).unwrap();
    assert_eq!(ask(&manager, &simulator, &says("c", "hang")), DecisionCode::HandlerFailed);
    assert_eq!(ask(&manager, &simulator, &says("c", "hi")), DecisionCode::HandlerReply);
    let report = manager.close(LIMIT_S).wait().unwrap();
    assert!(!report.is_clean() && format!("{report:?}").contains("the reply handler"), "{report:?}");
    gate.open();
}

#[test]
fn a_message_whose_session_ends_while_the_function_thinks_is_answered_once_by_the_next() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.stop_thread_s = 0.1;
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    let (begun, calls) = mpsc::channel();
    let gate = Arc::new(Gate::default());
    let closed = Arc::clone(&gate);
    let function = handler(move |_| {
        begun.send(()).unwrap();
        closed.pass();
        Some("好的".into())
    });
    manager.set_reply_handler(Some(function), 30.0).unwrap();
    let asked = simulator.buyer_says("1001", &says("c", "能便宜吗"));
    calls.recv_timeout(LIMIT).unwrap();
    simulator.drop_connection("1001");
    calls.recv_timeout(LIMIT).unwrap();
    gate.open();
    assert_eq!(decision(&manager, &asked), DecisionCode::HandlerReply);
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    assert_eq!(texts(&simulator, "c"), ["好的"]);
}

#[test]
fn a_default_reply_is_the_item_s_else_the_account_s_and_said_once_in_a_chat_if_so_set_also_over_a_restart() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("default-reply");
    let store = scratch.join("shop.db");
    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    let greeting = DefaultReply::new("稍后回复").once_per_chat();
    manager.set_default_reply("shop", Some(greeting.clone()), None).wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("这件有货")), Some("920001")).wait().unwrap();
    assert_eq!(ask(&manager, &simulator, &says("c", "你好")), DecisionCode::DefaultReply);
    assert_eq!(ask(&manager, &simulator, &says("c", "你好？")), DecisionCode::DefaultSaidBefore);
    assert_eq!(ask(&manager, &simulator, &says("d", "你好").about_item("920001")), DecisionCode::DefaultReply);
    manager.close(LIMIT_S).wait().unwrap();

    let manager = CookieManager::open(&store, config(&simulator)).unwrap();
    wait(&manager, "shop", ONLINE);
    simulator.wait_online_blocking("1001", LIMIT).unwrap();
    assert_eq!(manager.get_default_reply("shop", None).unwrap(), Some(greeting));
    assert_eq!(manager.get_default_reply("shop", Some("7")).unwrap(), None);
    assert_eq!(ask(&manager, &simulator, &says("c", "你好！")), DecisionCode::DefaultSaidBefore);
    assert_eq!(ask(&manager, &simulator, &says("e", "你好")), DecisionCode::DefaultReply);
    manager.set_default_reply("shop", None, None).wait().unwrap();
    assert_eq!(ask(&manager, &simulator, &says("e", "你好")), DecisionCode::NoRule);
    assert_eq!(ask(&manager, &simulator, &says("d", "你好").about_item("920001")), DecisionCode::DefaultReply);
    manager.remove_cookie("shop").wait().unwrap();
    add_online(&manager, &simulator, "shop", "1001");
    assert_eq!(manager.get_default_reply("shop", Some("920001")).unwrap(), None);
    assert_eq!(texts(&simulator, "d"), ["这件有货"; 2]);
}

#[test]
fn the_function_is_let_go_when_it_is_replaced_and_when_the_manager_is_closed() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let given = || {
        let held = Arc::new(());
        let watched = Arc::downgrade(&held);
        manager.set_reply_handler(Some(handler(move |_| Some(format!("{held:?}").into()))), 30.0).unwrap();
        watched
    };
    let (first, second) = (given(), given());
    assert!(first.upgrade().is_none() && second.upgrade().is_some());
    manager.close(LIMIT_S).wait().unwrap();
    assert!(second.upgrade().is_none());
}

#[test]
fn messages_that_are_answered_together_are_seen_joined_where_the_host_wants_it() {
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    (config.debounce_s, config.join_messages) = (0.2, true);
    let manager = manager(config);
    add_online(&manager, &simulator, "shop", "1001");
    manager.set_reply_handler(Some(handler(|message| Some(message.text.clone().into()))), 30.0).unwrap();
    for text in ["蓝色的", "L码", "有货吗"] {
        simulator.buyer_says("1001", &says("c", text));
    }
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    assert_eq!(texts(&simulator, "c"), ["蓝色的\nL码\n有货吗"]);
    let trail = manager.messages("shop", Some("c"), 10).wait().unwrap();
    let texts: Vec<_> = trail.iter().rev().filter(|message| message.kind == "chat").map(|message| &*message.text).collect();
    assert_eq!(texts, ["蓝色的", "L码", "有货吗"]);
}

#[test]
fn bad_input_is_refused_by_name() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    let function = || Some(handler(|_| None));
    for (timeout_s, problem) in
        [(0.0, "timeout_s: is 0, allowed is 0.05 … 3600"), (f64::NAN, "timeout_s: is NaN, allowed is 0.05 … 3600")]
    {
        assert_eq!(manager.set_reply_handler(function(), timeout_s).unwrap_err().to_string(), problem);
    }
    let long = DefaultReply::new("x".repeat(20_001));
    let problem = manager.set_default_reply("shop", Some(long), None).wait().unwrap_err().to_string();
    assert_eq!(problem, "reply: its reply has 20001 bytes; allowed are at most 20000");
    let problem = manager.set_default_reply("shop", None, Some("")).wait().unwrap_err().to_string();
    assert!(problem.starts_with("item_id: "), "{problem}");
    let problem = manager.set_default_reply("shop", None, None).wait().unwrap_err().to_string();
    assert!(problem.starts_with("no account has the cookie_id \"shop\""), "{problem}");
    manager.close(Duration::from_secs(5).as_secs_f64()).wait().unwrap();
    assert!(manager.set_reply_handler(function(), 1.0).is_err());
}
