//! The verbs about chats: what came in them and what was decided, and who has them.

use std::sync::Arc;

use super::{CookieManager, check_id};
use crate::account::MAX_PAUSE_MINUTES;
use crate::call::Call;
use crate::error::Error;
use crate::store::{MessageTrace, PausedChat};

/// Messages that one look brings, at most.
const MAX_MESSAGES: u32 = 10_000;

impl CookieManager {
    /// What came for the account, the newest first, with what was decided about each message, by which rule, what was sent, and
    /// how that ended. `chat_id`: of one chat only. `limit`: 1 … 10,000 messages.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn messages(&self, cookie_id: &str, chat_id: Option<&str>, limit: u32) -> Call<Vec<MessageTrace>> {
        let known = self.tasks.check_open().and_then(|()| self.tasks.supervisor().cell(cookie_id).map(drop));
        if let Err(error) = known.and_then(|()| check_limit(limit)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        let chat_id = chat_id.map(str::to_owned);
        self.tasks.look(async move { store.messages(&cookie_id, chat_id, limit).await })
    }

    /// Answers nothing in a chat for so many minutes (1 … 525,600) from now on. Remembered over a restart of the process. A chat
    /// in which the seller writes by hand is paused by itself, for the account's minutes.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn pause_chat(&self, cookie_id: &str, chat_id: &str, minutes: u32) -> Call<()> {
        if let Err(error) = check_id("chat_id", chat_id).and_then(|()| check_minutes(minutes, 1)) {
            return Call::ready(Err(error));
        }
        let chat_id = chat_id.to_owned();
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move {
                let until_ms = service.clock.now_ms().saturating_add(i64::from(minutes) * 60_000);
                service.store.pause_chat(slot.cookie_id(), &chat_id, until_ms).await
            })
        })
    }

    /// Lets a paused chat be answered again, from the next message on.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn resume_chat(&self, cookie_id: &str, chat_id: &str) -> Call<()> {
        if let Err(error) = check_id("chat_id", chat_id) {
            return Call::ready(Err(error));
        }
        let chat_id = chat_id.to_owned();
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move { service.store.pause_chat(slot.cookie_id(), &chat_id, 0).await })
        })
    }

    /// The account's chats that are paused now, in the order of their ids.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn paused_chats(&self, cookie_id: &str) -> Call<Vec<PausedChat>> {
        if let Err(error) = self.tasks.check_open().and_then(|()| self.tasks.supervisor().cell(cookie_id).map(drop)) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        let now_ms = self.service.clock.now_ms();
        self.tasks.look(async move { store.paused_chats(&cookie_id, now_ms).await })
    }

    /// For how many minutes (0 … 525,600; 10 at first) a chat is left to a person who has written in it by hand; 0: not at all.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn set_pause_duration(&self, cookie_id: &str, minutes: u32) -> Call<()> {
        if let Err(error) = check_minutes(minutes, 0) {
            return Call::ready(Err(error));
        }
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move { service.store.set_pause_minutes(slot.cookie_id(), minutes, service.clock.now_ms()).await })
        })
    }
}

fn check_minutes(minutes: u32, least: u32) -> Result<(), Error> {
    if (least..=MAX_PAUSE_MINUTES).contains(&minutes) {
        return Ok(());
    }
    Err(Error::invalid("minutes", format!("is {minutes}, allowed is {least} … {MAX_PAUSE_MINUTES}")))
}

fn check_limit(limit: u32) -> Result<(), Error> {
    if (1..=MAX_MESSAGES).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid("limit", format!("is {limit}, allowed is 1 … {MAX_MESSAGES}")))
}
