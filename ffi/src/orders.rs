//! Orders, and the confirmation of their shipment; and the remark on an account.

use std::ffi::c_char;

use livekeeper::{Confirmation, ConfirmationState, Order, OrderStatus};

use crate::accounts::account;
use crate::error::{Failure, lk_status};
use crate::guard::{guard, guard_or};
use crate::manager::lk_manager;
use crate::pointer::{Handle, Place, Plain, end, give, look, look_if_any};
use crate::sized::{Growing, GrowingPlace};
use crate::states::{Row, name_of};
use crate::text::{Text, lk_str, lk_string};

/// Where an order stands, in the order in which an order passes it. The numbers are permanent, and the same in every language.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_order_status {
    /// None: a struct that is not filled yet, or a status that this library has no number for.
    Unknown = 0,
    /// The buyer has ordered and not paid.
    AwaitingPayment = 1,
    /// Paid; the seller must ship.
    AwaitingShipment = 2,
    /// Shipped; the buyer must confirm.
    Shipped = 3,
    /// The buyer has confirmed.
    Completed = 4,
    /// Ended without a sale, or refunded.
    Closed = 5,
}

/// Where the confirmation of an order's shipment stands. The numbers are permanent, and the same in every language.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lk_confirmation_state {
    /// Nobody has asked for one. Also: a state that this library has no number for.
    None = 0,
    /// It is to be made as soon as the account is connected.
    Pending = 1,
    /// The call to the service is under way.
    Confirming = 2,
    /// The service has taken it.
    Confirmed = 3,
    /// The service has refused it. It is not asked again by itself.
    Refused = 4,
    /// Nobody knows: no answer came that tells. It is not asked again by itself.
    Unknown = 5,
}

const STATUSES: [Row<lk_order_status, OrderStatus>; 5] = [
    (lk_order_status::AwaitingPayment, OrderStatus::AwaitingPayment, c"awaiting_payment"),
    (lk_order_status::AwaitingShipment, OrderStatus::AwaitingShipment, c"awaiting_shipment"),
    (lk_order_status::Shipped, OrderStatus::Shipped, c"shipped"),
    (lk_order_status::Completed, OrderStatus::Completed, c"completed"),
    (lk_order_status::Closed, OrderStatus::Closed, c"closed"),
];

const CONFIRMATION_STATES: [Row<lk_confirmation_state, ConfirmationState>; 5] = [
    (lk_confirmation_state::Pending, ConfirmationState::Pending, c"pending"),
    (lk_confirmation_state::Confirming, ConfirmationState::Confirming, c"confirming"),
    (lk_confirmation_state::Confirmed, ConfirmationState::Confirmed, c"confirmed"),
    (lk_confirmation_state::Refused, ConfirmationState::Refused, c"refused"),
    (lk_confirmation_state::Unknown, ConfirmationState::Unknown, c"unknown"),
];

impl From<OrderStatus> for lk_order_status {
    fn from(status: OrderStatus) -> Self {
        STATUSES.iter().find(|row| row.1 == status).map_or(Self::Unknown, |row| row.0)
    }
}

impl From<ConfirmationState> for lk_confirmation_state {
    fn from(state: ConfirmationState) -> Self {
        // Whoever does not know a state must not take it for one that has ended well.
        CONFIRMATION_STATES.iter().find(|row| row.1 == state).map_or(Self::None, |row| row.0)
    }
}

/// The name of an `lk_order_status`, such as `awaiting_shipment`; `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_order_status_name(status: u32) -> *const c_char {
    name_of(STATUSES.iter().find(|row| row.0 as u32 == status).map(|row| row.2))
}

/// The name of an `lk_confirmation_state`, such as `confirmed`; `none` for `NONE`, `unknown` for a number that is none.
///
/// Never NULL, and valid for ever. Any thread. Does not block.
#[unsafe(no_mangle)]
pub extern "C" fn lk_confirmation_state_name(state: u32) -> *const c_char {
    let none = (state == lk_confirmation_state::None as u32).then_some(c"none");
    name_of(none.or_else(|| CONFIRMATION_STATES.iter().find(|row| row.0 as u32 == state).map(|row| row.2)))
}

/// An order that the platform's cards have told of. Begin with `LK_ORDER_INIT`. Its texts belong to the list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_order {
    /// `sizeof(lk_order)`, set by the init macro.
    pub size: usize,
    /// The service's id for it. If you deliver goods for it, do so once for this id.
    pub order_id: lk_str,
    /// The chat in which its cards stand.
    pub chat_id: lk_str,
    /// What was bought; `data` NULL: no card says so.
    pub item_id: lk_str,
    /// Who bought it, a user id; `data` NULL: only cards in the seller's own name have told of it.
    pub buyer_id: lk_str,
    /// Where it stands: the furthest status that a card has told. A card that comes late sets it back no more.
    pub status: lk_order_status,
    /// How many statuses cards have told; see `lk_order_list_step`.
    pub step_count: usize,
    /// Where the confirmation of its shipment stands.
    pub confirmation: lk_confirmation_state,
    /// The service's code where it refused, or what was seen in place of an answer; `data` NULL: none.
    pub confirmation_code: lk_str,
    /// The service's words for it; `data` NULL: none.
    pub confirmation_text: lk_str,
    /// Since when the confirmation stands so: milliseconds since 1970 UTC; 0: there is none.
    pub confirmation_at_ms: i64,
    /// When its first card was recorded: milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// When its status or its confirmation changed last: milliseconds since 1970 UTC.
    pub updated_at_ms: i64,
}

impl Plain for lk_order {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_order {
    const LEAST: usize = std::mem::offset_of!(Self, updated_at_ms) + size_of::<i64>();
}

/// One status of an order, and the card that told of it. Begin with `LK_ORDER_STEP_INIT`. Its text belongs to the list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_order_step {
    /// `sizeof(lk_order_step)`, set by the init macro.
    pub size: usize,
    /// The status.
    pub status: lk_order_status,
    /// Since when, by the service's clock, or when it was recorded where the card does not say: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The first card that told of it: its message's id.
    pub message_id: lk_str,
}

impl Plain for lk_order_step {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_order_step {
    const LEAST: usize = std::mem::offset_of!(Self, message_id) + size_of::<lk_str>();
}

/// How a confirmation stands. Begin with `LK_CONFIRMATION_INIT`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lk_confirmation {
    /// `sizeof(lk_confirmation)`, set by the init macro.
    pub size: usize,
    /// Where it stands.
    pub state: lk_confirmation_state,
    /// Since when: milliseconds since 1970 UTC.
    pub at_ms: i64,
}

impl Plain for lk_confirmation {}

// SAFETY: repr(C), and its first field is its size.
unsafe impl Growing for lk_confirmation {
    const LEAST: usize = std::mem::offset_of!(Self, at_ms) + size_of::<i64>();
}

/// A list of orders. End it with `lk_order_list_free`, if it came through a pointer to a pointer; that of an event belongs to
/// the event.
pub struct lk_order_list(Vec<Entry>);

impl Handle for lk_order_list {}

struct Entry {
    order_id: Text,
    chat_id: Text,
    item_id: Option<Text>,
    buyer_id: Option<Text>,
    status: lk_order_status,
    steps: Vec<(lk_order_status, i64, Text)>,
    confirmation: lk_confirmation_state,
    confirmation_code: Option<Text>,
    confirmation_text: Option<Text>,
    confirmation_at_ms: i64,
    created_at_ms: i64,
    updated_at_ms: i64,
}

impl From<Order> for Entry {
    fn from(order: Order) -> Self {
        let steps = order.history.into_iter().map(|step| (step.status.into(), step.at_ms, Text::new(step.message_id)));
        let standing = order.confirmation;
        let confirmation_at_ms = standing.as_ref().map_or(0, |standing| standing.at_ms);
        let confirmation = standing.as_ref().map_or(lk_confirmation_state::None, |standing| standing.state.into());
        let (code, text) = standing.map_or((None, None), |standing| (standing.code, standing.text));
        Self {
            order_id: Text::new(order.order_id),
            chat_id: Text::new(order.chat_id),
            item_id: order.item_id.map(Text::new),
            buyer_id: order.buyer_id.map(Text::new),
            status: order.status.into(),
            steps: steps.collect(),
            confirmation,
            confirmation_code: code.map(Text::new),
            confirmation_text: text.map(Text::new),
            confirmation_at_ms,
            created_at_ms: order.created_at_ms,
            updated_at_ms: order.updated_at_ms,
        }
    }
}

impl Entry {
    /// Valid as long as the list is.
    fn lend(&self) -> lk_order {
        let optional = |text: &Option<Text>| text.as_ref().map_or(lk_str::NONE, Text::lend);
        lk_order {
            size: size_of::<lk_order>(),
            order_id: self.order_id.lend(),
            chat_id: self.chat_id.lend(),
            item_id: optional(&self.item_id),
            buyer_id: optional(&self.buyer_id),
            status: self.status,
            step_count: self.steps.len(),
            confirmation: self.confirmation,
            confirmation_code: optional(&self.confirmation_code),
            confirmation_text: optional(&self.confirmation_text),
            confirmation_at_ms: self.confirmation_at_ms,
            created_at_ms: self.created_at_ms,
            updated_at_ms: self.updated_at_ms,
        }
    }
}

impl lk_order_list {
    pub(crate) fn new(orders: impl IntoIterator<Item = Order>) -> Self {
        Self(orders.into_iter().map(Entry::from).collect())
    }

    fn entry(&self, index: usize) -> Result<&Entry, Failure> {
        let beyond = || Failure::invalid("index", format!("is {index}, the list has {} orders", self.0.len()));
        self.0.get(index).ok_or_else(beyond)
    }
}

/// An account's orders, the newest first. They are kept for `keep_messages_days` after they have changed last.
///
/// - `limit`: at most so many orders, 1 to 10,000.
/// - `list`: where the list goes, yours to end with `lk_order_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while they are read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_orders(
    manager: *const lk_manager,
    cookie_id: lk_str,
    limit: u32,
    list: *mut *mut lk_order_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        place.put(give(lk_order_list::new(manager.orders(cookie_id, limit).wait()?)));
        Ok(())
    })
}

/// One of an account's orders: a list of it, or an empty one where no such order is on record.
///
/// - `list`: where the list goes, yours to end with `lk_order_list_free`; NULL is put there on failure.
///
/// Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_order(
    manager: *const lk_manager,
    cookie_id: lk_str,
    order_id: lk_str,
    list: *mut *mut lk_order_list,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(list, "list")?.emptied(), account(manager, cookie_id)?) };
        // SAFETY: as above.
        let order_id = unsafe { order_id.required("order_id") }?;
        place.put(give(lk_order_list::new(manager.order(cookie_id, order_id).wait()?)));
        Ok(())
    })
}

/// How many orders a list has; 0 of NULL.
///
/// Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_order_list_count(list: *const lk_order_list) -> usize {
    let list = look_if_any(list);
    guard_or(0, || list.map_or(0, |list| list.0.len()))
}

/// One of them.
///
/// - `index`: from 0, below the list's count.
/// - `order`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_order_list_get(list: *const lk_order_list, index: usize, order: *mut lk_order) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(order, "order")?) };
        place.put(list.entry(index)?.lend());
        Ok(())
    })
}

/// One status that a card has told of one of them; they stand in the order in which an order passes them.
///
/// - `index`: the order's, from 0, below the list's count.
/// - `step_index`: from 0, below the order's `step_count`.
/// - `step`: where it goes; its `size` must be set.
///
/// Any thread. Does not block. Errors: `LK_STATUS_INVALID_ARGUMENT` beyond the end, `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_order_list_step(
    list: *const lk_order_list,
    index: usize,
    step_index: usize,
    step: *mut lk_order_step,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (list, place) = unsafe { (look(list, "list")?, GrowingPlace::new(step, "step")?) };
        let steps = &list.entry(index)?.steps;
        let beyond = || Failure::invalid("step_index", format!("is {step_index}, the order has {} steps", steps.len()));
        let (status, at_ms, message_id) = steps.get(step_index).ok_or_else(beyond)?;
        let size = size_of::<lk_order_step>();
        place.put(lk_order_step { size, status: *status, at_ms: *at_ms, message_id: message_id.lend() });
        Ok(())
    })
}

/// Ends a list of orders and its texts. NULL is fine. Any thread. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_order_list_free(list: *mut lk_order_list) {
    end(list);
}

/// Sets whether an order that comes to await shipment from now on has its shipment confirmed to the service by itself, once.
/// Orders that await it already are left as they are: `lk_manager_confirm_shipment`. An account that is paused confirms all the
/// same: it is no reply. Remembered over a restart of the process.
///
/// - `on`: a new account has false.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`,
/// `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_update_auto_confirm_setting(
    manager: *const lk_manager,
    cookie_id: lk_str,
    on: bool,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (manager, cookie_id) = unsafe { account(manager, cookie_id) }?;
        Ok(manager.update_auto_confirm_setting(cookie_id, on).wait()?)
    })
}

/// Tells whether shipments are confirmed by themselves.
///
/// Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_auto_confirm_setting(
    manager: *const lk_manager,
    cookie_id: lk_str,
    on: *mut bool,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), on) = unsafe { (account(manager, cookie_id)?, Place::new(on, "on")?) };
        on.put(manager.get_auto_confirm_setting(cookie_id).wait()?);
        Ok(())
    })
}

/// Has the shipment of an order confirmed to the service, and tells how that ended. One that is confirmed already is not asked
/// for again; one that was refused, or of which nobody knows, is: by this call and never by itself.
///
/// - `confirmation`: where it goes; its `size` must be set. `PENDING`: the account is not connected, or its session has ended
///   first; it is confirmed as soon as it is connected again, and the event tells.
/// - `detail`: where the service's code and words of a refused one go, or what was seen in place of an answer, yours to end with
///   `lk_string_free`; NULL if you do not want it. NULL is put there on failure.
///
/// Any thread. Blocks until those that were asked for before and this one are answered, each within twice `api_timeout_s`, by
/// default 40 s. One that is refused or unknown is no error. Errors: `LK_STATUS_INVALID_ARGUMENT` for no such order, or one that
/// does not await shipment, `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`,
/// `LK_STATUS_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_confirm_shipment(
    manager: *const lk_manager,
    cookie_id: lk_str,
    order_id: lk_str,
    confirmation: *mut lk_confirmation,
    detail: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (detail_place, place) =
            unsafe { (Place::optional(detail).map(Place::emptied), GrowingPlace::new(confirmation, "confirmation")?) };
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), order_id) = unsafe { (account(manager, cookie_id)?, order_id.required("order_id")?) };
        let told = manager.confirm_shipment(cookie_id, order_id).wait()?;
        put_confirmation(&told, &place, detail_place);
        Ok(())
    })
}

pub(crate) fn put_confirmation(told: &Confirmation, place: &GrowingPlace<lk_confirmation>, detail: Option<Place<*mut lk_string>>) {
    place.put(lk_confirmation { size: size_of::<lk_confirmation>(), state: told.state.into(), at_ms: told.at_ms });
    if let Some(detail) = detail {
        detail.put(give(lk_string::new(in_words(told))));
    }
}

fn in_words(confirmation: &Confirmation) -> String {
    let parts: Vec<&str> = [&confirmation.code, &confirmation.text].into_iter().flatten().map(String::as_str).collect();
    parts.join(" ")
}

/// Keeps a remark with an account, for people. It has no effect.
///
/// - `remark`: 0 to 1,000 bytes; a new account has an empty one.
///
/// Any thread. Blocks until it is on disk. Errors: `LK_STATUS_INVALID_ARGUMENT`, `LK_STATUS_ACCOUNT_NOT_FOUND`,
/// `LK_STATUS_STORE_FAILED`, `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_set_remark(manager: *const lk_manager, cookie_id: lk_str, remark: lk_str) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let ((manager, cookie_id), remark) = unsafe { (account(manager, cookie_id)?, remark.required("remark")?) };
        Ok(manager.set_remark(cookie_id, remark).wait()?)
    })
}

/// The account's remark.
///
/// - `remark`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
///
/// Any thread. Blocks while it is read from the store. Errors: `LK_STATUS_ACCOUNT_NOT_FOUND`, `LK_STATUS_STORE_FAILED`,
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_get_remark(
    manager: *const lk_manager,
    cookie_id: lk_str,
    remark: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers and texts.
        let (place, (manager, cookie_id)) = unsafe { (Place::new(remark, "remark")?.emptied(), account(manager, cookie_id)?) };
        place.put(give(lk_string::new(manager.get_remark(cookie_id).wait()?)));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use livekeeper::{ConfirmationState, OrderStatus};

    use super::{CONFIRMATION_STATES, STATUSES, lk_confirmation_state, lk_order_status};

    #[test]
    fn every_status_and_state_of_core_has_its_own_number_and_name_here() {
        for status in OrderStatus::ALL {
            assert_eq!(lk_order_status::from(*status) as u32, u32::from(status.number()), "{status:?}");
        }
        for state in ConfirmationState::ALL {
            assert_eq!(lk_confirmation_state::from(*state) as u32, u32::from(state.number()), "{state:?}");
        }
        for (_, status, name) in STATUSES {
            assert_eq!(name.to_str().unwrap(), status.name());
        }
        for (_, state, name) in CONFIRMATION_STATES {
            assert_eq!(name.to_str().unwrap(), state.name());
        }
    }
}
