//! The shared vectors of pushed entries: every case must read as its `want` says.
//!
//! The file is `$LIVEKEEPER_VECTORS`, else the shared one beside the repository, else the committed copy.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread;

use data_encoding::{BASE64, BASE64_NOPAD};
use livekeeper::wire::message::{Entry, Message, OrderStatus};
use livekeeper::wire::sync::decode_entry;
use serde_json::{Map, Value, json};

/// Far below the 2 MiB of a worker thread: what passes here leaves room for everything above it.
const SMALL_STACK_BYTES: usize = 256 * 1024;

struct Vectors {
    seller_id: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    data: String,
    want: Value,
}

fn vectors() -> Vectors {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let shared = root.join("../shared/vectors/sync.json");
    let path = std::env::var_os("LIVEKEEPER_VECTORS").map_or_else(
        || {
            if shared.exists() { shared } else { root.join("tests/vectors/sync.json") }
        },
        PathBuf::from,
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases: Vec<Case> = file["cases"]
        .as_array()
        .expect("`cases` is a list")
        .iter()
        .map(|case| Case {
            name: case["name"].as_str().expect("a name").to_owned(),
            data: case["data"].as_str().expect("data").to_owned(),
            want: case["want"].clone(),
        })
        .collect();
    assert!(!cases.is_empty(), "{} holds no case", path.display());
    Vectors { seller_id: file["seller_id"].as_str().expect("a seller").to_owned(), cases }
}

/// What was read, in the form of a `want`.
fn read(data: &str, seller_id: &str) -> Value {
    let Ok(entry) = decode_entry(data, seller_id) else {
        return json!({"kind": "error"});
    };
    let mut found = entry.message().map(message).unwrap_or_default();
    found.insert("kind".to_owned(), entry.kind().into());
    match &entry {
        Entry::Order(notice) => {
            found.insert("order_id".to_owned(), notice.order_id.clone().into());
            found.insert("order_status".to_owned(), notice.status.map(OrderStatus::name).into());
        }
        Entry::TradeReminder { user_id, status } => {
            found.insert("sender_id".to_owned(), user_id.as_str().into());
            found.insert("order_status".to_owned(), status.map(OrderStatus::name).into());
        }
        _ => {}
    }
    found.into()
}

fn message(message: &Message) -> Map<String, Value> {
    let mut found = Map::new();
    found.insert("chat_id".to_owned(), message.chat_id.as_str().into());
    found.insert("sender_id".to_owned(), message.sender_id.as_str().into());
    found.insert("sender_name".to_owned(), message.sender_name.as_str().into());
    found.insert("text".to_owned(), message.text.as_str().into());
    found.insert("item_id".to_owned(), message.item_id.clone().into());
    found.insert("message_id".to_owned(), message.message_id.as_str().into());
    found.insert("created_at_ms".to_owned(), message.created_at_ms.into());
    found.insert("group".to_owned(), message.group.into());
    if let Some(url) = &message.image_url {
        found.insert("image_url".to_owned(), url.as_str().into());
    }
    found
}

/// One line for each field that differs.
fn differences(found: &Value, want: &Value) -> String {
    let (Value::Object(found), Value::Object(want)) = (found, want) else { panic!("objects") };
    let mut names: Vec<&String> = found.keys().chain(want.keys()).collect();
    names.sort();
    names.dedup();
    let mut lines = String::new();
    for name in names {
        let (found, want) = (found.get(name), want.get(name));
        if found != want {
            writeln!(lines, "    {name}: want {want:?}, found {found:?}").expect("a String takes every write");
        }
    }
    lines
}

fn in_small_stack(work: impl FnOnce() + Send + 'static) {
    let worker = thread::Builder::new().stack_size(SMALL_STACK_BYTES).spawn(work).expect("a thread");
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn all_vectors_read_as_they_should_in_a_small_stack() {
    in_small_stack(|| {
        let Vectors { seller_id, cases } = vectors();
        let failures: Vec<String> = cases
            .iter()
            .enumerate()
            .filter_map(|(number, case)| {
                let found = read(&case.data, &seller_id);
                (found != case.want).then(|| format!("case {number}, {}:\n{}", case.name, differences(&found, &case.want)))
            })
            .collect();
        assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), cases.len(), failures.concat());
    });
}

#[test]
fn vectors_beyond_the_file_deep_json_needs_no_deep_stack() {
    in_small_stack(|| {
        for (depth, kind) in [(60, "unknown"), (1_000, "error"), (200_000, "error")] {
            let json = format!("{{\"9\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let found = read(&BASE64.encode(json.as_bytes()), "22");
            assert_eq!(found, json!({"kind": kind}), "{depth} levels");
            // The content of a message is JSON inside the entry, and may be as deep.
            let content = format!("{{\"dxCard\":{json}}}");
            let entry = json!({"1": {"1": "11@goofish", "2": "47@goofish", "6": {"3": {"5": content}}}});
            let found = read(&BASE64.encode(entry.to_string().as_bytes()), "22");
            assert_eq!(found["kind"], "chat", "{depth} levels in the content");
        }
    });
}

#[test]
fn vectors_cut_off_at_any_byte_are_errors() {
    in_small_stack(|| {
        let Vectors { seller_id, cases } = vectors();
        for case in cases.iter().filter(|case| case.want["kind"] != "error") {
            let bytes = BASE64_NOPAD.decode(case.data.trim_end_matches('=').as_bytes()).expect("a good case is base64");
            for length in 0..bytes.len() {
                let cut = BASE64.encode(&bytes[..length]);
                assert!(decode_entry(&cut, &seller_id).is_err(), "{} cut to {length} bytes", case.name);
            }
        }
    });
}

#[test]
fn vectors_with_any_one_byte_changed_never_panic() {
    in_small_stack(|| {
        let Vectors { seller_id, cases } = vectors();
        for case in &cases {
            let Ok(mut bytes) = BASE64_NOPAD.decode(case.data.trim_end_matches('=').as_bytes()) else {
                continue;
            };
            for place in 0..bytes.len().min(1_000) {
                let kept = bytes[place];
                for changed in [0x00, 0x7b, 0x91, 0xc1, 0xdf, 0xff, kept ^ 1, kept ^ 0x80] {
                    bytes[place] = changed;
                    // Any outcome is right but a panic.
                    let _ = decode_entry(&BASE64.encode(&bytes), &seller_id);
                }
                bytes[place] = kept;
            }
        }
    });
}

#[test]
fn vectors_cut_off_at_any_sign_of_their_base64_never_panic() {
    let Vectors { seller_id, cases } = vectors();
    for case in &cases {
        for (length, _) in case.data.char_indices() {
            let _ = decode_entry(&case.data[..length], &seller_id);
        }
    }
}
