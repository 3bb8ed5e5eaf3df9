use tokio::time::{Duration, Instant, advance};

use super::{Backfill, Limits, MAX_PAGES, Page, ToDo};
use crate::store::{ActiveChat, InboxRow, Recorded, RowKind};
use crate::wire::history::History;
use crate::wire::message::{Entry, Message};
use crate::wire::request::NEWEST;

const PACE: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The newest message that is known of every chat, and the window's beginning.
const KNOWN_MS: i64 = 1_000;
const SINCE_MS: i64 = 500;

fn chat(chat_id: &str) -> ActiveChat {
    ActiveChat { chat_id: chat_id.to_owned(), newest_at_ms: KNOWN_MS, item_id: Some("920".to_owned()), is_group: false }
}

fn backfill(chat_ids: &[&str]) -> Backfill {
    let chats = chat_ids.iter().map(|chat_id| chat(chat_id)).collect();
    Backfill::new(chats, "1", Limits { pace: PACE, answer_within: ANSWER_WITHIN, since_ms: SINCE_MS })
}

fn entry(id: &str, at_ms: i64) -> Entry {
    let message = Message {
        chat_id: "a".to_owned(),
        sender_id: if id.starts_with('h') { "1" } else { "2" }.to_owned(),
        sender_name: String::new(),
        text: "在吗".to_owned(),
        item_id: None,
        message_id: id.to_owned(),
        created_at_ms: at_ms,
        group: false,
        image_url: None,
        content_type: Some(1),
        is_update: false,
    };
    if id.starts_with('h') { Entry::Own(message) } else { Entry::Chat(message) }
}

fn page(messages: &[(&str, i64)], next_cursor: Option<i64>) -> Page {
    Page::Read(History {
        has_more: next_cursor.is_some(),
        next_cursor,
        messages: messages.iter().map(|(id, at_ms)| entry(id, *at_ms)).collect(),
        left_out: 0,
    })
}

fn waits(id: &str, chat_id: &str, at_ms: i64) -> InboxRow {
    InboxRow {
        message_id: id.to_owned(),
        chat_id: chat_id.to_owned(),
        kind: RowKind::Chat,
        is_group: false,
        sender_id: "2".to_owned(),
        sender_name: String::new(),
        text: "在吗".to_owned(),
        item_id: None,
        created_at_ms: at_ms,
        order: None,
    }
}

fn ids(rows: &[InboxRow]) -> Vec<&str> {
    rows.iter().map(|row| &*row.message_id).collect()
}

/// Asks for the next page, which must be due; the chat and the cursor.
fn ask(backfill: &mut Backfill) -> (String, i64) {
    match backfill.next(Instant::now()) {
        Some(ToDo::Ask { chat_id, cursor }) => {
            backfill.asked("mid".to_owned(), Instant::now());
            assert_eq!(backfill.awaits("mid"), Some(&*chat_id));
            (chat_id, cursor)
        }
        other => panic!("{other:?}"),
    }
}

fn to_record(backfill: &mut Backfill) -> Vec<InboxRow> {
    match backfill.next(Instant::now()) {
        Some(ToDo::Record(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

fn freed(backfill: &mut Backfill) -> Vec<InboxRow> {
    match backfill.next(Instant::now()) {
        Some(ToDo::Free(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

async fn until_due(backfill: &Backfill) {
    let due = backfill.next_due(Instant::now()).unwrap();
    advance(due.saturating_duration_since(Instant::now())).await;
}

#[tokio::test(start_paused = true)]
async fn one_page_at_a_time_is_asked_for_no_faster_than_the_pace() {
    let start = Instant::now();
    let mut backfill = backfill(&["a", "b", "c"]);
    for (number, chat_id) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(ask(&mut backfill), (chat_id.to_owned(), NEWEST));
        assert_eq!(start.elapsed(), PACE * u32::try_from(number).unwrap());
        assert_eq!(backfill.next(Instant::now()), None, "the answer is awaited");
        backfill.answered(page(&[], None));
        assert_eq!(backfill.next(Instant::now()), None, "the next is not due");
        if number < 2 {
            until_due(&backfill).await;
        }
    }
    assert_eq!(backfill.next_due(Instant::now()), None);
}

#[test]
fn how_far_a_chat_is_read() {
    // Pages as they come, and how many are asked for.
    type Pages<'a> = &'a [(&'a [(&'a str, i64)], Option<i64>)];
    let endless = [(&[("m", 9_000)][..], Some(8_999)), (&[("m", 8_000)], Some(7_999)), (&[("m", 7_000)], Some(6_999))];
    let endless = [&endless[..], &[(&[("m", 6_000)], Some(5_999)), (&[("m", 5_000)], Some(4_999)), (&[("m", 4_000)], Some(3_999))]];
    let endless = endless.concat();
    let table: [(Pages<'_>, u32); 8] = [
        // Nothing older; the newest known is on the page; something older than it is; nothing is.
        (&[(&[("m", 9_000)], None)], 1),
        (&[(&[("m", 9_000), ("k", KNOWN_MS)], Some(KNOWN_MS))], 1),
        (&[(&[("m", 9_000), ("k", KNOWN_MS - 1)], Some(KNOWN_MS - 1))], 1),
        (&[(&[("m", 9_000)], Some(9_000)), (&[("k", KNOWN_MS)], Some(KNOWN_MS))], 2),
        // The window ends; a page is empty, although there is more; the cursor stands still.
        (&[(&[("m", SINCE_MS - 1)], Some(SINCE_MS - 1))], 1),
        (&[(&[], Some(9_000))], 1),
        (&[(&[("m", 9_000)], Some(9_000)), (&[("m", 9_000)], Some(9_000))], 2),
        (&endless, MAX_PAGES),
    ];
    for (pages, asked) in table {
        let mut backfill = Backfill::new(vec![chat("a")], "1", Limits { since_ms: SINCE_MS, ..Limits::default() });
        let mut cursor = NEWEST;
        for (messages, next_cursor) in pages.iter().take(asked as usize) {
            assert_eq!(ask(&mut backfill), ("a".to_owned(), cursor), "{pages:?}");
            backfill.answered(page(messages, *next_cursor));
            cursor = next_cursor.unwrap_or_default();
        }
        assert!(!matches!(backfill.next(Instant::now()), Some(ToDo::Ask { .. })), "{pages:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_found_is_recorded_the_oldest_first_with_what_the_chat_is_about_and_without_what_has_no_date_or_is_too_old() {
    let mut backfill = backfill(&["a"]);
    ask(&mut backfill);
    // A message may be missing that is older than what was pushed since.
    backfill.answered(page(&[("m3", 3_000), ("m0", 0), ("h2", 2_000)], Some(2_000)));
    until_due(&backfill).await;
    assert_eq!(ask(&mut backfill).1, 2_000);
    backfill.answered(page(&[("m1", KNOWN_MS), ("older", 900), ("too old", SINCE_MS - 1)], None));
    let rows = to_record(&mut backfill);
    assert_eq!(ids(&rows), ["older", "m1", "h2", "m3"]);
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [RowKind::Chat, RowKind::Chat, RowKind::Own, RowKind::Chat]);
    assert!(rows.iter().all(|row| row.item_id.as_deref() == Some("920")));
    assert_eq!((backfill.next(Instant::now()), backfill.next_due(Instant::now())), (None, None), "it is being recorded");
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_its_chat_to_be_read_and_such_a_chat_is_read_before_the_others() {
    let mut backfill = backfill(&["a", "b", "c", "d"]);
    assert_eq!(backfill.hold(waits("1", "unknown", 1)).map(|row| row.message_id), Some("1".to_owned()));
    ask(&mut backfill);
    for (id, chat_id) in [("d1", "d"), ("c1", "c"), ("d2", "d"), ("d1", "d"), ("a9", "a")] {
        assert_eq!(backfill.hold(waits(id, chat_id, 9_000)), None, "{id}");
    }
    assert!(backfill.holds_any());
    backfill.answered(page(&[("a1", 2_000)], None));
    let rows = to_record(&mut backfill);
    let undecided = backfill.recorded(Recorded { new: 1, undecided: rows, ..Recorded::default() });
    assert_eq!(ids(&undecided), ["a1", "a9"], "the oldest first");
    assert!(backfill.hold(waits("a10", "a", 9_001)).is_some(), "it has been read");

    until_due(&backfill).await;
    assert_eq!(ask(&mut backfill).0, "d");
    backfill.answered(Page::Unreadable);
    assert_eq!(ids(&freed(&mut backfill)), ["d1", "d2"]);
    until_due(&backfill).await;
    assert_eq!(ask(&mut backfill).0, "c");
    backfill.answered(page(&[], None));
    assert_eq!(ids(&freed(&mut backfill)), ["c1"]);
    until_due(&backfill).await;
    assert_eq!(ask(&mut backfill).0, "b");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_it_and_frees_what_waits() {
    let mut backfill = backfill(&["a", "b", "c"]);
    backfill.hold(waits("b1", "b", 9_000));
    assert_eq!(ask(&mut backfill).0, "b");
    backfill.hold(waits("c1", "c", 9_000));
    backfill.answered(Page::Refused);
    assert_eq!(ids(&freed(&mut backfill)), ["b1"]);
    assert_eq!(ids(&freed(&mut backfill)), ["c1"]);
    assert_eq!((backfill.next(Instant::now()), backfill.next_due(Instant::now())), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_page_without_an_answer_is_given_up_in_time_and_after_two_of_them_the_rest_is() {
    let mut backfill = backfill(&["a", "b", "c"]);
    for chat_id in ["a", "b"] {
        backfill.hold(waits("1", "c", 9_000));
        let asked = ask(&mut backfill).0;
        assert_eq!(asked, if chat_id == "a" { "c" } else { "a" });
        until_due(&backfill).await;
        if asked == "c" {
            assert_eq!(ids(&freed(&mut backfill)), ["1"]);
        }
        assert_eq!(backfill.awaits("mid"), if asked == "c" { None } else { Some("a") });
    }
    assert_eq!(backfill.next(Instant::now()), None);
    assert_eq!((backfill.awaits("mid"), backfill.next_due(Instant::now())), (None, None));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_the_answers_stopped_is_recorded() {
    let mut backfill = backfill(&["a"]);
    ask(&mut backfill);
    backfill.answered(page(&[("m1", 9_000)], Some(9_000)));
    until_due(&backfill).await;
    ask(&mut backfill);
    until_due(&backfill).await;
    assert_eq!(ids(&to_record(&mut backfill)), ["m1"]);
}

#[tokio::test(start_paused = true)]
async fn once_the_session_winds_down_nothing_more_is_asked_and_what_waits_is_left_to_the_next() {
    let mut backfill = backfill(&["a", "b"]);
    backfill.hold(waits("b1", "b", 9_000));
    ask(&mut backfill);
    backfill.answered(page(&[("m1", 2_000)], None));
    let rows = to_record(&mut backfill);
    backfill.stop();
    assert_eq!(backfill.hold(waits("a1", "a", 9_000)), None);
    assert_eq!((backfill.next(Instant::now()), backfill.next_due(Instant::now())), (None, None));
    let undecided = backfill.recorded(Recorded { new: 1, undecided: rows, ..Recorded::default() });
    assert_eq!(ids(&undecided), ["m1"], "what is durable and known is decided");
    assert!(!backfill.holds_any());
}

#[tokio::test(start_paused = true)]
async fn what_was_read_back_is_known_when_it_is_pushed_under_another_id() {
    let mut backfill = backfill(&["a"]);
    ask(&mut backfill);
    backfill.answered(page(&[("m1", 9_000)], None));
    let rows = to_record(&mut backfill);
    backfill.recorded(Recorded { new: 1, undecided: rows, ..Recorded::default() });
    assert!(backfill.has_read_back(&waits("another", "a", 9_000)));
    for other in [waits("m2", "a", 9_001), waits("m2", "b", 9_000), InboxRow { text: "在".to_owned(), ..waits("m2", "a", 9_000) }]
    {
        assert!(!backfill.has_read_back(&other));
    }
}
