//! The verbs about what is answered where no rule matches: the host's function, and default replies.

use std::sync::Arc;

use super::{CookieManager, check_id};
use crate::call::Call;
use crate::error::Error;
use crate::host_call;
use crate::live::ReplyFunction;
use crate::reply::defaults;
use crate::reply_content::DefaultReply;
use crate::reply_handler::ReplyHandler;

impl CookieManager {
    /// Has messages on which no rule has a word answered by this function, for all accounts, from the next message on; `None`: by
    /// nobody. It is let go when the manager is closed and its last call has returned. See [`ReplyHandler`] for what it may do and where it runs. Does not block.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), livekeeper::Error> {
    /// use std::sync::Arc;
    /// use livekeeper::{Config, CookieManager, HostError, ReplyRequest};
    ///
    /// # fn ask_model(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
    /// let manager = CookieManager::open("shop.db", Config::default())?;
    /// let handler = |request: &ReplyRequest| {
    ///     let answer = ask_model(&request.message.text).map_err(|problem| HostError::new(problem.to_string()))?;
    ///     Ok(Some(answer.into()))
    /// };
    /// manager.set_reply_handler(Some(Arc::new(handler)), 30.0)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// - `timeout_s`: how long it has for one message, the wait for a free place included: 0.05 … 3,600 seconds; of no meaning for `None`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn set_reply_handler(&self, handler: Option<Arc<ReplyHandler>>, timeout_s: f64) -> Result<(), Error> {
        self.tasks.check_open()?;
        let function = handler.map(|handler| Ok::<_, Error>(ReplyFunction { handler, limit: host_call::limit(timeout_s)? }));
        self.service.reply_function.store(function.transpose()?.map(Arc::new));
        Ok(())
    }

    /// Puts a default reply in the place of the earlier one, from the next message on; `None` takes it away.
    ///
    /// - `item_id`: the item for whose messages it is said in the place of the account's, 1 … 255 bytes; `None`: the account's.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::AtCapacity`] (10,000 items have one), [`Error::StoreFailed`],
    /// [`Error::Closed`].
    pub fn set_default_reply(&self, cookie_id: &str, reply: Option<DefaultReply>, item_id: Option<&str>) -> Call<()> {
        let checked = reply.as_ref().map_or(Ok(()), defaults::check).and_then(|()| check_item(item_id));
        if let Err(error) = checked {
            return Call::ready(Err(error));
        }
        let item_id = item_id.map(str::to_owned);
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move {
                let mut defaults = (*slot.worker().default_replies()).clone();
                if reply.is_some() && !defaults.has_room_for(item_id.as_deref()) {
                    return Err(Error::AtCapacity {
                        what: format!("items with a default reply of account {:?}", slot.cookie_id()),
                        bound: defaults::MAX_ITEMS,
                        advice: "take away those of items that are sold",
                    });
                }
                service.store.put_default_reply(slot.cookie_id(), item_id.clone(), reply.clone()).await?;
                defaults.set(item_id.as_deref(), reply);
                slot.worker().set_default_replies(defaults);
                Ok(())
            })
        })
    }

    /// The account's default reply, or the item's own; `None`: it has none. Does not block.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn get_default_reply(&self, cookie_id: &str, item_id: Option<&str>) -> Result<Option<DefaultReply>, Error> {
        self.tasks.check_open()?;
        check_item(item_id)?;
        let worker = self.tasks.supervisor().worker(cookie_id)?;
        Ok(worker.default_replies().get(item_id).cloned())
    }
}

fn check_item(item_id: Option<&str>) -> Result<(), Error> {
    item_id.map_or(Ok(()), |item_id| check_id("item_id", item_id))
}
