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
use crate::send_outcome::SendOutcome;
use crate::store::{self, Content, Draft, EndedSend, Handover, InboxRow, NewSend, RowKind};

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

/// A store with some accounts in it.
pub struct Store {
    store: store::Store,
    fences: Vec<Fence>,
}

/// What is on its way to the store.
pub struct Handed(oneshot::Receiver<store::Answer>);

impl Handed {
    /// Waits until it is durable; whether a message was new to the store.
    pub async fn done(self) -> bool {
        matches!(self.0.await, Ok(Ok(Some(taken))) if taken.recorded.duplicates + taken.known_echoes == 0)
    }
}

impl Store {
    /// Opens or makes it, with so many accounts.
    ///
    /// # Errors
    /// Whatever speaks against it.
    pub async fn open(path: &Path, accounts: usize) -> Result<Self, Error> {
        let store = store::Store::open_with(path, None)?;
        let mut fences = Vec::with_capacity(accounts);
        for number in 0..accounts {
            let account = account(number);
            let common = Common::new(Arc::default(), Arc::new(SystemClock::new()), 0);
            fences.push(AccountCell::new(&account.cookie_id, common).next_epoch());
            store.put_account(account, None, false, 1).await?;
        }
        Ok(Self { store, fences })
    }

    /// One account after the other.
    fn fence(&self, number: u64) -> Fence {
        let place = usize::try_from(number).unwrap_or_default() % self.fences.len();
        self.fences[place].clone()
    }

    /// Hands a buyer's message over together with the decision to reply to it and the send that follows from it, as a session does
    /// with a push.
    ///
    /// # Errors
    /// A store that is closed.
    pub async fn answer(&self, number: u64) -> Result<Handed, Error> {
        self.take(number, Handover { rows: vec![row(number)], drafts: vec![draft(number)], ..Handover::default() }).await
    }

    /// Hands over how the send ended, together with what the service pushes of it as the seller's own message.
    ///
    /// # Errors
    /// A store that is closed.
    pub async fn echo(&self, number: u64) -> Result<Handed, Error> {
        let message_id = format!("{number:031x}r");
        let delivered = SendOutcome::Delivered { message_id: message_id.clone() };
        let (kind, sender_id, text) = (RowKind::Own, "1".to_owned(), REPLY.to_owned());
        let echo = InboxRow { message_id, kind, sender_id, text, ..row(number) };
        let ended = vec![EndedSend { uuid: uuid(number), outcome: delivered, echo: Some(echo) }];
        self.take(number, Handover { ended, ..Handover::default() }).await
    }

    async fn take(&self, number: u64, handover: Handover) -> Result<Handed, Error> {
        Ok(Handed(self.store.room().await?.take(self.fence(number), handover, 1)))
    }
}

fn draft(number: u64) -> Draft {
    let message = row(number);
    let send = NewSend {
        uuid: uuid(number),
        chat_id: message.chat_id.clone(),
        peer_id: message.sender_id,
        content: Content::Text(REPLY.to_owned()),
    };
    Draft {
        message_id: message.message_id,
        chat_id: message.chat_id,
        folded: Vec::new(),
        decision: DecisionCode::Reply,
        rule: Some(1),
        once_per_chat: false,
        sends: vec![Arc::new(send)],
    }
}

const REPLY: &str = "在的";

fn uuid(number: u64) -> String {
    format!("-{number:013}1")
}

fn account(number: usize) -> AccountRecord {
    AccountRecord {
        cookie_id: format!("shop{number}"),
        cookie: Secret::new("unb=1; _m_h5_tk=t_1"),
        owner: None,
        enabled: true,
        paused: false,
        priority: 0,
        device_id: "DEVICE-1".to_owned(),
        proxy: None,
        token: None,
        unreadable: None,
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
