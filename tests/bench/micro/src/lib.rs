//! The steps that every message takes, each with an input of a real shape: what `benches/steps.rs` times and
//! `src/instructions.rs` counts.
//!
//! | step | what is done |
//! | --- | --- |
//! | `decode push` | a frame with one buyer's message, from its text to the message |
//! | `decode vectors` | the same with every entry of `tests/vectors` that can be read, in one push |
//! | `decode answer` | the service's answer to a send |
//! | `encode` | the ack of a push, and a reply |
//! | `match 10`, `match 10,000` | the first of so many keyword rules that a message of 200 characters has |
//! | `template` | a reply with two variables |

mod scratch;

use std::hint::black_box;

use livekeeper::KeywordRule;
use livekeeper::internals::{Rules, fill};
use livekeeper::wire::frame::{self, Incoming};
use livekeeper::wire::request::{self, Recipient};
use livekeeper::wire::sync;
pub use scratch::Scratch;
use serde_json::{Value, json};

/// Does a step once.
pub type Run = Box<dyn Fn()>;

/// A step's name, and what makes it ready to be done any number of times.
pub type Step = (&'static str, fn() -> Run);

/// Every step.
pub const STEPS: &[Step] = &[
    ("decode push", || decoding(1)),
    ("decode vectors", || decoding(usize::MAX)),
    ("decode answer", || Box::new(answer)),
    ("encode", encoding),
    ("match 10", || matching(10)),
    ("match 10,000", || matching(10_000)),
    ("template", || Box::new(template)),
];

fn decoding(most: usize) -> Run {
    let (seller_id, mut entries) = vectors();
    entries.truncate(most);
    let text = push(&entries);
    Box::new(move || assert_eq!(decode(&text, &seller_id), entries.len()))
}

/// The seller's id, and the entries that can be read; the first is a buyer's message.
fn vectors() -> (String, Vec<String>) {
    let vectors: Value = serde_json::from_str(include_str!("../../../vectors/sync.json")).expect("the vectors are JSON");
    let cases = vectors["cases"].as_array().expect("the vectors have cases");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let readable = cases.iter().filter(|case| case["want"]["kind"] != "error").map(|case| text(&case["data"]));
    (text(&vectors["seller_id"]), readable.collect())
}

fn push(entries: &[String]) -> String {
    let entries: Vec<_> = entries.iter().map(|data| json!({"bizType": 40, "data": data, "objectType": 40000})).collect();
    json!({
        "lwp": "/s/vulcan",
        "headers": {
            "app-key": request::APP_KEY, "dt": "j", "mid": "5011796466222759 0", "sid": "2157a0b46748c0a8a00c2a5d5d3b8e1e",
            "ua": request::IM_USER_AGENT,
        },
        "body": {"syncPushPackage": {
            "data": entries, "endSeqTimestamp": 1_796_466_222_759_u64, "hasMore": 0, "maxHighPts": 0,
            "maxPts": 1_796_466_222_759_000_u64, "startSeq": 0, "timestamp": 1_796_466_222_759_u64,
        }},
    })
    .to_string()
}

fn decode(text: &str, seller_id: &str) -> usize {
    let Ok(Incoming::Push(push)) = frame::decode(black_box(text)) else { panic!("it is a push") };
    let entries = push.entries().expect("it has entries");
    let read = entries.iter().filter(|data| {
        let data = data.as_ref().expect("each has its data");
        black_box(sync::decode_entry(data, seller_id)).is_ok()
    });
    read.count()
}

fn answer() {
    let text = r#"{"code":200,"headers":{"mid":"5011796466222759 0","dt":"j"},"body":{"messageId":"3f1c2c9a7a6f4e0e9d8c7b6a5f4e3d2c","uuid":"-17964662227591"}}"#;
    let Ok(Incoming::Answer(answer)) = frame::decode(black_box(text)) else { panic!("it is an answer") };
    assert!(answer.refusal().is_none() && black_box(answer.message_id()).is_some());
}

fn encoding() -> Run {
    // For as long as the process lives: what is read of it borrows from it.
    let text = push(&[]).leak();
    let Ok(Incoming::Push(push)) = frame::decode(text) else { panic!("it is a push") };
    let to = Recipient { chat_id: "55601234567", peer_id: "2200000000002", unb: "2200000000001" };
    Box::new(move || {
        black_box(push.ack());
        black_box(request::send_text("5021796466222759 0", "-17964662227591", black_box(to), "亲，在的，有什么可以帮您？"));
    })
}

/// What buyers ask about, and how: put together they are 10,000 keywords with many a common beginning.
const ABOUT: [&str; 20] = [
    "包邮",
    "价格",
    "尺码",
    "颜色",
    "发货",
    "快递",
    "退货",
    "瑕疵",
    "成色",
    "电池",
    "发票",
    "保修",
    "配件",
    "面交",
    "砍价",
    "库存",
    "原装",
    "型号",
    "包装",
    "说明书",
];
const HOW: [&str; 25] = [
    "多少",
    "怎么样",
    "有没有",
    "可以吗",
    "什么时候",
    "能不能",
    "是不是",
    "还有吗",
    "多久",
    "在哪里",
    "几成新",
    "最低",
    "怎么算",
    "要不要",
    "行不行",
    "贵不贵",
    "齐全吗",
    "好用吗",
    "正常吗",
    "真的吗",
    "快吗",
    "远吗",
    "大吗",
    "小吗",
    "重吗",
];

/// So many rules; the last one alone is for [`message`].
fn rules(count: usize) -> Rules {
    let numbered = |number: usize| {
        let (about, how, which) = (ABOUT[number % 20], HOW[number / 20 % 25], number / 500);
        KeywordRule::new(format!("{about}{how}{which}"), "好的")
    };
    let list = (0..count - 1).map(numbered).chain([KeywordRule::new("在吗", "在的")]);
    Rules::compile(list.collect::<Vec<_>>()).expect("they are good rules")
}

/// 200 characters that begin many a keyword and end one, the last.
fn message() -> String {
    let asked = (0..).flat_map(|number| [ABOUT[number % 20], HOW[number * 7 % 25], "，"]);
    let asked: Vec<char> = asked.flat_map(str::chars).take(195).collect();
    format!("{}请问在吗？", asked.into_iter().collect::<String>())
}

fn matching(count: usize) -> Run {
    let (rules, message) = (rules(count), message());
    Box::new(move || assert_eq!(rules.first_match(black_box(&message), Some("526822747770")), Some(count)))
}

fn template() {
    let reply = "亲爱的{send_user_name}，您好！您问的“{send_message}”我们已经收到，全场包邮，48小时内发货，喜欢就直接拍下吧。";
    black_box(fill(black_box(reply), "摸鱼的猫🐟", "你好，这件还在吗？"));
}
