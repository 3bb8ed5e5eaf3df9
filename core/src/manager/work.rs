//! What the verbs do in an account's turn. Each leaves the record and the running session in agreement, also when it fails.

use std::sync::Arc;

use crate::account::AccountRecord;
use crate::error::Error;
use crate::live::{Credentials, Proxy, Service, XianyuLive};
use crate::reply::defaults::DefaultReplies;
use crate::reply::rules::{NewRules, Rules};
use crate::states::ReasonCode;
use crate::supervisor::Slot;
use crate::wire::cookie::Cookie;
use crate::wire::request;

pub(super) type AccountSlot = Slot<XianyuLive>;

/// Takes up an account that is on record.
pub(super) fn take_up(slot: &mut AccountSlot, record: AccountRecord, rules: Rules, defaults: DefaultReplies) {
    slot.set_known();
    slot.set_enabled(record.enabled);
    slot.set_paused(record.paused);
    slot.set_priority(record.priority);
    slot.worker().set_rules(rules);
    slot.worker().set_default_replies(defaults);
    let proxy = record.proxy.map(|url| Proxy::parse(url.expose()).unwrap_or_else(|_| Proxy::unusable(url)));
    slot.worker().set_proxy(proxy.map(Arc::new));
    let cookie = Cookie::parse(record.cookie.expose()).map(|cookie| {
        slot.worker().set_credentials(Credentials { cookie, device_id: record.device_id, token: record.token });
    });
    if let Some(column) = record.unreadable {
        return slot.park(ReasonCode::CookieUnusable, unreadable(column));
    }
    if let Err(problem) = cookie {
        return slot.park(ReasonCode::CookieUnusable, problem.to_string());
    }
    if record.enabled {
        slot.start();
    } else {
        slot.show_stopped(ReasonCode::Disabled);
    }
}

/// What became of a row that was changed outside of livekeeper, and what to do.
fn unreadable(column: &str) -> String {
    let advice = match column {
        "proxy" => "give its proxy anew with set_proxy, then restart it",
        "token" => "restart it, and it asks for a new one",
        _ => "give its cookie anew with update_cookie",
    };
    format!("what is sealed as its {column} in the store does not open, because its row was changed from outside: {advice}")
}

/// Puts an account on record, or another cookie in the place of its old one, and starts it.
pub(super) async fn put(
    service: &Service,
    slot: &mut AccountSlot,
    cookie: Cookie,
    rules: Option<NewRules>,
    owner: Option<String>,
    proxy: Option<Arc<Proxy>>,
) -> Result<(), Error> {
    let was_active = slot.is_active();
    if was_active {
        slot.stop(ReasonCode::Replaced).await;
    }
    // The same user keeps its device: another one would look like a new phone to the service.
    let known_device =
        slot.worker().with_credentials(|known| (known.cookie.unb() == cookie.unb()).then(|| known.device_id.clone()));
    // Where the cookie on record could not be read, whose it was is not known.
    let is_other_user = known_device.as_ref().is_none_or(Option::is_none);
    let device_id = known_device.flatten().unwrap_or_else(|| new_device(&cookie));
    let proxy = proxy.or_else(|| slot.worker().proxy());
    let record = AccountRecord {
        cookie_id: slot.cookie_id().to_owned(),
        cookie: cookie.to_header(),
        owner,
        enabled: true,
        paused: slot.is_paused(),
        priority: slot.priority(),
        device_id: device_id.clone(),
        proxy: proxy.as_ref().map(|proxy| proxy.url().clone()),
        token: None,
        unreadable: None,
    };
    let list = rules.as_ref().map(|rules| Arc::clone(&rules.list));
    let stored = service.store.put_account(record, list, is_other_user, service.clock.now_ms()).await;
    if stored.is_err() {
        // The old cookie is still the one on record: go on with it.
        if was_active {
            slot.start();
        }
        return stored;
    }
    slot.worker().set_proxy(proxy);
    slot.worker().set_credentials(Credentials { cookie, device_id, token: None });
    if let Some(rules) = rules {
        slot.worker().set_rules(rules.ready);
    }
    slot.set_known();
    slot.set_enabled(true);
    slot.start();
    Ok(())
}

/// Another cookie of the same user; whether the account runs stays as it was, but a parked one tries again.
pub(super) async fn replace_cookie(service: &Service, slot: &mut AccountSlot, cookie: Cookie) -> Result<(), Error> {
    let known = slot.worker().with_credentials(|known| (known.cookie.unb().to_owned(), known.device_id.clone()));
    let device_id = match known {
        Some((expected, _)) if expected != cookie.unb() => {
            return Err(Error::WrongOwner { cookie_id: slot.cookie_id().to_owned(), expected, found: cookie.unb().to_owned() });
        }
        Some((_, device_id)) => device_id,
        // The cookie on record could not be read: whose it was is not known.
        None => new_device(&cookie),
    };
    let was_active = slot.is_active();
    if was_active {
        slot.stop(ReasonCode::Replaced).await;
    }
    let record = AccountRecord {
        cookie_id: slot.cookie_id().to_owned(),
        cookie: cookie.to_header(),
        owner: None,
        enabled: slot.is_enabled(),
        paused: slot.is_paused(),
        priority: slot.priority(),
        device_id: device_id.clone(),
        proxy: slot.worker().proxy().map(|proxy| proxy.url().clone()),
        token: None,
        unreadable: None,
    };
    let stored = service.store.put_account(record, None, false, service.clock.now_ms()).await;
    if stored.is_ok() {
        slot.worker().set_credentials(Credentials { cookie, device_id, token: None });
    }
    if was_active || (stored.is_ok() && slot.is_enabled()) {
        slot.start();
    }
    stored
}

/// Takes an account off the record. If that fails, it is stopped and still known.
pub(super) async fn remove(service: &Service, slot: &mut AccountSlot) -> Result<(), Error> {
    slot.stop(ReasonCode::Removed).await;
    if let Err(problem) = service.store.delete_account(slot.cookie_id()).await {
        slot.show_stopped(ReasonCode::StoreFailed);
        return Err(problem);
    }
    slot.worker().reset();
    slot.retire();
    Ok(())
}

/// Switches an account on or off.
pub(super) async fn switch(service: &Service, slot: &mut AccountSlot, enabled: bool) -> Result<(), Error> {
    service.store.set_enabled(slot.cookie_id(), enabled, service.clock.now_ms()).await?;
    slot.switch(enabled).await;
    Ok(())
}

/// Pauses an account, or lets it answer again.
pub(super) async fn set_paused(service: &Service, slot: &mut AccountSlot, paused: bool) -> Result<(), Error> {
    service.store.set_paused(slot.cookie_id(), paused, service.clock.now_ms()).await?;
    slot.set_paused(paused);
    Ok(())
}

/// Gives an account its place among those that wait to connect.
pub(super) async fn set_priority(service: &Service, slot: &mut AccountSlot, priority: i32) -> Result<(), Error> {
    service.store.set_priority(slot.cookie_id(), priority, service.clock.now_ms()).await?;
    slot.set_priority(priority);
    Ok(())
}

/// Has an account reach the service another way; a session that goes the old way ends first.
pub(super) async fn set_proxy(service: &Service, slot: &mut AccountSlot, proxy: Option<Arc<Proxy>>) -> Result<(), Error> {
    let url = proxy.as_ref().map(|proxy| proxy.url().clone());
    service.store.set_proxy(slot.cookie_id(), url, service.clock.now_ms()).await?;
    if slot.worker().proxy() == proxy {
        return Ok(());
    }
    let was_active = slot.is_active();
    if was_active {
        slot.stop(ReasonCode::Restarted).await;
    }
    slot.worker().set_proxy(proxy);
    if was_active {
        slot.start();
    }
    Ok(())
}

/// Puts rules on record and to use.
pub(super) async fn put_rules(service: &Service, slot: &mut AccountSlot, rules: NewRules) -> Result<(), Error> {
    service.store.put_rules(slot.cookie_id(), Arc::clone(&rules.list)).await?;
    slot.worker().set_rules(rules.ready);
    Ok(())
}

pub(super) fn new_device(cookie: &Cookie) -> String {
    request::device_id(&mut rand::rng(), cookie.unb())
}
