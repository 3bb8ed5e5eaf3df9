//! One piece of news: a struct with a field for everything that a kind of event tells, and one owner of all its texts.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use livekeeper::{Event, EventKind};

use crate::capacity::{lk_capacity_item, lk_capacity_kind, lk_capacity_level};
use crate::guard::guard;
use crate::health::{lk_health, lk_health_reason_list};
use crate::orders::{lk_confirmation_state, lk_order_list};
use crate::pointer::{Handle, Lent, Plain, end, share};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{lk_connection_state, lk_reason_code, lk_task_state, name_of};
use crate::stopping::lk_stop_report;
use crate::text::{Text, lk_str};

/// What an event tells. Events come on edges: a state that lasts is told once. The numbers are permanent.
///
/// A newer library may tell of a kind that is not in this list: pass over it.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_event_kind {
    /// None: a struct that is not filled yet, or a kind that this library has no number for.
    Unknown = 0,
    /// The account's state, its connection, or the reason for them is another one. See the fields `old_…`, `new_…`, `reason…`
    /// and `next_try_ms`.
    StateChanged = 1,
    /// The account's health is another one. See `old_health`, `new_health`, `health_reasons`.
    HealthChanged = 2,
    /// What ran for the account was stopped: removed, disabled, replaced, restarted or closed. See `stop_report`.
    Stopped = 3,
    /// A bound is near or reached, or no longer: told before calls are refused or accounts have to wait. See `capacity_…`.
    CapacityChanged = 4,
    /// An order is new, or its status is another one; told at least once: if you deliver goods, do so once for its `order_id`.
    /// See `order`.
    OrderChanged = 5,
    /// The confirmation of a shipment has ended. See `order_id`, `confirmation`, `confirmation_code`, `confirmation_text`.
    ConfirmationEnded = 6,
    /// You read so slowly that events were dropped before the next one. See `missed`. Look at the accounts anew.
    Lagged = 100,
}

const NAMES: [(lk_event_kind, &CStr); 7] = [
    (lk_event_kind::StateChanged, c"state_changed"),
    (lk_event_kind::HealthChanged, c"health_changed"),
    (lk_event_kind::Stopped, c"stopped"),
    (lk_event_kind::CapacityChanged, c"capacity_changed"),
    (lk_event_kind::OrderChanged, c"order_changed"),
    (lk_event_kind::ConfirmationEnded, c"confirmation_ended"),
    (lk_event_kind::Lagged, c"lagged"),
];

/// The name of an `lk_event_kind`, such as `state_changed`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_event_kind_name(kind: u32) -> *const c_char {
    name_of(NAMES.iter().find(|row| row.0 as u32 == kind).map(|row| row.1))
}

/// Something that happened. Begin with `LK_EVENT_INIT`, and end what each call has put there with `lk_event_free`.
///
/// Each kind tells of the fields that name it, and all but `LAGGED` have a time. Every other field is 0, an `_UNKNOWN`, false, NULL, or a text without data.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_event {
    /// `sizeof(lk_event)`, set by the init macro.
    pub size: usize,
    /// What texts, lists and the report of this event belong to. Leave it alone; `lk_event_free` ends it.
    pub content: *mut lk_event_content,
    /// What it tells.
    pub kind: lk_event_kind,
    /// The account; an empty text, not one without data, for what concerns the whole manager.
    pub cookie_id: lk_str,
    /// When: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// `LAGGED`: how many events were dropped.
    pub missed: u64,

    /// `STATE_CHANGED`: what the task did before.
    pub old_state: lk_task_state,
    /// And what it does now.
    pub new_state: lk_task_state,
    /// `STATE_CHANGED`: what the connection did before.
    pub old_connection: lk_connection_state,
    /// And what it does now.
    pub new_connection: lk_connection_state,
    /// `STATE_CHANGED`: why it was so before.
    pub old_reason: lk_reason_code,
    /// And why it is so now.
    pub new_reason: lk_reason_code,
    /// `STATE_CHANGED`: why it is so now, as a sentence for people.
    pub reason_text: lk_str,
    /// `STATE_CHANGED`: what exactly was seen (an error text, a close code, an address for a person to open); may be empty.
    pub reason_detail: lk_str,
    /// `STATE_CHANGED`: since when the reason holds: milliseconds since 1970 UTC.
    pub reason_since_ms: i64,
    /// `STATE_CHANGED`: when the next try is due: milliseconds since 1970 UTC; 0: none is.
    pub next_try_ms: i64,

    /// `HEALTH_CHANGED`: how the account was before.
    pub old_health: lk_health,
    /// And how it is now.
    pub new_health: lk_health,
    /// `HEALTH_CHANGED`: what is wrong; see `lk_health_reason_list_get`. It belongs to the event.
    pub health_reasons: *const lk_health_reason_list,

    /// `STOPPED`: how each stage ended, a report of this one account; see `lk_stop_report_account`. It belongs to the event.
    pub stop_report: *const lk_stop_report,

    /// `CAPACITY_CHANGED`: what has the bound.
    pub capacity_kind: lk_capacity_kind,
    /// `CAPACITY_CHANGED`: how near it is.
    pub capacity_level: lk_capacity_level,
    /// `CAPACITY_CHANGED`: how much is used.
    pub capacity_used: u64,
    /// `CAPACITY_CHANGED`: how much there is; 0 where there is no bound.
    pub capacity_bound: u64,
    /// `CAPACITY_CHANGED`: whether there is a bound.
    pub capacity_has_bound: bool,

    /// `ORDER_CHANGED`: the order as it stands, a list of this one; see `lk_order_list_get`. It belongs to the event.
    pub order: *const lk_order_list,

    /// `CONFIRMATION_ENDED`: the order.
    pub order_id: lk_str,
    /// `CONFIRMATION_ENDED`: how it ended: confirmed, refused or unknown.
    pub confirmation: lk_confirmation_state,
    /// `CONFIRMATION_ENDED`: the service's code where it refused, or what was seen in place of an answer; `data` NULL: none.
    pub confirmation_code: lk_str,
    /// `CONFIRMATION_ENDED`: the service's words for it; `data` NULL: none.
    pub confirmation_text: lk_str,
}

impl Plain for lk_event {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_event {
    const LEAST: usize = std::mem::offset_of!(Self, capacity_has_bound) + size_of::<bool>();
}

/// What an event's texts, lists and report belong to.
pub struct lk_event_content {
    cookie_id: Text,
    reason_text: Option<Text>,
    reason_detail: Option<Text>,
    health_reasons: Option<Lent<lk_health_reason_list>>,
    stop_report: Option<Lent<lk_stop_report>>,
    order: Option<Lent<lk_order_list>>,
    order_id: Option<Text>,
    confirmation_code: Option<Text>,
    confirmation_text: Option<Text>,
}

impl Handle for lk_event_content {}

impl lk_event {
    pub(crate) const EMPTY: Self = Self {
        size: size_of::<Self>(),
        content: std::ptr::null_mut(),
        kind: lk_event_kind::Unknown,
        cookie_id: lk_str::NONE,
        at_ms: 0,
        missed: 0,
        old_state: lk_task_state::Unknown,
        new_state: lk_task_state::Unknown,
        old_connection: lk_connection_state::Unknown,
        new_connection: lk_connection_state::Unknown,
        old_reason: lk_reason_code::Unknown,
        new_reason: lk_reason_code::Unknown,
        reason_text: lk_str::NONE,
        reason_detail: lk_str::NONE,
        reason_since_ms: 0,
        next_try_ms: 0,
        old_health: lk_health::Unknown,
        new_health: lk_health::Unknown,
        health_reasons: std::ptr::null(),
        stop_report: std::ptr::null(),
        capacity_kind: lk_capacity_kind::Unknown,
        capacity_level: lk_capacity_level::Unknown,
        capacity_used: 0,
        capacity_bound: 0,
        capacity_has_bound: false,
        order: std::ptr::null(),
        order_id: lk_str::NONE,
        confirmation: lk_confirmation_state::None,
        confirmation_code: lk_str::NONE,
        confirmation_text: lk_str::NONE,
    };

    pub(crate) fn lagged(missed: u64) -> Self {
        Self { kind: lk_event_kind::Lagged, cookie_id: lk_str::EMPTY, missed, ..Self::EMPTY }
    }

    /// What has happened, with a content that [`lk_event_free`] must end.
    pub(crate) fn new(event: &Event) -> Self {
        let mut content = lk_event_content::new(event);
        let mut told = Self { at_ms: event.at_ms, ..Self::EMPTY };
        match &event.kind {
            EventKind::StateChanged { old, new, reason } => {
                told.kind = lk_event_kind::StateChanged;
                (told.old_state, told.new_state) = (old.state.into(), new.state.into());
                (told.old_connection, told.new_connection) = (old.connection.into(), new.connection.into());
                (told.old_reason, told.new_reason) = (old.reason.into(), new.reason.into());
                told.reason_since_ms = reason.since_ms;
                told.next_try_ms = reason.next_try_ms.unwrap_or_default();
                content.reason_text = Some(Text::new(reason.to_string()));
                content.reason_detail = Some(Text::new(reason.detail.clone()));
            }
            EventKind::HealthChanged { old, new, reasons } => {
                told.kind = lk_event_kind::HealthChanged;
                (told.old_health, told.new_health) = ((*old).into(), (*new).into());
                content.health_reasons = Some(Lent::new(lk_health_reason_list::new(reasons)));
            }
            EventKind::Stopped { report } => {
                told.kind = lk_event_kind::Stopped;
                content.stop_report = Some(Lent::new(lk_stop_report::of_one(report.clone())));
            }
            EventKind::CapacityChanged { item } => {
                told.kind = lk_event_kind::CapacityChanged;
                let item = lk_capacity_item::from(item);
                (told.capacity_kind, told.capacity_level) = (item.kind, item.level);
                (told.capacity_used, told.capacity_bound, told.capacity_has_bound) = (item.used, item.bound, item.has_bound);
            }
            EventKind::OrderChanged { order } => {
                told.kind = lk_event_kind::OrderChanged;
                content.order = Some(Lent::new(lk_order_list::new([(**order).clone()])));
            }
            EventKind::ConfirmationEnded { order_id, confirmation } => {
                told.kind = lk_event_kind::ConfirmationEnded;
                told.confirmation = confirmation.state.into();
                content.order_id = Some(Text::new(order_id.clone()));
                content.confirmation_code = confirmation.code.clone().map(Text::new);
                content.confirmation_text = confirmation.text.clone().map(Text::new);
            }
            _ => {}
        }
        let content = Arc::new(content);
        content.lend_to(&mut told);
        told.content = share(content);
        told
    }
}

impl lk_event_content {
    fn new(event: &Event) -> Self {
        let cookie_id = Text::new(event.cookie_id.to_string());
        Self {
            cookie_id,
            reason_text: None,
            reason_detail: None,
            health_reasons: None,
            stop_report: None,
            order: None,
            order_id: None,
            confirmation_code: None,
            confirmation_text: None,
        }
    }

    /// `self` must lie on the heap already, where it stays: the event points into it.
    fn lend_to(&self, event: &mut lk_event) {
        event.cookie_id = self.cookie_id.lend();
        event.reason_text = self.reason_text.as_ref().map_or(lk_str::NONE, Text::lend);
        event.reason_detail = self.reason_detail.as_ref().map_or(lk_str::NONE, Text::lend);
        event.health_reasons = lent(self.health_reasons.as_ref());
        event.stop_report = lent(self.stop_report.as_ref());
        event.order = lent(self.order.as_ref());
        event.order_id = self.order_id.as_ref().map_or(lk_str::NONE, Text::lend);
        event.confirmation_code = self.confirmation_code.as_ref().map_or(lk_str::NONE, Text::lend);
        event.confirmation_text = self.confirmation_text.as_ref().map_or(lk_str::NONE, Text::lend);
    }
}

fn lent<T: Handle>(owned: Option<&Lent<T>>) -> *const T {
    owned.map_or(std::ptr::null(), |owned| owned.handle().cast_const())
}

/// Ends what an event holds, and empties it: it is as after `LK_EVENT_INIT`, and can be used again. NULL and an empty event are
/// fine; of an event that was copied, end one copy only. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_event_free(event: *mut lk_event) {
    guard(|| {
        // SAFETY: the header's contract: null, or an event that is used by nobody any more.
        let Some(place) = (unsafe { GrowingPlace::optional(event, "event") })? else { return Ok(()) };
        // SAFETY: its size was looked at, so this field is there; the init macro or `lk_events_next` has filled it.
        let content = unsafe { (&raw const (*event).content).read() };
        place.put(lk_event::EMPTY);
        end(content);
        Ok(())
    });
}
