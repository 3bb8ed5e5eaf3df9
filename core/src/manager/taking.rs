//! What becomes of an account that is brought along, in its turn.

use std::sync::Arc;

use super::work::{AccountSlot, new_device};
use crate::account::AccountRecord;
use crate::bring::report::{ImportOutcome, ImportedAccount};
use crate::bring::{Brought, Login};
use crate::error::Error;
use crate::live::{Credentials, Proxy, Service};
use crate::secret::Secret;
use crate::states::ReasonCode;
use crate::store::AccountAnswers;

/// What an import does to an account that is on record already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is left as it is.
    Stays,
    /// Its settings, rules and default replies are those of the file.
    IsUpdated,
}

/// Takes an account of a file.
pub(super) async fn bring(
    service: &Service,
    slot: &mut AccountSlot,
    brought: Brought,
    existing: Existing,
) -> Result<ImportedAccount, Error> {
    if slot.is_known() { meet(service, slot, brought, existing).await } else { add(service, slot, brought).await }
}

/// Puts a new account on record and starts it.
async fn add(service: &Service, slot: &mut AccountSlot, brought: Brought) -> Result<ImportedAccount, Error> {
    let proxy = brought.login.as_ref().and_then(|login| login.proxy.as_ref()).map(|url| Proxy::parse(url.expose())).transpose()?;
    let mut report = begin_report(&brought, ImportOutcome::Added);
    report.settings = true;
    (report.rules, report.default_replies) = (brought.rules.list.len(), brought.default_replies.all().count());
    let answers = answers(&brought);
    let Brought { cookie_id, login, settings, rules, default_replies, .. } = brought;
    let credentials = login.map(|Login { cookie, device_id, token, .. }| Credentials {
        device_id: device_id.unwrap_or_else(|| new_device(&cookie)),
        cookie,
        token,
    });
    let record = AccountRecord {
        cookie_id,
        cookie: credentials.as_ref().map_or_else(|| Secret::new(""), |known| known.cookie.to_header()),
        owner: settings.owner.clone(),
        enabled: settings.enabled,
        paused: settings.paused,
        priority: settings.priority,
        device_id: credentials.as_ref().map(|known| known.device_id.clone()).unwrap_or_default(),
        proxy: proxy.as_ref().map(|proxy| proxy.url().clone()),
        token: credentials.as_ref().and_then(|known| known.token.clone()),
        unreadable: None,
    };
    service.store.bring_account(record, settings.clone(), answers, service.clock.now_ms()).await?;
    slot.worker().set_proxy(proxy.map(Arc::new));
    slot.worker().set_rules(rules.ready);
    slot.worker().set_default_replies(default_replies);
    slot.set_known();
    slot.set_enabled(settings.enabled);
    slot.set_paused(settings.paused);
    slot.set_priority(settings.priority);
    report.cookie = credentials.is_some();
    match credentials {
        None => {
            const WAITS: &str = "its login is left out of the file: it waits for a cookie, which update_cookie gives it";
            report.not_taken.insert(0, WAITS.to_owned());
            slot.park(ReasonCode::CookieUnusable, WAITS.to_owned());
        }
        Some(credentials) => {
            slot.worker().set_credentials(credentials);
            if settings.enabled {
                slot.start();
            } else {
                slot.show_stopped(ReasonCode::Disabled);
            }
        }
    }
    Ok(report)
}

/// What the file has for an account that is on record.
async fn meet(
    service: &Service,
    slot: &mut AccountSlot,
    mut brought: Brought,
    existing: Existing,
) -> Result<ImportedAccount, Error> {
    let known = slot.worker().with_credentials(|known| (known.cookie.unb().to_owned(), known.cookie.to_header()));
    if let (Some((expected, _)), Some(login)) = (&known, &brought.login)
        && expected != login.cookie.unb()
    {
        let found = login.cookie.unb().to_owned();
        return Err(Error::WrongOwner { cookie_id: brought.cookie_id, expected: expected.clone(), found });
    }
    // A login that works is newer than any file.
    let needs_login = known.is_none() || slot.is_parked();
    let login = brought
        .login
        .take()
        .filter(|login| needs_login && known.as_ref().is_none_or(|(_, header)| *header != login.cookie.to_header()));
    let mut report = begin_report(&brought, ImportOutcome::Kept);
    let brought = match existing {
        Existing::IsUpdated => Some(brought),
        Existing::Stays => {
            report.notes.clear();
            report.not_taken = vec![match login {
                None => "it is here already, and was left as it is: remove it first to take it anew".to_owned(),
                Some(_) => "it is here already: only its cookie was taken, as its own had no use any more".to_owned(),
            }];
            None
        }
    };
    match (login, brought) {
        (None, None) => {}
        (None, Some(brought)) => update(service, slot, brought, &mut report).await?,
        (Some(login), brought) => take_login(service, slot, login, brought, &mut report).await?,
    }
    if report.cookie || report.settings {
        report.outcome = ImportOutcome::Updated;
    }
    Ok(report)
}

async fn update(service: &Service, slot: &mut AccountSlot, brought: Brought, report: &mut ImportedAccount) -> Result<(), Error> {
    let (settings, answers) = (brought.settings.clone(), answers(&brought));
    let enabled = settings.enabled;
    service.store.bring_settings(slot.cookie_id(), settings, answers, service.clock.now_ms()).await?;
    take_settings(slot, brought, report);
    if enabled != slot.is_enabled() {
        slot.switch(enabled).await;
    }
    Ok(())
}

/// Puts a login in the place of one that has no use any more, with the settings where they are to be taken too, all in one
/// transaction; only then does the account start, so that it never connects past the proxy that came with its login.
async fn take_login(
    service: &Service,
    slot: &mut AccountSlot,
    login: Login,
    brought: Option<Brought>,
    report: &mut ImportedAccount,
) -> Result<(), Error> {
    let proxy = proxy_of(slot, &login, report)?;
    let credentials = credentials_of(slot, login, report);
    let was_active = slot.is_active();
    if was_active {
        slot.stop(ReasonCode::Replaced).await;
    }
    let enabled = brought.as_ref().map_or(slot.is_enabled(), |brought| brought.settings.enabled);
    let record = AccountRecord {
        cookie_id: slot.cookie_id().to_owned(),
        cookie: credentials.cookie.to_header(),
        owner: None,
        enabled,
        paused: slot.is_paused(),
        priority: slot.priority(),
        device_id: credentials.device_id.clone(),
        proxy: proxy.as_ref().map(|proxy| proxy.url().clone()),
        token: credentials.token.clone(),
        unreadable: None,
    };
    let now_ms = service.clock.now_ms();
    let stored = match &brought {
        Some(brought) => service.store.bring_account(record, brought.settings.clone(), answers(brought), now_ms).await,
        None => service.store.put_account(record, None, false, now_ms).await,
    };
    if stored.is_err() {
        // What is on record is what it had: go on with it.
        if was_active {
            slot.start();
        }
        return stored;
    }
    slot.worker().set_proxy(proxy);
    slot.worker().set_credentials(credentials);
    if let Some(brought) = brought {
        take_settings(slot, brought, report);
    }
    slot.set_enabled(enabled);
    report.cookie = true;
    if enabled {
        slot.start();
    } else {
        slot.show_stopped(ReasonCode::Disabled);
    }
    Ok(())
}

/// The account's own proxy, else that of the login.
fn proxy_of(slot: &AccountSlot, login: &Login, report: &mut ImportedAccount) -> Result<Option<Arc<Proxy>>, Error> {
    let offered = login.proxy.as_ref().map(|url| Proxy::parse(url.expose())).transpose()?.map(Arc::new);
    let Some(own) = slot.worker().proxy() else { return Ok(offered) };
    if offered.is_some_and(|offered| offered != own) {
        report.not_taken.push("its proxy: the account keeps its own, which set_proxy changes".to_owned());
    }
    Ok(Some(own))
}

/// The login with the device that the account is known by, if it has one: another would look like a new phone to the service. A
/// token is of use to its own device only.
fn credentials_of(slot: &AccountSlot, login: Login, report: &mut ImportedAccount) -> Credentials {
    let Login { cookie, device_id, token, .. } = login;
    let Some(own) = slot.worker().with_credentials(|known| known.device_id.clone()) else {
        return Credentials { device_id: device_id.unwrap_or_else(|| new_device(&cookie)), cookie, token };
    };
    if device_id.as_ref() == Some(&own) {
        return Credentials { cookie, device_id: own, token };
    }
    if device_id.is_some() {
        report.not_taken.push("its device and token: the account keeps its own device, and asks for a new token".to_owned());
    }
    Credentials { cookie, device_id: own, token: None }
}

/// What is on record now, shown and put to use; whether it is to run is left to the caller.
fn take_settings(slot: &mut AccountSlot, brought: Brought, report: &mut ImportedAccount) {
    report.settings = true;
    (report.rules, report.default_replies) = (brought.rules.list.len(), brought.default_replies.all().count());
    slot.worker().set_rules(brought.rules.ready);
    slot.worker().set_default_replies(brought.default_replies);
    slot.set_paused(brought.settings.paused);
    slot.set_priority(brought.settings.priority);
}

fn answers(brought: &Brought) -> AccountAnswers {
    let default_replies = brought.default_replies.all();
    AccountAnswers {
        rules: Arc::clone(&brought.rules.list),
        default_replies: default_replies.map(|(item_id, reply)| (item_id.map(str::to_owned), reply.clone())).collect(),
    }
}

fn begin_report(brought: &Brought, outcome: ImportOutcome) -> ImportedAccount {
    ImportedAccount {
        cookie_id: brought.cookie_id.clone(),
        outcome,
        cookie: false,
        settings: false,
        rules: 0,
        default_replies: 0,
        not_taken: brought.not_taken.sentences(),
        notes: brought.notes.sentences(),
    }
}
