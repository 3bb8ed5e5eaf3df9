//! The host's reply function, asked about messages on which no rule has a word.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio::time::{Duration, timeout};

use super::cookie_renewal::hide;
use super::xianyu::XianyuLive;
use crate::host_call::{self, HostCall};
use crate::reply::content;
use crate::reply::debounce::Due;
use crate::reply::pipeline::HostAnswer;
use crate::reply_handler::{ChatMessage, ReplyHandler, ReplyRequest};
use crate::resources::Resources;

/// Calls for one account at the same time, at most; further messages wait for their turn within the deadline.
pub(super) const MAX_CALLS_OF_ACCOUNT: usize = 8;

/// The host's function, and how long it has for one message.
pub(crate) struct ReplyFunction {
    pub(crate) handler: Arc<ReplyHandler>,
    pub(crate) limit: Duration,
}

/// The messages of a session about which the host is asked: of a chat one at a time.
pub(super) struct Asking {
    /// Absent while there is none.
    calls: Option<FuturesUnordered<Pin<Box<dyn Future<Output = Asked> + Send>>>>,
    /// Answers that wait for the pace of their chat, in the order in which they came.
    answered: VecDeque<Asked>,
    /// By chat, from the question until the answer is taken: the ids of the message and of those that are folded into it.
    ids: BTreeMap<String, Vec<String>>,
    places: Arc<Semaphore>,
}

/// What the host has answered.
pub(super) struct Asked {
    pub(super) due: Due,
    pub(super) answer: HostAnswer,
}

impl Asking {
    /// `places`: those of the account, over all its sessions: a call may outlive the one that made it.
    pub(super) fn new(places: Arc<Semaphore>) -> Self {
        Self { calls: None, answered: VecDeque::new(), ids: BTreeMap::new(), places }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the host is being asked about a message.
    pub(super) fn knows(&self, message_id: &str) -> bool {
        self.ids.values().any(|ids| ids.iter().any(|id| id == message_id))
    }

    pub(super) fn ask(&mut self, live: &Arc<XianyuLive>, resources: &Resources, function: Arc<ReplyFunction>, due: Due) {
        let ids = due.folded.iter().chain([&due.message.message_id]).cloned().collect();
        self.ids.insert(due.message.chat_id.clone(), ids);
        let question = Question {
            live: Arc::clone(live),
            resources: resources.clone(),
            function,
            of_account: Arc::clone(&self.places),
            message: chat_message(live, &due),
        };
        self.calls.get_or_insert_default().push(Box::pin(async move { Asked { answer: question.answer().await, due } }));
    }

    /// Whether an answer is waited for or has not been taken: later messages of the chat are looked at after it.
    pub(super) fn is_about(&self, chat_id: &str) -> bool {
        self.ids.contains_key(chat_id)
    }

    /// Whether the host has still to answer.
    pub(super) fn is_under_way(&self) -> bool {
        self.calls.as_ref().is_some_and(|calls| !calls.is_empty())
    }

    /// Waits for the next answer; for ever when nothing was asked. May be cancelled.
    pub(super) async fn next_answer(&mut self) {
        let Some(calls) = &mut self.calls else { return std::future::pending().await };
        let asked = calls.next().await;
        if calls.is_empty() {
            self.calls = None;
        }
        self.answered.extend(asked);
    }

    /// Takes the first answer whose chat may be sent to.
    pub(super) fn pop_answered(&mut self, may_send: impl Fn(&str) -> bool) -> Option<Asked> {
        let place = self.answered.iter().position(|asked| may_send(&asked.due.message.chat_id))?;
        let asked = self.answered.remove(place)?;
        self.ids.remove(&asked.due.message.chat_id);
        Some(asked)
    }

    /// When the next answer may go.
    pub(super) fn next_due(&self, next_send: impl Fn(&str) -> Option<std::time::Instant>) -> Option<std::time::Instant> {
        self.answered.iter().filter_map(|asked| next_send(&asked.due.message.chat_id)).min()
    }
}

/// One message about which the host is asked.
struct Question {
    live: Arc<XianyuLive>,
    resources: Resources,
    function: Arc<ReplyFunction>,
    of_account: Arc<Semaphore>,
    message: ChatMessage,
}

impl Question {
    async fn answer(self) -> HostAnswer {
        let (live, message_id) = (Arc::clone(&self.live), self.message.message_id.clone());
        let limit = self.function.limit;
        let answered = match timeout(limit, self.put()).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("it did not answer within {limit:?}, the wait for a free place included")),
        };
        answered.unwrap_or_else(|problem| {
            live.cell.counters.handler_failures.add(1);
            let (cookie_id, problem) = (live.cell.cookie_id(), hide(&live, &problem));
            tracing::warn!(cookie_id, message_id, problem, "the reply handler gave no answer");
            HostAnswer::Failed
        })
    }

    async fn put(self) -> Result<HostAnswer, String> {
        let Self { live, resources, function, of_account, message } = self;
        // Held by the call itself: one that never ends keeps its places, and the bound holds.
        let of_account = of_account.acquire_owned().await;
        let of_all = Arc::clone(&live.service.handler_places).acquire_owned().await;
        if live.is_chat_paused(&message.chat_id).await? {
            return Ok(HostAnswer::ChatPaused);
        }
        let limit = function.limit;
        let call = move |call: &HostCall| (function.handler)(&ReplyRequest { message, call: call.clone() });
        let said = host_call::call(&resources, (of_account, of_all), "the reply handler", limit, call);
        let Some(said) = said.await.map_err(|fault| fault.to_string())? else { return Ok(HostAnswer::Pass) };
        content::check(&said).map_err(|problem| format!("what it answered cannot be sent: {problem}"))?;
        Ok(HostAnswer::Say(said))
    }
}

fn chat_message(live: &XianyuLive, due: &Due) -> ChatMessage {
    let message = &due.message;
    ChatMessage {
        cookie_id: live.cell.cookie_id().to_owned(),
        message_id: message.message_id.clone(),
        chat_id: message.chat_id.clone(),
        sender_id: message.sender_id.clone(),
        sender_name: message.sender_name.clone(),
        text: message.text.clone(),
        item_id: message.item_id.clone(),
        created_at_ms: message.created_at_ms,
    }
}
