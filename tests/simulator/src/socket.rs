//! One WebSocket connection from the upgrade to its end: reads frames, writes answers and pushes, watches the clock.
//!
//! What a frame means is decided in [`crate::frames`], without waiting; this file does the waiting.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use crate::account::{Connection, End};
use crate::clock::{after, now_ms};
use crate::delivery::{Push, Stored};
use crate::frames::Reaction;
use crate::record::{EndedBy, Ending, SeenKind};
use crate::state::Shared;

/// Pushes queued for one connection; a client that lets more pile up is cut off.
const MAX_QUEUED_PUSHES: usize = 4_096;
/// Answers held back by `slow_answers` on one connection; at the bound the connection is cut off.
const MAX_DELAYED_ANSWERS: usize = 4_096;
/// Small: thousands of connections are held in one process.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// The longest frame or message a client may send.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// What may wait in a connection's write buffer.
const MAX_WRITE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// A client that takes nothing for this long is cut off.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time a client has to answer a close frame. Less than the time a stop takes at the most, so that its end is written down.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);
/// A client's close frame without a code is recorded as this one (RFC 6455, 7.4.1).
const NO_CODE: u16 = 1005;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a connection knows of itself; [`crate::frames`] changes it.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) unb: String,
    pub(crate) id: u64,
    pub(crate) registered: bool,
    /// The user agent of `/reg`, copied into pushes.
    pub(crate) ua: String,
    /// Pushes written and not acknowledged, oldest first.
    pub(crate) unacked: VecDeque<Unacked>,
    /// When the connection is closed because it did not register.
    pub(crate) close_at: Option<Instant>,
    delayed: VecDeque<(Instant, String)>,
}

/// A push that waits for its acknowledgement.
pub(crate) struct Unacked {
    pub(crate) push: Push,
    pub(crate) deadline: Instant,
}

/// Runs a connection that was just upgraded until it ends. Its account exists.
pub(crate) async fn serve(shared: Arc<Shared>, unb: String, upgraded: Upgraded) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let mut socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let started = Instant::now();
    let (mut queue, mut end) = (None, None);
    let id = shared.ids.number();
    shared.change(|state| {
        let (pushes, queued) = mpsc::channel(MAX_QUEUED_PUSHES);
        let ending = watch::Sender::new(End::NotYet);
        (queue, end) = (Some(queued), Some(ending.subscribe()));
        state.connections += 1;
        state.count(&unb, |counters| counters.connects += 1);
        let cut = state.connect_times_ms.push(now_ms());
        state.counters.records_cut += u64::from(cut);
        state.see(&unb, SeenKind::Connected, format_args!("connection {id}"));
        if let Some(account) = state.accounts.get_mut(&unb) {
            account.connections.push(Connection { id, pushes, end: ending, registered: false, synced: false, grant: 0 });
        }
    });
    let (Some(mut queue), Some(mut end)) = (queue, end) else { return };

    let close_at = Some(after(shared.options.register_timeout));
    let mut session = Session {
        shared: Arc::clone(&shared),
        unb,
        id,
        registered: false,
        ua: String::new(),
        unacked: VecDeque::new(),
        close_at,
        delayed: VecDeque::new(),
    };
    let by = tokio::select! {
        biased;
        told = told_to_end(&mut end) => match told {
            End::WithFrame(code, reason) => close(&mut socket, code, reason).await,
            End::NotYet | End::WithoutFrame => EndedBy::ServerWithoutFrame,
        },
        by = session.run(&mut socket, &mut queue) => by,
    };
    if let EndedBy::ClientWithFrame(_) = by {
        // Whoever has closed it, and hears the answer, finds it on record.
        session.finish(queue, by, started);
        answer_close(&mut socket).await;
        return;
    }
    // The connection is gone for the client before anybody hears that it is.
    drop(socket);
    session.finish(queue, by, started);
}

/// Reading on sends the answer to the client's close frame.
async fn answer_close(socket: &mut Socket) {
    let answer = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = timeout(CLOSE_TIMEOUT, answer).await;
}

async fn told_to_end(end: &mut watch::Receiver<End>) -> End {
    let told = end.wait_for(|end| *end != End::NotYet).await.ok().map(|end| end.clone());
    match told {
        Some(told) => told,
        None => pending().await,
    }
}

/// Sends a close frame and reads until the client has answered it, or for [`CLOSE_TIMEOUT`].
async fn close(socket: &mut Socket, code: u16, reason: String) -> EndedBy {
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    let closing = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // A client that does not answer is left with what it has.
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
    EndedBy::ServerWithFrame(code)
}

impl Session {
    async fn run(&mut self, socket: &mut Socket, queue: &mut mpsc::Receiver<Push>) -> EndedBy {
        loop {
            let deadline = self.next_deadline();
            let reaction = tokio::select! {
                push = queue.recv() => match push {
                    Some(push) => {
                        if !self.write_push(socket, push).await {
                            return EndedBy::ClientWithoutFrame;
                        }
                        continue;
                    }
                    None => return EndedBy::ServerWithoutFrame,
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.on_text(text.as_str()),
                    Some(Ok(Message::Close(frame))) => {
                        return EndedBy::ClientWithFrame(frame.map_or(NO_CODE, |frame| frame.code.into()));
                    }
                    Some(Ok(Message::Binary(_))) => self.on_binary(),
                    Some(Ok(_)) => continue,
                    Some(Err(_)) | None => return EndedBy::ClientWithoutFrame,
                },
                () = sleep_until(deadline) => self.on_deadline(),
            };
            for answer in reaction.answers {
                if !self.answer(socket, answer).await {
                    return EndedBy::ClientWithoutFrame;
                }
            }
            if let Some(echo) = reaction.echo {
                let path = self.shared.options.push_path;
                self.shared.change(|state| state.deliver(&self.unb, path, vec![echo]));
            }
            if let Some((code, reason)) = reaction.close {
                return close(socket, code, reason.to_owned()).await;
            }
            while let Some(answer) = self.due_answer() {
                if !write(socket, answer).await {
                    return EndedBy::ClientWithoutFrame;
                }
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let far = after(Duration::MAX);
        let ack = self.unacked.front().map(|unacked| unacked.deadline);
        let delayed = self.delayed.front().map(|(due, _)| *due);
        [self.close_at, ack, delayed].into_iter().flatten().min().unwrap_or(far)
    }

    fn on_deadline(&mut self) -> Reaction {
        let now = Instant::now();
        if self.unacked.front().is_some_and(|unacked| unacked.deadline <= now) {
            let late: Vec<_> = self.unacked.iter().take_while(|unacked| unacked.deadline <= now).collect();
            self.shared.change(|state| {
                for unacked in &late {
                    let ids: Vec<_> = unacked.push.entries.iter().filter_map(|entry| entry.message_id.as_deref()).collect();
                    state.count(&self.unb, |counters| counters.acks_missing += 1);
                    state.violation(&self.unb, "push not acked", format!("message ids {}", ids.join(" ")));
                }
            });
            return Reaction::close(1008, "push not acknowledged");
        }
        if self.close_at.is_some_and(|close_at| close_at <= now) {
            return Reaction::close(1008, "not registered");
        }
        Reaction::default()
    }

    fn on_binary(&mut self) -> Reaction {
        self.shared.change(|state| state.violation(&self.unb, "binary frame", "frames are text"));
        Reaction::default()
    }

    /// Writes an answer, now or as late as the script wants, or not at all. `false`: the client is gone.
    async fn answer(&mut self, socket: &mut Socket, answer: String) -> bool {
        let (silent, slow) = {
            let state = self.shared.lock();
            state.accounts.get(&self.unb).map_or((false, Duration::ZERO), |account| (account.script.silent, account.script.slow))
        };
        if silent {
            return true;
        }
        if slow.is_zero() && self.delayed.is_empty() {
            return write(socket, answer).await;
        }
        // Answers keep their order: none is due before the one ahead of it.
        let due = after(slow);
        let due = self.delayed.back().map_or(due, |(ahead, _)| due.max(*ahead));
        self.delayed.push_back((due, answer));
        self.delayed.len() <= MAX_DELAYED_ANSWERS
    }

    fn due_answer(&mut self) -> Option<String> {
        let due = self.delayed.front().is_some_and(|(due, _)| *due <= Instant::now());
        if due { self.delayed.pop_front().map(|(_, answer)| answer) } else { None }
    }

    async fn write_push(&mut self, socket: &mut Socket, push: Push) -> bool {
        let frame = push.frame(crate::frames::APP_KEY, &self.ua, now_ms());
        let deadline = after(self.shared.options.ack_timeout);
        // Before it is written: a connection that ends in between must give its entries back.
        self.unacked.push_back(Unacked { push, deadline });
        if !write(socket, frame).await {
            return false;
        }
        let written_at = Instant::now();
        let Some(Unacked { push, .. }) = self.unacked.back() else { return true };
        self.shared.change(|state| {
            let entries = push.entries.len() as u64;
            let mut repeated = 0;
            for entry in &push.entries {
                if entry.written() {
                    repeated += 1;
                } else if let (Some(chat_id), Some(message_id)) = (&entry.buyer_chat_id, &entry.message_id)
                    && let Some(account) = state.accounts.get_mut(&self.unb)
                    && let Some(chat) = account.chats.get_mut(chat_id)
                {
                    chat.pushed(message_id.clone(), written_at);
                }
            }
            state.count(&self.unb, |counters| {
                counters.pushes += 1;
                counters.entries += entries;
                counters.entries_repeated += repeated;
            });
            state.see(&self.unb, SeenKind::Pushed, format_args!("{entries} entries, {repeated} of them again"));
        });
        true
    }

    /// Takes the connection out of the account, gives back what was not acknowledged, and writes down how it ended.
    fn finish(self, mut queue: mpsc::Receiver<Push>, by: EndedBy, started: Instant) {
        let Self { shared, unb, id, registered, unacked, .. } = self;
        shared.change(|state| {
            state.connections = state.connections.saturating_sub(1);
            if let Some(account) = state.accounts.get_mut(&unb) {
                account.connections.retain(|connection| connection.id != id);
            }
            state.count(&unb, |counters| match by {
                EndedBy::ClientWithFrame(_) => counters.closes_with_frame += 1,
                EndedBy::ClientWithoutFrame => counters.closes_without_frame += 1,
                EndedBy::ServerWithFrame(_) | EndedBy::ServerWithoutFrame => counters.closed_by_server += 1,
            });
            state.see(&unb, SeenKind::Ended, format_args!("connection {id}: {by:?}"));
            let lived_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let cut = state.endings.push(Ending { at_ms: now_ms(), unb: unb.clone(), by, lived_ms, registered });
            state.counters.records_cut += u64::from(cut);
            // Under the lock nothing can be queued any more: the connection is out of the account.
            let mut entries: Vec<Arc<Stored>> = unacked.into_iter().flat_map(|unacked| unacked.push.entries).collect();
            while let Ok(push) = queue.try_recv() {
                entries.extend(push.entries);
            }
            state.take_back(&unb, entries);
        });
    }
}

/// Writes a frame; `false`: the client is gone, or has taken nothing for [`WRITE_TIMEOUT`].
async fn write(socket: &mut Socket, text: String) -> bool {
    matches!(timeout(WRITE_TIMEOUT, socket.send(Message::text(text))).await, Ok(Ok(())))
}
