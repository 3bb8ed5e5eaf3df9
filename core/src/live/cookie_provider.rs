//! A new cookie from a function of the host's, when the login is over.

use std::sync::Arc;

use tokio::time::{Duration, timeout};

use super::cookie_renewal::hide;
use super::xianyu::XianyuLive;
use crate::error::Error;
use crate::host_call::{self, HostCall, HostError, HostFault};
use crate::resources::Resources;
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::wire::cookie::Cookie;
use crate::worker::Failure;

/// For a place among those that run (`max_helpers`): far above what it takes, so that only functions that never return reach it.
const MAX_WAIT_FOR_PLACE: Duration = Duration::from_secs(1_800);

/// Brings a new cookie for an account whose login is over: see
/// [`CookieManager::set_cookie_provider`](crate::CookieManager::set_cookie_provider).
pub type CookieProvider = dyn Fn(&CookieRequest) -> Result<Option<Secret>, HostError> + Send + Sync;

/// What a [`CookieProvider`] is asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CookieRequest {
    /// The host's name for the account.
    pub cookie_id: String,
    /// The account's Xianyu user: a new cookie must be of the same.
    pub unb: String,
    /// Why a new cookie is needed. Now always [`ReasonCode::SessionExpired`].
    pub reason: ReasonCode,
    /// Tells when nobody waits for the cookie any more.
    pub call: HostCall,
}

/// The provider that is set, with its limit.
pub(crate) struct SetProvider {
    function: Arc<CookieProvider>,
    limit: Duration,
}

impl SetProvider {
    pub(crate) fn new(function: Arc<CookieProvider>, timeout_s: f64) -> Result<Self, Error> {
        Ok(Self { function, limit: host_call::limit(timeout_s)? })
    }
}

/// Asks the provider. `None`: it has no cookie.
pub(super) async fn ask(live: &XianyuLive, resources: &Resources, provider: Arc<SetProvider>) -> Result<Option<Cookie>, Failure> {
    let brought_none =
        |problem: &str| Failure::new(ReasonCode::SessionExpired, format!("the cookie provider brought none: {problem}"));
    let place = match timeout(MAX_WAIT_FOR_PLACE, resources.place()).await {
        Ok(Some(place)) => place,
        Ok(None) => return Err(brought_none(&HostFault::Stopped.to_string())),
        Err(_) => return Err(brought_none(&format!("no place was free within {MAX_WAIT_FOR_PLACE:?}: see max_helpers"))),
    };
    let unb = live.with_credentials(|known| known.cookie.unb().to_owned()).unwrap_or_default();
    let cookie_id = live.cell.cookie_id().to_owned();
    let limit = provider.limit;
    let function = move |call: &HostCall| {
        let request = CookieRequest { cookie_id, unb, reason: ReasonCode::SessionExpired, call: call.clone() };
        (provider.function)(&request)
    };
    match host_call::call(resources, place, "the cookie provider", limit, function).await {
        Ok(answer) => read(answer).map_err(|problem| {
            Failure::new(ReasonCode::SessionExpired, format!("the cookie provider's answer: {}", hide(live, &problem)))
        }),
        // It passes: the next try asks again.
        Err(fault @ HostFault::NoThread(_)) => Err(Failure::new(ReasonCode::OutOfFiles, format!("the cookie provider: {fault}"))),
        Err(fault) => Err(brought_none(&hide(live, &fault.to_string()))),
    }
}

fn read(answer: Option<Secret>) -> Result<Option<Cookie>, String> {
    let Some(text) = answer.filter(|text| !text.expose().trim().is_empty()) else { return Ok(None) };
    Cookie::parse(text.expose()).map(Some).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{SetProvider, read};
    use crate::secret::Secret;

    #[test]
    fn an_answer_is_a_cookie_or_none_and_an_empty_one_is_none() {
        let read = |text: Option<&str>| read(text.map(Secret::new)).map(|cookie| cookie.map(|cookie| cookie.unb().to_owned()));
        assert_eq!(read(Some("unb=1; a=b")), Ok(Some("1".to_owned())));
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some(" \n")), Ok(None));
        assert!(read(Some("a=b")).unwrap_err().contains("unb"));
    }

    #[test]
    fn a_limit_out_of_its_range_is_refused() {
        for (timeout_s, is_good) in [(0.05, true), (3_600.0, true), (0.0, false), (3_600.1, false), (f64::NAN, false)] {
            assert_eq!(SetProvider::new(Arc::new(|_| Ok(None)), timeout_s).is_ok(), is_good, "{timeout_s}");
        }
    }
}
