//! Rooms that nobody outside sees, for the benchmarks to measure: with the feature `internals` only. Not an interface: it changes
//! with what is inside, and a host has no use for it.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::account::{AccountCell, AccountRecord, Fence};
use crate::clock::SystemClock;
use crate::common::Common;
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::reply;
use crate::reply::template::{self, Variables};
use crate::rule::KeywordRule;
use crate::secret::Secret;
use crate::store::{self, Content, Draft, Handover, InboxRow, NewSend, RowKind};

/// Keyword rules, made ready.
pub struct Rules(reply::rules::Rules);

impl Rules {
    /// Makes them ready.
    ///
    /// # Errors
    /// What cannot be a rule.
    pub fn compile(list: Vec<KeywordRule>) -> Result<Self, Error> {
        reply::rules::Rules::compile(list).map(Self)
    }

    /// The place of the first rule that matches, from 1.
    pub fn first_match(&self, text: &str, item_id: Option<&str>) -> Option<usize> {
        self.0.first_match(text, item_id).map(|found| found.place)
    }
}

/// A reply with the buyer's name and words filled in.
pub fn fill<'a>(reply: &'a str, send_user_name: &str, send_message: &str) -> Cow<'a, str> {
    template::fill(reply, &Variables { send_user_name, send_message, ..Variables::default() })
}

/// A store with one account in it.
pub struct Store {
    store: store::Store,
    fence: Fence,
}

/// What is on its way to the store.
pub struct Handed(oneshot::Receiver<store::Answer>);

impl Handed {
    /// Waits until it is durable; whether a message was new, or the decision to reply stands.
    pub async fn done(self) -> bool {
        let Ok(Ok(Some(taken))) = self.0.await else { return false };
        taken.recorded.new == 1 || taken.decided == [Some(DecisionCode::Reply)]
    }
}

impl Store {
    /// Opens or makes it.
    ///
    /// # Errors
    /// Whatever speaks against it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let store = store::Store::open_with(path, None)?;
        let account = AccountRecord {
            cookie_id: "shop".to_owned(),
            cookie: Secret::new("unb=1; _m_h5_tk=t_1"),
            owner: None,
            enabled: true,
            paused: false,
            priority: 0,
            device_id: "DEVICE-1".to_owned(),
            proxy: None,
            token: None,
            unreadable: None,
        };
        let common = Common::new(Arc::default(), Arc::new(SystemClock::new()), 0);
        let fence = AccountCell::new(&account.cookie_id, common).next_epoch();
        store.put_account(account, None, false, 1).await?;
        Ok(Self { store, fence })
    }

    /// Hands a buyer's message over, as a session does with a push.
    ///
    /// # Errors
    /// A store that is closed.
    pub async fn record(&self, number: u64) -> Result<Handed, Error> {
        self.take(Handover { rows: vec![row(number)], ..Handover::default() }).await
    }

    /// Hands the decision to reply to it over, with the send that follows from it.
    ///
    /// # Errors
    /// A store that is closed.
    pub async fn decide(&self, number: u64) -> Result<Handed, Error> {
        self.take(Handover { drafts: vec![draft(number)], ..Handover::default() }).await
    }

    async fn take(&self, handover: Handover) -> Result<Handed, Error> {
        self.store.take(self.fence.clone(), handover, 1).await.map(Handed)
    }
}

fn draft(number: u64) -> Draft {
    let message = row(number);
    let send = NewSend {
        uuid: format!("-{number:013}1"),
        chat_id: message.chat_id.clone(),
        peer_id: message.sender_id,
        content: Content::Text("在的".to_owned()),
    };
    Draft {
        message_id: message.message_id,
        chat_id: message.chat_id,
        folded: Vec::new(),
        decision: DecisionCode::Reply,
        rule: Some(1),
        once_per_chat: false,
        sends: vec![send],
    }
}

/// One of a thousand chats writes.
fn row(number: u64) -> InboxRow {
    InboxRow {
        message_id: format!("{number:032x}"),
        chat_id: format!("5560{:06}", number % 1_000),
        kind: RowKind::Chat,
        is_group: false,
        sender_id: format!("220000{:07}", number % 1_000),
        sender_name: "摸鱼的猫🐟".to_owned(),
        text: "你好，这件还在吗？".to_owned(),
        item_id: Some("526822747770".to_owned()),
        created_at_ms: 1,
        order: None,
    }
}
