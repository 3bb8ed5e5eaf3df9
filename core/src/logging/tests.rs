use std::time::Duration;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const NOW: Duration = Duration::ZERO;

/// The process has one reader, so what needs it is one test. Others that run beside it log as well.
#[test]
fn records_come_down_to_the_level_that_is_wanted_with_their_account_and_in_one_line() {
    let reader = LogReader::open(LogLevel::Warn).unwrap();
    let log = |number: u64| {
        tracing::warn!(cookie_id = "店 7", number, problem = %"one\ntwo", "the {} happened", "worst");
        tracing::debug!(cookie_id = "店 7", number, "a detail");
        tracing::warn!(target: "hyper::client", cookie_id = "店 7", "of another crate");
    };
    log(1);
    let record = of_test(&reader, 1).remove(0);
    assert_eq!((record.level, record.target), (LogLevel::Warn, "livekeeper::logging::tests"));
    assert_eq!(record.message, "the worst happened cookie_id=店 7 number=1 problem=one\\ntwo");
    assert!(record.place.is_some_and(|(file, line)| file.ends_with("tests.rs") && line > 0));
    reader.set_level(LogLevel::Debug);
    log(2);
    let levels: Vec<LogLevel> = of_test(&reader, 2).iter().map(|record| record.level).collect();
    assert_eq!(levels, [LogLevel::Warn, LogLevel::Debug]);
    let later = LogReader::open(LogLevel::Error).unwrap();
    reader.set_level(LogLevel::Trace);
    log(3);
    tracing::error!(cookie_id = "店 7", text = "长".repeat(3_000), "a long one");
    let record = of_test(&later, 1).remove(0);
    assert!((3_990..=4_000).contains(&record.message.len()) && record.message.ends_with("长…"));
    later.close();
    assert!(later.next_batch(10, SOON).is_over, "it waits for nothing any more");
}

/// The next records of this test.
fn of_test(reader: &LogReader, count: usize) -> Vec<LogRecord> {
    let mut found = Vec::new();
    while found.len() < count {
        let batch = reader.next_batch(100, SOON);
        assert!(!batch.records.is_empty(), "nothing more came after {found:?}");
        found.extend(batch.records.into_iter().filter(|record| record.cookie_id.as_deref() == Some("店 7")));
    }
    found
}

#[test]
fn what_nobody_reads_is_lost_from_the_oldest_on_and_counted() {
    let queue = Queue::new();
    for number in 0..QUEUE + 3 {
        queue.put(record(number));
    }
    let batch = queue.take(2, NOW);
    assert_eq!((batch.lost, batch.is_over), (3, false));
    assert_eq!(batch.records.iter().map(|record| record.message.as_str()).collect::<Vec<_>>(), ["3", "4"]);
    queue.close();
    queue.put(record(0));
    let rest = queue.take(usize::MAX, NOW);
    assert_eq!((rest.records.len(), rest.lost, rest.is_over), (QUEUE - 2, 0, true));
}

fn record(number: usize) -> LogRecord {
    let (level, target, at) = (LogLevel::Info, "livekeeper", SystemTime::now());
    LogRecord { level, target, place: None, at, cookie_id: None, message: number.to_string() }
}
