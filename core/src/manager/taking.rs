//! What becomes of an account that is brought along, in its turn.

use std::sync::Arc;

use super::work::{AccountSlot, new_device, replace_cookie};
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
    (report.rules, report.default_replies) = (brought.rules.list().len(), brought.default_replies.all().count());
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
    slot.worker().set_rules(rules);
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
async fn meet(service: &Service, slot: &mut AccountSlot, brought: Brought, existing: Existing) -> Result<ImportedAccount, Error> {
    let known = slot.worker().with_credentials(|known| (known.cookie.unb().to_owned(), known.cookie.to_header()));
    if let (Some((expected, _)), Some(login)) = (&known, &brought.login)
        && expected != login.cookie.unb()
    {
        let found = login.cookie.unb().to_owned();
        return Err(Error::WrongOwner { cookie_id: brought.cookie_id, expected: expected.clone(), found });
    }
    // A login that works is newer than any file.
    let needs_login = known.is_none() || slot.is_parked();
    let new_cookie = brought
        .login
        .as_ref()
        .filter(|login| needs_login && known.as_ref().is_none_or(|(_, header)| *header != login.cookie.to_header()))
        .map(|login| login.cookie.clone());
    let mut report = begin_report(&brought, ImportOutcome::Kept);
    match existing {
        Existing::IsUpdated => update(service, slot, brought, &mut report).await?,
        Existing::Stays => {
            report.notes.clear();
            report.not_taken = vec!["it is here already, and was left as it is: remove it first to take it anew".to_owned()];
        }
    }
    if let Some(cookie) = new_cookie {
        replace_cookie(service, slot, cookie).await?;
        report.cookie = true;
        if existing == Existing::Stays {
            report.not_taken = vec!["it is here already: only its cookie was taken, as its own had no use any more".to_owned()];
        }
    }
    if report.cookie || report.settings {
        report.outcome = ImportOutcome::Updated;
    }
    Ok(report)
}

async fn update(service: &Service, slot: &mut AccountSlot, brought: Brought, report: &mut ImportedAccount) -> Result<(), Error> {
    let settings = brought.settings.clone();
    service.store.bring_settings(slot.cookie_id(), settings.clone(), answers(&brought), service.clock.now_ms()).await?;
    report.settings = true;
    (report.rules, report.default_replies) = (brought.rules.list().len(), brought.default_replies.all().count());
    slot.worker().set_rules(brought.rules);
    slot.worker().set_default_replies(brought.default_replies);
    slot.set_paused(settings.paused);
    slot.set_priority(settings.priority);
    if settings.enabled != slot.is_enabled() {
        slot.switch(settings.enabled).await;
    }
    Ok(())
}

fn answers(brought: &Brought) -> AccountAnswers {
    let default_replies = brought.default_replies.all();
    AccountAnswers {
        rules: Arc::clone(brought.rules.list()),
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
