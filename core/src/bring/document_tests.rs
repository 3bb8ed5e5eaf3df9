//! What an export leaves out, and what it refuses to write.

use std::sync::{Arc, Mutex};

use super::{Entry, Exported, json_of};
use crate::account::AccountRecord;
use crate::error::Error;
use crate::sealing::random_key;
use crate::secret::Secret;
use crate::store::AccountSettings;

/// Gathers what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn an_account_whose_row_does_not_open_is_named_in_the_log_when_it_is_exported_without_its_secrets() {
    let exported = |unreadable| Exported {
        record: AccountRecord {
            cookie_id: "shop".to_owned(),
            cookie: Secret::new(""),
            owner: None,
            enabled: true,
            paused: false,
            priority: 0,
            device_id: "d".to_owned(),
            proxy: None,
            token: None,
            unreadable,
        },
        settings: AccountSettings {
            owner: None,
            enabled: true,
            paused: false,
            priority: 0,
            remark: String::new(),
            pause_minutes: 10,
            auto_confirm: false,
        },
        rules: Vec::new(),
        default_replies: Vec::new(),
    };
    let key = random_key().unwrap();
    let logged = |unreadable, key| {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            assert!(Entry::new(exported(unreadable), key).unwrap().secrets.is_none());
        });
        let lines = lines.0.lock().unwrap();
        lines.clone()
    };
    let lines = logged(Some("cookie"), Some(&key));
    assert!(lines.len() == 1 && lines[0].contains("shop") && lines[0].contains("exported without"), "{lines:?}");
    // One that waits for its cookie, and one whose secrets are left out anyway.
    assert!(logged(None, Some(&key)).is_empty() && logged(Some("cookie"), None).is_empty());
}

#[test]
fn more_than_is_ever_read_back_is_not_written() {
    let entry = || Entry {
        cookie_id: "shop".to_owned(),
        owner: None,
        enabled: true,
        paused: false,
        priority: 0,
        remark: "x".repeat(1_000),
        pause_minutes: 10,
        auto_confirm: false,
        secrets: None,
        rules: Vec::new(),
        default_replies: Vec::new(),
    };
    let length = json_of(&[entry()], 10_000).unwrap().get().len() as u64;
    assert!(length > 1_000 && json_of(&[entry()], length).is_ok());
    for (entries, most) in [(vec![entry()], length - 1), (vec![entry(), entry()], length)] {
        assert!(matches!(json_of(&entries, most), Err(Error::AtCapacity { .. })));
    }
}
