//! Rules over real sockets: an item's go first, patterns, pictures, and variables that a buyer cannot fill himself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use livekeeper::{KeywordRule, Matching, Picture};
use livekeeper_simulator::{BuyerMessage, Options, SendContent};
use livekeeper_tests::{LIMIT, LIMIT_S, ONLINE, Scratch, add_online, assert_no_violations, config, manager, simulator, wait};

#[test]
fn a_rule_answers_for_its_item_with_text_and_picture_and_what_the_message_has() {
    let simulator = simulator(Options::default());
    let manager = manager(config(&simulator));
    add_online(&manager, &simulator, "shop", "1001");
    let picture = Picture::new("https://img.alicdn.com/size.jpg", 800, 600);
    let rules = vec![
        KeywordRule::new("尺码", "请说是哪一件"),
        KeywordRule::of(["尺码", "多大"], "{send_user_name}/{send_user_id}：{item_id} {{见图}}")
            .for_item("920001")
            .with_picture(picture.clone()),
        KeywordRule::new(r"^\d+\s*元", "不议价：{send_message}").matching(Matching::Regex),
        KeywordRule::new("图", "").with_picture(picture).matching(Matching::Exact),
        KeywordRule::new("骗子", ""),
    ];
    manager.update_keywords("shop", rules.clone()).wait().unwrap();
    assert_eq!(manager.get_keywords("shop").wait().unwrap(), rules);

    let mut sends = 0;
    for (chat_id, text, item_id, expected) in [
        ("41", "尺码？", Some("920001"), 2),
        ("42", "尺码？", Some("920002"), 1),
        ("43", "骗子", None, 0),
        ("44", "９０ 元 {item_id} {{", Some("920001"), 1),
        ("45", "看图", None, 0),
        ("45", "图", None, 1),
    ] {
        let mut message = BuyerMessage::new(chat_id, "9687", text).named("猫{item_id}");
        message.item_id = item_id.map(str::to_owned);
        simulator.buyer_says("1001", &message);
        sends += expected;
        simulator.wait_sends_blocking("1001", sends, LIMIT).unwrap();
    }
    manager.close(LIMIT_S).wait().unwrap();

    let text = |text: &str| SendContent::Text(text.to_owned());
    let shown = SendContent::Picture { url: "https://img.alicdn.com/size.jpg".to_owned(), width: 800, height: 600 };
    let expected = [
        ("41", text("猫{item_id}/9687：920001 {见图}")),
        ("41", shown.clone()),
        ("42", text("请说是哪一件")),
        ("44", text("不议价：９０ 元 {item_id} {{")),
        ("45", shown),
    ];
    let sent: Vec<_> = simulator.sends("1001").into_iter().map(|send| (send.chat_id, send.content)).collect();
    assert_eq!(sent, expected.map(|(chat_id, content)| (chat_id.to_owned(), content)));
    assert_no_violations(&simulator);
}

#[test]
fn rules_of_every_kind_are_remembered_over_a_restart() {
    let simulator = simulator(Options::default());
    let scratch = Scratch::new("rules");
    let rules = vec![
        KeywordRule::new(r"\d元", "{send_message}？").matching(Matching::Regex).for_item("920"),
        KeywordRule::new("图", "").with_picture(Picture::new("https://img.alicdn.com/a.jpg", 8, 6)),
    ];
    let open = || livekeeper::CookieManager::open(scratch.join("shop.db"), config(&simulator)).unwrap();
    let first = open();
    first.add_cookie("shop", &simulator.cookie("1001"), Some(rules.clone()), None).wait().unwrap();
    first.close(LIMIT_S).wait().unwrap();

    let second = open();
    assert_eq!(second.get_keywords("shop").wait().unwrap(), rules);
    wait(&second, "shop", ONLINE);
    let mut message = BuyerMessage::new("41", "9687", "5元");
    message.item_id = Some("920".to_owned());
    simulator.buyer_says("1001", &message);
    simulator.wait_sends_blocking("1001", 1, LIMIT).unwrap();
    assert_eq!(simulator.sends("1001")[0].text(), "5元？");
}
