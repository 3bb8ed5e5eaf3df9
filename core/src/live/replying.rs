//! What a session answers: it takes up what waits, decides, has each decision stored, sends what stands, and stores how that ended.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::{Duration, Instant};

use super::asking::{Asked, ReplyFunction};
use super::limit::timeout;
use super::orders::SendOrder;
use super::outbox::{MAX_UNANSWERED, Sender};
use super::session::Session;
use super::storing::{Batch, Came, Drafted, ToSend};
use crate::decision::DecisionCode;
use crate::error::Error;
use crate::reply::debounce::{Due, MAX_WAITING};
use crate::reply::defaults::DefaultReplies;
use crate::reply::pipeline::{self, Answers, Circumstances, Decision, Next};
use crate::reply::rules::{Reply, Rules};
use crate::reply::template::{self, Variables};
use crate::rule::Picture;
use crate::states::ReasonCode;
use crate::store::{Content, Draft, InboxRow, NewSend};
use crate::wire::request::{self, Recipient};
use crate::worker::Failure;

impl Session<'_> {
    /// Takes up messages without a decision, as many as may wait at once.
    pub(super) fn take_up(&mut self, undecided: Vec<InboxRow>) {
        self.has_more_to_take_up = undecided.len() >= MAX_WAITING as usize;
        self.take_in(undecided);
    }

    /// Goes on taking up where there was more than could be kept waiting at once.
    pub(super) async fn take_up_more(&mut self) -> Result<(), Failure> {
        let is_idle = self.waiting.is_empty() && !self.backfill.holds_any() && self.asking.len() + self.storing.decisions() == 0;
        if self.has_more_to_take_up && is_idle && !self.is_winding_down() {
            let (now_ms, stale_before_ms) = (self.now_ms(), self.stale_before_ms());
            let more = self.live.service.store.take_up(self.fence.clone(), stale_before_ms, now_ms, MAX_WAITING);
            let more = Box::pin(within(self.live.store_limit(), more)).await?;
            self.take_up(more);
        }
        Ok(())
    }

    /// Puts buyers' messages where they wait for their chat to fall quiet. Without a quiet time each is answered by itself.
    pub(super) fn take_in(&mut self, undecided: Vec<InboxRow>) {
        for message in undecided {
            if self.storing.decides(&message.message_id) || self.asking.knows(&message.message_id) {
                continue;
            }
            let Some(message) = self.backfill.hold(message) else { continue };
            self.waiting.push(message, Instant::now().into_std());
        }
        if self.is_stopped() {
            self.waiting.hasten();
        }
    }

    /// Whether another send may be put on its way.
    pub(super) fn has_room_to_send(&self) -> bool {
        self.storing.decisions() + self.outbox.len() < MAX_UNANSWERED
    }

    /// What there is to answer with now.
    pub(super) fn answers(&self) -> AnswersNow {
        let (now_ms, stale_after_ms) = (self.now_ms(), self.stale_after_ms());
        AnswersNow {
            rules: self.live.rules.load_full(),
            defaults: self.live.default_replies(),
            handler: self.live.service.reply_function.load_full(),
            circumstances: Circumstances { now_ms, stale_after_ms, is_paused: self.live.cell.is_paused() },
        }
    }

    pub(super) async fn decide(&mut self, due: Due) -> Result<(), Failure> {
        let answers = self.answers();
        match answers.decide(&due.message) {
            // The host is asked by the next session, for which the message stays undecided: this one could not wait for the answer.
            Next::Ask(_) if self.is_winding_down() => Ok(()),
            Next::Ask(function) => {
                self.asking.ask(&self.live, &self.resources, Arc::clone(function), due);
                Ok(())
            }
            Next::Decided(decision) => self.store_decision(due, decision).await,
        }
    }

    /// Goes on where the host's function has answered, or has failed to.
    pub(super) async fn decide_after_host(&mut self, asked: Asked) -> Result<(), Failure> {
        let Asked { due, answer } = asked;
        let defaults = self.live.default_replies();
        let decision = pipeline::decide_after_host(&due.message, &answer, &defaults);
        self.store_decision(due, decision).await
    }

    async fn store_decision(&mut self, due: Due, decision: Decision<'_>) -> Result<(), Failure> {
        let (draft, drafted) = self.draft(&due.message, due.folded, decision);
        self.hand_over(Vec::new(), vec![draft], Batch { drafted: vec![drafted], ..Batch::of(Came::Before) }).await
    }

    /// A decision as it is stored, and what to do when it stands.
    pub(super) fn draft(&self, message: &InboxRow, folded: Vec<String>, decision: Decision<'_>) -> (Draft, Drafted) {
        let (decision, rule, once_per_chat, sends) = match decision {
            Decision::Silence { why, rule } => (why, rule, false, Vec::new()),
            Decision::Say { why, rule, reply, once_per_chat } => {
                let sends = self.reply(message, reply, why);
                // A text whose variables fill to nothing is nothing to send.
                (if sends.is_empty() { says_nothing(why) } else { why }, rule, once_per_chat, sends)
            }
        };
        let draft = Draft {
            message_id: message.message_id.clone(),
            chat_id: message.chat_id.clone(),
            folded: folded.clone(),
            decision,
            rule: rule.and_then(|place| u32::try_from(place).ok()),
            once_per_chat,
            sends: sends.iter().map(ToSend::row).collect(),
        };
        (draft, Drafted { message_id: message.message_id.clone(), folded, sends })
    }

    /// The text with its variables filled, then the picture.
    fn reply(&self, message: &InboxRow, reply: Reply<'_>, why: DecisionCode) -> Vec<ToSend> {
        let now_ms = self.now_ms();
        let variables = Variables {
            send_user_name: &message.sender_name,
            send_user_id: &message.sender_id,
            send_message: &message.text,
            item_id: message.item_id.as_deref().unwrap_or_default(),
        };
        let text = match why {
            // The host has written it for this message: what looks like a variable is none.
            DecisionCode::HandlerReply => reply.text.to_owned(),
            _ => template::fill(reply.text, &variables).into_owned(),
        };
        let text = (!text.is_empty()).then_some(Content::Text(text));
        let contents = text.into_iter().chain(reply.picture.cloned().map(Content::Picture));
        let to_send = |content| ToSend {
            row: Arc::new(NewSend {
                uuid: self.live.next_uuid(now_ms),
                chat_id: message.chat_id.clone(),
                peer_id: message.sender_id.clone(),
                content,
            }),
            sender: Sender::Pipeline,
        };
        contents.map(to_send).collect()
    }

    pub(super) async fn send_ordered(&mut self, order: SendOrder) -> Result<(), Failure> {
        let now_ms = self.now_ms();
        let SendOrder { chat_id, peer_id, content, outcome, _place } = order;
        let row = Arc::new(NewSend { uuid: self.live.next_uuid(now_ms), chat_id, peer_id, content });
        let send = ToSend { row, sender: Sender::Caller(outcome) };
        self.hand_over(Vec::new(), Vec::new(), Batch { ordered: vec![send], ..Batch::of(Came::Before) }).await
    }

    /// What is to be sent of what is stored, in its order. A decision that was made before, or that a person has overtaken, sends
    /// nothing.
    pub(super) fn standing(
        &mut self,
        drafted: Vec<Drafted>,
        decided: Vec<Option<DecisionCode>>,
        ordered: Vec<ToSend>,
    ) -> VecDeque<ToSend> {
        let mut standing = VecDeque::new();
        for (drafted, stands) in drafted.into_iter().zip(decided) {
            if stands.is_some_and(DecisionCode::is_reply) {
                standing.extend(drafted.sends);
                continue;
            }
            // What was folded into one that had been decided before waits still.
            self.has_more_to_take_up |= stands.is_none() && !drafted.folded.is_empty();
            tracing::debug!(cookie_id = self.live.cell.cookie_id(), why = stands.map(DecisionCode::name), "not answered");
        }
        standing.extend(ordered);
        standing
    }

    /// Writes the acks of what is durable, and what stands.
    pub(super) async fn write_stored(&mut self, due: DueNow) -> Result<(), Failure> {
        let DueNow { acks, mut standing } = due;
        let written = self.write_in_order(acks, &mut standing).await;
        self.storing.keep_unsent(standing);
        written
    }

    /// What is written is taken out.
    async fn write_in_order(&mut self, acks: Vec<String>, standing: &mut VecDeque<ToSend>) -> Result<(), Failure> {
        for ack in acks {
            self.write(ack).await?;
        }
        // Whoever is no longer the account's session writes nothing: that is no send whose end nobody knows.
        while self.fence.is_current()
            && let Some(send) = standing.pop_front()
        {
            let frame = self.frame_of(send);
            self.write(frame).await?;
        }
        if standing.is_empty() { Ok(()) } else { Err(Failure::new(ReasonCode::Replaced, "")) }
    }

    /// The frame of a send, which is under way from here on: noted before it is written, so that if writing fails half-way its
    /// outcome is unknown, and it is not sent again.
    fn frame_of(&mut self, send: ToSend) -> String {
        let ToSend { row, sender } = send;
        let mid = self.mids.next_mid(self.now_ms());
        let to = Recipient { chat_id: &row.chat_id, peer_id: &row.peer_id, unb: &self.unb };
        let frame = match &row.content {
            Content::Text(text) => request::send_text(&mid, &row.uuid, to, text),
            Content::Picture(Picture { url, width, height }) => {
                request::send_picture(&mid, &row.uuid, to, request::Picture { url, width: *width, height: *height })
            }
        };
        let now = Instant::now();
        self.live.pacing().sent(&row.chat_id, now.into_std());
        self.outbox.sent(mid, row.uuid.clone(), sender, now);
        frame
    }

    /// Stores how sends have ended, where nothing else was stored meanwhile, or at the end of the session will be.
    pub(super) async fn tell_what_was_sent(&mut self) -> Result<(), Failure> {
        if self.is_winding_down() {
            self.outbox.hasten(Instant::now());
        }
        if self.outbox.tell_at().is_none_or(|at| at > Instant::now()) {
            return Ok(());
        }
        Box::pin(self.hand_over(Vec::new(), Vec::new(), Batch::of(Came::Before))).await
    }

    /// The session is over. What was not written is taken back, and decided anew by the next session; what was written and not
    /// answered is unknown.
    pub(super) async fn give_up_sends(&mut self) {
        let unsent = self.storing.take_unsent();
        let uuids: Vec<_> = unsent.iter().map(|send| send.row.uuid.clone()).collect();
        for send in unsent {
            if let Sender::Caller(caller) = send.sender {
                // A caller who no longer waits has let it go.
                let _ = caller.send(Err(self.live.not_connected()));
            }
        }
        let limit = self.live.store_limit();
        if let Err(failure) = within(limit, self.put_away(uuids)).await {
            tracing::warn!(cookie_id = self.live.cell.cookie_id(), detail = failure.detail, "how sends ended is not stored yet");
        }
    }

    async fn put_away(&mut self, unsent: Vec<String>) -> Result<(), Error> {
        for uuid in unsent {
            self.live.service.store.withdraw(self.live.cell.cookie_id(), uuid).await?;
        }
        let (ended, _) = self.outbox.take_ended();
        self.live.service.store.close_sends(self.live.cell.cookie_id(), ended, self.now_ms()).await?;
        self.live.service.store.give_up_sends(self.live.cell.cookie_id(), self.now_ms()).await
    }

    /// What is older waits for no answer any more.
    pub(super) fn stale_before_ms(&self) -> i64 {
        self.now_ms() - self.stale_after_ms()
    }

    fn stale_after_ms(&self) -> i64 {
        i64::try_from(self.live.limit(|c| c.stale_after_s).as_millis()).unwrap_or(i64::MAX)
    }
}

/// What is to be written now that it is durable.
pub(super) struct DueNow {
    pub(super) acks: Vec<String>,
    pub(super) standing: VecDeque<ToSend>,
}

/// What there is to answer with, at one moment.
pub(super) struct AnswersNow {
    rules: Arc<Rules>,
    defaults: Arc<DefaultReplies>,
    handler: Option<Arc<ReplyFunction>>,
    circumstances: Circumstances,
}

impl AnswersNow {
    pub(super) fn decide(&self, message: &InboxRow) -> Next<'_, &Arc<ReplyFunction>> {
        let answers = Answers { rules: &self.rules, defaults: &self.defaults, handler: self.handler.as_ref() };
        pipeline::decide(message, answers, self.circumstances)
    }
}

fn says_nothing(why: DecisionCode) -> DecisionCode {
    match why {
        DecisionCode::DefaultReply => DecisionCode::DefaultSaysNothing,
        _ => DecisionCode::RuleSaysNothing,
    }
}

/// What the store is to do, within its limit.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(done) => done.map_err(|problem| Failure::new(ReasonCode::StoreFailed, problem.to_string())),
        Err(_) => Err(Failure::new(ReasonCode::StoreFailed, format!("the store took nothing for {limit:?}"))),
    }
}
