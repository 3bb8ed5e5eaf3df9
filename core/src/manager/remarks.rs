//! The host's remark on an account: a note for people, of no effect.

use std::sync::Arc;

use super::CookieManager;
use crate::account::MAX_REMARK_BYTES;
use crate::call::Call;
use crate::error::Error;

impl CookieManager {
    /// Keeps a remark with the account, for people: 0 … 1,000 bytes without NUL, empty at first. It has no effect.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn set_remark(&self, cookie_id: &str, remark: &str) -> Call<()> {
        if remark.len() > MAX_REMARK_BYTES || remark.contains('\0') {
            let problem = format!("must have at most {MAX_REMARK_BYTES} bytes and no NUL");
            return Call::ready(Err(Error::invalid("remark", problem)));
        }
        let remark = remark.to_owned();
        self.change(cookie_id, move |service, slot| {
            Box::pin(async move { service.store.set_remark(slot.cookie_id(), remark, service.clock.now_ms()).await })
        })
    }

    /// The account's remark.
    ///
    /// # Errors
    /// [`Error::AccountNotFound`], [`Error::StoreFailed`], [`Error::Closed`].
    pub fn get_remark(&self, cookie_id: &str) -> Call<String> {
        if let Err(error) = self.check_known(cookie_id) {
            return Call::ready(Err(error));
        }
        let (store, cookie_id) = (Arc::clone(&self.service.store), cookie_id.to_owned());
        self.tasks.look(async move { store.remark(&cookie_id).await })
    }
}
