//! The verbs about orders: what is known of them, and the confirmation of their shipment.

use std::sync::Arc;

use super::{CookieManager, check_id};
use crate::call::Call;
use crate::error::Error;
use crate::order::{Confirmation, Order};

/// Orders that one look brings, at most.
const MAX_ORDERS: u32 = 10_000;

impl CookieManager {
    /// The account's orders, the newest first, each with its history and how the confirmation of its shipment stands.
    /// `limit`: 1 … 10,000 orders. They are kept for `keep_messages_days` after they have changed last.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn orders(&self, cookie_id: &str, limit: u32) -> Call<Vec<Order>> {
        if let Err(error) = self.check_known(cookie_id).and_then(|()| check_limit(limit)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        self.tasks.look(async move { store.orders(&cookie_id, limit).await })
    }

    /// One of the account's orders; `None`: no such order is on record.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn order(&self, cookie_id: &str, order_id: &str) -> Call<Option<Order>> {
        if let Err(error) = self.check_known(cookie_id).and_then(|()| check_id("order_id", order_id)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id, order_id) = (Arc::clone(&self.service.store), cookie_id.to_owned(), order_id.to_owned());
        self.tasks.look(async move { store.order(&cookie_id, &order_id).await })
    }

    /// Whether an order that comes to await shipment from now on has its shipment confirmed to the service by itself, once; off at
    /// first. Orders that await it already are left as they are ([`Self::confirm_shipment`]). An account that is paused confirms
    /// all the same: it is no reply. Remembered over a restart of the process.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn update_auto_confirm_setting(&self, cookie_id: &str, on: bool) -> Call<()> {
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move { service.store.set_auto_confirm(slot.cookie_id(), on, service.clock.now_ms()).await })
        })
    }

    /// Whether shipments are confirmed by themselves.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn get_auto_confirm_setting(&self, cookie_id: &str) -> Call<bool> {
        if let Err(error) = self.check_known(cookie_id) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        self.tasks.look(async move { store.auto_confirm(&cookie_id).await })
    }

    /// Has the shipment of an order confirmed to the service, and tells how that ended. One that is confirmed already is not asked
    /// for again; one that was refused, or of which nobody knows, is: by this call and never by itself.
    ///
    /// Where the account is not connected, or its session ends first, the answer is that it is pending: it is confirmed as soon
    /// as the account is connected again, and the event tells. While it is connected, answered when those that were asked for before and this one have been, each
    /// within twice `api_timeout_s`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`]: no such order, or one that does not await shipment. [`Error::AccountNotFound`],
    /// [`Error::StoreFailed`], [`Error::Closed`].
    pub fn confirm_shipment(&self, cookie_id: &str, order_id: &str) -> Call<Confirmation> {
        let worker = self.check_known(cookie_id).and_then(|()| check_id("order_id", order_id));
        let worker = match worker.and_then(|()| self.tasks.supervisor().worker(cookie_id)) {
            Ok(worker) => worker,
            Err(error) => return Call::ready(Err(error)),
        };
        let (service, cookie_id, order_id) = (Arc::clone(&self.service), cookie_id.to_owned(), order_id.to_owned());
        self.tasks.look(async move {
            let standing = service.store.ask_confirmation(&cookie_id, &order_id, service.clock.now_ms()).await?;
            if standing.state.has_ended() {
                return Ok(standing);
            }
            match worker.await_confirmation(&order_id) {
                Some(answer) => answer.await.unwrap_or(Ok(standing)),
                None => Ok(standing),
            }
        })
    }
}

fn check_limit(limit: u32) -> Result<(), Error> {
    if (1..=MAX_ORDERS).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid("limit", format!("is {limit}, allowed is 1 … {MAX_ORDERS}")))
}
