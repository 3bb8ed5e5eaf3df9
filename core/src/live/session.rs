//! One connected session: sign in, connect, register, then read, beat, record, acknowledge and reply until something ends it.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::time::{Duration, Instant, Sleep, sleep_until, timeout_at};

use super::asking::Asking;
use super::backfill::Backfill;
use super::confirming::{self, Confirming};
use super::cookie_renewal;
use super::heartbeat::Heartbeat;
use super::inbox;
use super::limit::timeout;
use super::line::LineOut;
use super::opening;
use super::orders::{self, Orders, SendOrder};
use super::outbox::Outbox;
use super::refresh::{self, Refresh};

use super::replying::DueNow;
use super::storing::{Batch, Came, Stored, Storing};
use super::transport::{Connection, Incoming};
use super::winding_down::WindingDown;
use super::xianyu::XianyuLive;
use crate::account::Fence;
use crate::reply::debounce::Debounce;
use crate::resources::Resources;
use crate::send_outcome::SendOutcome;
use crate::states::{ConnectionState, ReasonCode};
use crate::store::{InboxRow, Recorded, RowKind, Taken};
use crate::wire::frame::{self, Answer, Push};
use crate::wire::request::{self, MidSource};
use crate::worker::{Failure, SessionEnd, StopSignal, WorkerTask};

/// Events that one turn takes together, at most: what they came to is written out before more is taken.
const MAX_EVENTS_OF_TURN: usize = 32;

/// Runs one session for an account until it ends.
pub(super) async fn run(live: Arc<XianyuLive>, task: WorkerTask) -> SessionEnd {
    let WorkerTask { fence, mut stop, turn, is_retry, resources } = task;
    let connecting = if is_retry { ConnectionState::Reconnecting } else { ConnectionState::Connecting };
    // Out here, so that a connection which is open already is closed properly when its opening is cut short.
    let mut socket = None;
    let opened = tokio::select! {
        biased;
        // Nothing is in flight yet: opening can be cut anywhere.
        over_at = stop.wait() => Err((SessionEnd::AsAsked, over_at)),
        // Boxed, so that what opening needs is not kept for as long as the session lives.
        opened = Box::pin(opening::open(&live, &fence, connecting, &mut socket)) => {
            opened.map_err(|failure| (SessionEnd::Failed(failure), Instant::now() + live.limit(|c| c.close_timeout_s)))
        }
    };
    // Others may connect now, also while a new cookie is fetched for this one.
    drop(turn);
    let end = match (opened, socket) {
        (Ok(opened), Some(socket)) => {
            let mut session = Session::new(&live, &fence, &mut stop, resources.clone(), opened, socket);
            session.run().await
        }
        (Ok(_), None) => SessionEnd::Failed(Failure::new(ReasonCode::ConnectionLost, "")),
        (Err((end, over_at)), socket) => {
            if let Some(mut socket) = socket {
                say_goodbye(&mut *socket, over_at).await;
            }
            end
        }
    };
    match end {
        SessionEnd::Failed(failure) if failure.code == ReasonCode::SessionExpired => {
            tokio::select! {
                biased;
                // Dropping the renewal stops its helper, and tells the host's function that nobody waits for it.
                _ = stop.wait() => SessionEnd::AsAsked,
                failure = cookie_renewal::renew(&live, &fence, connecting, &resources, failure) => SessionEnd::Failed(failure),
            }
        }
        end => end,
    }
}

/// A registered session.
pub(super) struct Session<'a> {
    pub(super) live: Arc<XianyuLive>,
    pub(super) fence: Fence,
    pub(super) stop: &'a mut StopSignal,
    pub(super) resources: Resources,
    refresh: Refresh,
    /// Absent when it has ended.
    pub(super) confirming: Option<Confirming>,
    /// Set by a stop or a new token: until when replies in flight may finish, and until when all must be over.
    pub(super) winding_down: Option<WindingDown>,
    socket: Box<dyn Connection>,
    /// Whether something was written since all of it went out.
    is_unflushed: bool,
    /// Messages that wait for their chat to fall quiet.
    pub(super) waiting: Debounce,
    pub(super) asking: Asking,
    pub(super) storing: Storing,
    /// Whether the store has more messages without a decision than were taken up.
    pub(super) has_more_to_take_up: bool,
    pub(super) backfill: Backfill,
    pub(super) unb: String,
    pub(super) mids: MidSource,
    heartbeat: Heartbeat,
    pub(super) outbox: Outbox,
    pub(super) orders: LineOut<Box<SendOrder>>,
    /// Those that wait for their pace.
    pub(super) ordered: Orders,
    /// Whether a reply goes before an order, the next time that both may.
    pub(super) is_replies_turn: bool,
    registered_at: Instant,
}

/// What woke the session.
enum Event {
    StopOrdered(Instant),
    Refreshed(Failure),
    Confirmed(Result<(), Failure>),
    Ordered(Box<SendOrder>),
    Stored(Stored),
    /// The host's function has answered: its turn comes.
    Asked,
    Received(Option<Result<Incoming, super::transport::TransportError>>),
    TimeIsUp,
}

impl<'a> Session<'a> {
    fn new(
        live: &Arc<XianyuLive>,
        fence: &Fence,
        stop: &'a mut StopSignal,
        resources: Resources,
        opened: opening::Opened,
        socket: Box<dyn Connection>,
    ) -> Self {
        let now = Instant::now();
        let (outgoing, orders) = orders::channel();
        live.set_outgoing(Some(outgoing));
        let (desk, confirming) = confirming::begin(live, fence);
        live.set_desk(Some(desk));
        live.set_unproven_cookie(false);
        // The registration was answered, as a beat is.
        live.cell.vitals.heartbeat();
        fence.show_connection(ConnectionState::Connected, ReasonCode::Online);
        Self {
            stop,
            resources,
            refresh: refresh::begin(live, fence),
            confirming: Some(confirming),
            winding_down: None,
            socket,
            is_unflushed: true,
            unb: opened.unb,
            mids: opened.mids,
            heartbeat: Heartbeat::new(
                live.limit(|c| c.heartbeat_interval_s),
                live.limit(|c| c.heartbeat_timeout_s),
                now,
                rand::random(),
                live.service.opened_at,
            ),
            waiting: Debounce::new(live.limit(|c| c.debounce_s), live.service.config.join_messages),
            asking: Asking::new(Arc::clone(&live.handler_places)),
            storing: Storing::default(),
            has_more_to_take_up: false,
            backfill: Backfill::default(),
            outbox: Outbox::new(Arc::clone(&live.cell), live.limit(|c| c.answer_timeout_s), live.service.opened_at),
            orders,
            ordered: Orders::default(),
            is_replies_turn: false,
            registered_at: now,
            live: Arc::clone(live),
            fence: fence.clone(),
        }
    }

    async fn run(&mut self) -> SessionEnd {
        // Boxed, like all that is long and not always under way, so that what it needs is not kept by every idle session.
        let ended = match Box::pin(self.begin()).await {
            Ok(()) => self.until_end().await,
            Err(failure) => Err(failure),
        };
        self.refuse_orders();
        let ended = self.end_confirming(ended).await;
        // First what must be stored: saying goodbye may take all the time that is left.
        Box::pin(self.give_up_sends()).await;
        let own_limit = Instant::now() + self.live.limit(|c| c.close_timeout_s);
        let over_at = self.winding_down.as_ref().filter(|_| self.is_stopped()).map_or(own_limit, |limits| limits.over_at);
        say_goodbye(&mut *self.socket, over_at).await;
        // However its last moments went.
        let of_itself = self.winding_down.take().and_then(|limits| limits.of_itself);
        match of_itself.map_or(ended, Err) {
            Ok(()) => SessionEnd::AsAsked,
            Err(failure) => SessionEnd::Failed(Failure { stood_for: Some(self.registered_at.elapsed()), ..failure }),
        }
    }

    /// The session's life. Each turn handles one event, then answers what is due and writes all of it out together.
    async fn until_end(&mut self) -> Result<(), Failure> {
        let mut timer = Box::pin(sleep_until(self.next_due()));
        loop {
            self.take_up_more().await?;
            self.go_on_backfilling().await?;
            self.take_turns().await?;
            self.tell_what_was_sent().await?;
            self.flush().await?;
            if self.has_wound_down() {
                return Ok(());
            }
            let due = self.next_due();
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            self.take_events(timer.as_mut()).await?;
        }
    }

    /// Waits for an event, and takes with it what is there already: it is answered and stored together.
    async fn take_events(&mut self, mut timer: Pin<&mut Sleep>) -> Result<(), Failure> {
        let mut event = self.next_event(timer.as_mut()).await;
        for _ in 1..MAX_EVENTS_OF_TURN {
            Box::pin(self.on_event(event)).await?;
            // However much comes, what is due has its turn.
            if timer.is_elapsed() {
                return Ok(());
            }
            match self.event_at_hand() {
                Some(next) => event = next,
                None => return Ok(()),
            }
        }
        Box::pin(self.on_event(event)).await
    }

    async fn on_event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::StopOrdered(over_at) => self.wind_down(over_at, None),
            Event::Refreshed(failure) => self.wind_down_of_itself(failure),
            Event::Confirmed(ended) => {
                self.confirming = None;
                if let (Err(failure), None) = (ended, &self.winding_down) {
                    self.wind_down_of_itself(failure);
                }
            }
            Event::Ordered(order) => self.ordered.push(order),
            Event::Stored(stored) => {
                let due = self.go_on_with(stored)?;
                self.write_stored(due).await?;
            }
            Event::Asked => {}
            Event::Received(received) => self.receive(received).await?,
            Event::TimeIsUp => self.tick().await?,
        }
        Ok(())
    }

    async fn next_event(&mut self, timer: Pin<&mut Sleep>) -> Event {
        let takes_in = self.storing.has_room();
        tokio::select! {
            biased;
            over_at = self.stop.wait(), if !self.is_stopped() => Event::StopOrdered(over_at),
            failure = &mut self.refresh, if self.winding_down.is_none() => Event::Refreshed(failure),
            Some(ended) = confirming::ended(&mut self.confirming) => Event::Confirmed(ended),
            Some(order) = self.orders.next() => Event::Ordered(order),
            stored = self.storing.next_stored() => Event::Stored(stored),
            () = self.asking.next_answer() => Event::Asked,
            () = timer => Event::TimeIsUp,
            received = self.socket.next(), if takes_in => Event::Received(received),
        }
    }

    /// What comes in numbers and may be there already. Anything else is looked for once a turn.
    fn event_at_hand(&mut self) -> Option<Event> {
        if let Some(stored) = self.storing.next_stored().now_or_never() {
            return Some(Event::Stored(stored));
        }
        self.storing.has_room().then(|| self.socket.next().now_or_never().map(Event::Received))?
    }

    fn next_due(&self) -> Instant {
        let wound_down = self.winding_down.as_ref().map(|limits| limits.replies_until);
        let backfill = self.backfill.next_due(Instant::now());
        [self.next_turn_due(), wound_down, backfill, self.outbox.next_due(), self.storing.due()]
            .into_iter()
            .flatten()
            .fold(self.heartbeat.next_due(), Instant::min)
    }

    async fn tick(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if self.heartbeat.is_dead(now) {
            return Err(Failure::new(ReasonCode::HeartbeatLost, ""));
        }
        if self.storing.due().is_some_and(|due| due <= now) {
            return Err(Failure::new(ReasonCode::StoreFailed, "it did not answer within store_timeout_s"));
        }
        self.outbox.expire(now);
        if self.heartbeat.is_due(now) {
            let mid = self.mids.next_mid(self.now_ms());
            let beat = request::heartbeat(&mid);
            self.heartbeat.sent(mid, now);
            self.write(beat).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, received: Option<Result<Incoming, super::transport::TransportError>>) -> Result<(), Failure> {
        let text = match received {
            Some(Ok(Incoming::Text(text))) => text,
            Some(Ok(Incoming::Close { code })) => {
                return Err(Failure::new(ReasonCode::ClosedByService, format!("close code {code}")));
            }
            Some(Err(problem)) => return Err(Failure::new(problem.code, problem.detail)),
            None => return Err(Failure::new(ReasonCode::ConnectionLost, "")),
        };
        self.live.cell.vitals.frame();
        match frame::decode(&text) {
            Ok(frame::Incoming::Answer(answer)) => self.close_request(&answer),
            Ok(frame::Incoming::Push(push)) => Box::pin(self.record(&push)).await?,
            Ok(frame::Incoming::Other(_)) => {}
            Err(problem) => {
                tracing::warn!(cookie_id = self.live.cell.cookie_id(), %problem, "a frame that cannot be read");
                self.live.cell.counters.broken.add(1);
            }
        }
        Ok(())
    }

    fn close_request(&mut self, answer: &Answer<'_>) {
        if answer.is_ok() && self.heartbeat.answered(answer.mid()) {
            self.live.cell.vitals.heartbeat();
        }
        self.read_page(answer);
        self.outbox.answered(answer.mid(), Instant::now(), || outcome(answer));
    }

    async fn record(&mut self, push: &Push<'_>) -> Result<(), Failure> {
        if self.winding_down.is_some() {
            // Intake is closed. Without an ack the service pushes it again to the next session.
            return Ok(());
        }
        let mut unpacked = inbox::unpack(push, &self.unb);
        let pushed = unpacked.rows.len();
        unpacked.rows.retain(|row| !self.backfill.has_read_back(row));
        self.live.cell.counters.duplicates.add((pushed - unpacked.rows.len()) as u64);
        self.live.cell.counters.broken.add(unpacked.broken as u64);
        if unpacked.rows.is_empty() {
            return self.write(push.ack()).await;
        }
        if let [only] = &mut *unpacked.rows
            && only.kind == RowKind::Own
        {
            let Some(other) = self.outbox.take_echo(unpacked.rows.remove(0), || push.ack()) else { return Ok(()) };
            unpacked.rows.push(other);
        }
        let (drafts, drafted) = self.decide_at_once(&unpacked.rows);
        let leaves_undecided = drafted.is_empty() && unpacked.rows.iter().any(|row| row.kind == RowKind::Chat);
        let batch = Batch { drafted, leaves_undecided, acks: vec![push.ack()], ..Batch::of(Came::Pushed) };
        self.hand_over(unpacked.rows, drafts, batch).await
    }

    /// Hands what was read back of one chat to the store.
    pub(super) async fn record_history(&mut self, rows: Vec<InboxRow>) -> Result<(), Failure> {
        self.hand_over(rows, Vec::new(), Batch::of(Came::ReadBack)).await
    }

    /// What was handed over is durable: it is to be acknowledged, and what stands to be sent.
    fn go_on_with(&mut self, stored: Stored) -> Result<DueNow, Failure> {
        let Stored { batch, taken } = stored;
        let Taken { recorded, known_echoes, decided } = match taken {
            Ok(taken) => taken,
            Err(problem) => {
                batch.into_sends().for_each(|send| send.refuse(&problem));
                return Err(Failure::new(ReasonCode::StoreFailed, problem.to_string()));
            }
        };
        if recorded.has_order_news {
            self.live.look_at_orders();
        }
        let Batch { came, acks, drafted, ordered, .. } = batch;
        let standing = self.standing(drafted, decided, ordered);
        self.live.cell.counters.duplicates.add(known_echoes as u64);
        self.note_recorded(&came, recorded);
        Ok(DueNow { acks, standing })
    }

    /// Counts what came, and takes in what is still to be decided.
    fn note_recorded(&mut self, came: &Came, recorded: Recorded) {
        let counters = &self.live.cell.counters;
        counters.received.add(recorded.new as u64);
        match came {
            Came::Pushed => {
                counters.duplicates.add(recorded.duplicates as u64);
                self.take_in_or_leave(recorded.undecided);
            }
            Came::ReadBack => {
                counters.backfilled.add(recorded.new as u64);
                let undecided = self.backfill.recorded(recorded);
                self.take_in_or_leave(undecided);
            }
            Came::Before => {}
        }
    }

    /// Puts a frame into the write buffer. Whoever is no longer the account's session writes nothing.
    pub(super) async fn write(&mut self, frame: String) -> Result<(), Failure> {
        if !self.fence.is_current() {
            return Err(Failure::new(ReasonCode::Replaced, ""));
        }
        self.is_unflushed = true;
        within(self.live.limit(|c| c.write_timeout_s), self.socket.feed(frame)).await
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.is_unflushed) {
            return Ok(());
        }
        within(self.live.limit(|c| c.write_timeout_s), self.socket.flush()).await
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.live.service.clock.now_ms()
    }
}

fn outcome(answer: &Answer<'_>) -> SendOutcome {
    let code = answer.code().unwrap_or_default();
    if let Some(refusal) = answer.refusal() {
        return SendOutcome::Rejected { reason: refusal.reason, code, more_info: refusal.more_info };
    }
    match answer.message_id() {
        Some(message_id) if answer.is_ok() => SendOutcome::Delivered { message_id: message_id.into_owned() },
        // An answer that says neither: only a 200 with an id is a delivery.
        _ if answer.is_ok() => SendOutcome::Unknown,
        _ => SendOutcome::Rejected { reason: format!("code {code}"), code, more_info: None },
    }
}

/// Sends a close frame and waits for the service's. Whatever fails here has no one left to interest.
async fn say_goodbye(socket: &mut dyn Connection, over_at: Instant) {
    let _ = timeout_at(over_at, async {
        if socket.close().await.is_ok() {
            while let Some(Ok(Incoming::Text(_))) = socket.next().await {}
        }
    })
    .await;
}

async fn within(limit: Duration, work: impl Future<Output = Result<(), super::transport::TransportError>>) -> Result<(), Failure> {
    match timeout(limit, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(problem)) => Err(Failure::new(problem.code, problem.detail)),
        Err(_) => Err(Failure::new(ReasonCode::ServiceStalled, format!("it took nothing for {limit:?}"))),
    }
}
