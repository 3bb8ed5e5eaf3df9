//! A manager's figures as text for a monitoring system.

use crate::error::lk_status;
use crate::guard::guard;
use crate::manager::lk_manager;
use crate::pointer::{Place, give};
use crate::text::lk_string;

/// A manager's figures in the `OpenMetrics` form, which Prometheus and others read: how many accounts stand how, what they have
/// done, the capacity. Serve it as `application/openmetrics-text; version=1.0.0; charset=utf-8`.
///
/// - `per_account`: whether to add series for each account, a few lines more for each of them; their label is the `cookie_id`.
/// - `text`: where the text goes, yours to end with `lk_string_free`; NULL is put there on failure.
///
/// Any thread. Blocks for about a millisecond, and with `per_account` a little longer for many accounts. Errors:
/// `LK_STATUS_CLOSED`, `LK_STATUS_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lk_manager_metrics_text(
    manager: *const lk_manager,
    per_account: bool,
    text: *mut *mut lk_string,
) -> lk_status {
    guard(|| {
        // SAFETY: the header's contract on pointers.
        let (place, manager) = unsafe { (Place::new(text, "text")?.emptied(), lk_manager::look(manager)?) };
        place.put(give(lk_string::new(manager.metrics_text(per_account)?)));
        Ok(())
    })
}
