//! The document that accounts are exported to: JSON with a version, its secrets sealed under a passphrase, or left out.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::account::{Brought, Login, MAX_ACCOUNTS, Source};
use super::bounded::{MAX_ENTRIES_BYTES, json_of, read_file};
use super::report::{ImportedAccount, Notes, quoted};
use super::rule_list::RuleList;
use super::whole;
use crate::account::{AccessToken, AccountRecord, MAX_PAUSE_MINUTES, MAX_REMARK_BYTES, PRIORITIES, check_cookie_id};
use crate::error::Error;
use crate::key::{Key, Passphrase};
use crate::key_work::{KeyWork, SALT_BYTES};
use crate::private_file::PrivateFile;
use crate::reply::content::MAX_ITEM_ID_BYTES;
use crate::reply::defaults::{self, DefaultReplies};
use crate::reply_content::DefaultReply;
use crate::rule::KeywordRule;
use crate::sealing;
use crate::secret::Secret;
use crate::store::AccountSettings;
use crate::wire::cookie::Cookie;

const FORMAT: &str = "livekeeper accounts";
const VERSION: u32 = 1;
/// What is sealed to tell a wrong passphrase from a damaged account.
const CHECK: &str = "livekeeper";

/// An account on its way out.
pub(crate) struct Exported {
    pub(crate) record: AccountRecord,
    pub(crate) settings: AccountSettings,
    pub(crate) rules: Vec<KeywordRule>,
    pub(crate) default_replies: Vec<(Option<String>, DefaultReply)>,
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Document<'a> {
    format: String,
    version: u32,
    made_at_ms: i64,
    /// How the secrets are sealed; none: they are left out.
    sealed: Option<SealedWith>,
    /// Entries, as they stand there.
    #[serde(borrow)]
    accounts: &'a RawValue,
}

/// What making the key of a passphrase takes.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Serialize, Deserialize)]
struct SealedWith {
    kdf: String,
    cipher: String,
    salt: String,
    #[serde(flatten)]
    cost: Cost,
    check: String,
    /// Binds all accounts, with what is not sealed of them, to the key.
    accounts: String,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    cookie_id: String,
    owner: Option<String>,
    enabled: bool,
    paused: bool,
    priority: i32,
    remark: String,
    pause_minutes: u32,
    auto_confirm: bool,
    secrets: Option<Secrets>,
    rules: Vec<KeywordRule>,
    default_replies: Vec<ItemReply>,
}

/// Each sealed by itself.
#[derive(Serialize, Deserialize)]
struct Secrets {
    cookie: String,
    device_id: String,
    proxy: Option<String>,
    token: Option<String>,
    token_expires_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct ItemReply {
    item_id: Option<String>,
    reply: DefaultReply,
}

const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";

/// Writes a document for its owner's eyes only, where there is no file yet. Blocks.
///
/// # Errors
/// [`Error::InvalidArgument`] for the path, [`Error::AtCapacity`] for more than is ever read back, [`Error::DiskFull`],
/// [`Error::DiskFailed`].
pub(crate) fn write(path: &Path, passphrase: Option<&Passphrase>, accounts: Vec<Exported>, now_ms: i64) -> Result<(), Error> {
    let file = PrivateFile::new(path)?;
    let with_key = passphrase.map(new_key).transpose()?;
    let key = with_key.as_ref().map(|(_, key)| key);
    let entries = accounts.into_iter().map(|account| Entry::new(account, key)).collect::<Result<Vec<_>, _>>()?;
    let accounts = json_of(&entries, MAX_ENTRIES_BYTES)?;
    let sealed = with_key.map(|(work, key)| SealedWith::new(&work, &key, now_ms, accounts.get())).transpose()?;
    let document = Document { format: FORMAT.to_owned(), version: VERSION, made_at_ms: now_ms, sealed, accounts: &accounts };
    write_json(file.path(), &document).map_err(|problem| file.explain(&problem))?;
    file.publish()
}

fn write_json(path: &Path, document: &Document<'_>) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::options().write(true).open(path)?);
    serde_json::to_writer_pretty(&mut out, document)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn new_key(passphrase: &Passphrase) -> Result<(KeyWork, Key), Error> {
    let work = KeyWork::new().map_err(|problem| Error::Internal { problem })?;
    let key = work.key_of(passphrase).map_err(|problem| Error::Internal { problem })?;
    Ok((work, key))
}

impl SealedWith {
    fn new(work: &KeyWork, key: &Key, made_at_ms: i64, accounts: &str) -> Result<Self, Error> {
        let KeyWork { salt, memory_kib, passes, lanes } = *work;
        Ok(Self {
            kdf: KDF.to_owned(),
            cipher: CIPHER.to_owned(),
            salt: BASE64.encode(&salt),
            cost: Cost { memory_kib, passes, lanes },
            check: seal(key, "", "check", CHECK)?,
            accounts: whole::mark(key, FORMAT, made_at_ms, accounts)?,
        })
    }
}

/// What is sealed belongs to its place: it opens nowhere else.
fn place<'a>(cookie_id: &'a str, column: &'a str) -> [&'a [u8]; 4] {
    [FORMAT.as_bytes(), b"1", column.as_bytes(), cookie_id.as_bytes()]
}

fn seal(key: &Key, cookie_id: &str, column: &str, text: &str) -> Result<String, Error> {
    let sealed = sealing::seal(key, &place(cookie_id, column), text.as_bytes());
    sealed.map(|sealed| BASE64.encode(&sealed)).map_err(|fault| Error::Internal { problem: format!("a secret: {fault}") })
}

fn unseal(key: &Key, cookie_id: &str, column: &str, sealed: &str) -> Option<Secret> {
    let sealed = BASE64.decode(sealed.as_bytes()).ok()?;
    let plain = sealing::unseal(key, &place(cookie_id, column), &sealed).ok()?;
    std::str::from_utf8(&plain).ok().map(Secret::new)
}

impl Entry {
    fn new(account: Exported, key: Option<&Key>) -> Result<Self, Error> {
        let Exported { record, settings, rules, default_replies } = account;
        if let (Some(column), Some(_)) = (record.unreadable, key) {
            tracing::warn!(
                cookie_id = record.cookie_id,
                column,
                "exported without what is sealed as this in its row, which was changed from outside and does not open"
            );
        }
        Ok(Self {
            // An account that still waits for its cookie has no secrets.
            secrets: key.filter(|_| !record.cookie.expose().is_empty()).map(|key| Secrets::new(&record, key)).transpose()?,
            cookie_id: record.cookie_id,
            owner: settings.owner,
            enabled: settings.enabled,
            paused: settings.paused,
            priority: settings.priority,
            remark: settings.remark,
            pause_minutes: settings.pause_minutes,
            auto_confirm: settings.auto_confirm,
            rules,
            default_replies: default_replies.into_iter().map(|(item_id, reply)| ItemReply { item_id, reply }).collect(),
        })
    }

    fn into_brought(self, key: Option<&Key>, path: &str) -> Result<Result<Brought, ImportedAccount>, Error> {
        // What is sealed is opened before anything is refused: a document that was tampered with is refused as a whole.
        let opened = match (&self.secrets, key) {
            (Some(secrets), Some(key)) => Some(self.open(secrets, key, path)?),
            _ => None,
        };
        if let Err(problem) = self.check() {
            return Ok(Err(ImportedAccount::refused(&self.cookie_id, problem)));
        }
        let login = match opened.map(Opened::into_login).transpose() {
            Ok(login) => login,
            Err(problem) => return Ok(Err(ImportedAccount::refused(&self.cookie_id, problem))),
        };
        let (mut not_taken, notes) = (Notes::default(), Notes::default());
        let mut list = RuleList::default();
        self.rules.into_iter().for_each(|rule| list.take(rule, &mut not_taken));
        let mut default_replies = DefaultReplies::default();
        for ItemReply { item_id, reply } in self.default_replies {
            match check_default_reply(&default_replies, item_id.as_deref(), &reply) {
                Ok(()) => default_replies.set(item_id.as_deref(), Some(reply)),
                Err(problem) => not_taken.add(|| format!("a default reply: {problem}")),
            }
        }
        Ok(Ok(Brought {
            cookie_id: self.cookie_id,
            login,
            settings: AccountSettings {
                owner: self.owner,
                enabled: self.enabled,
                paused: self.paused,
                priority: self.priority,
                remark: self.remark,
                pause_minutes: self.pause_minutes,
                auto_confirm: self.auto_confirm,
            },
            rules: list.ready(&mut not_taken),
            default_replies,
            not_taken,
            notes,
        }))
    }

    fn open(&self, secrets: &Secrets, key: &Key, path: &str) -> Result<Opened, Error> {
        let changed = || tampered(path, &format!("the secrets of account {} were", quoted(&self.cookie_id)));
        secrets.open(&self.cookie_id, key).ok_or_else(changed)
    }

    fn check(&self) -> Result<(), String> {
        check_cookie_id(&self.cookie_id).map_err(|problem| problem.to_string())?;
        if !PRIORITIES.contains(&self.priority) {
            return Err(format!("its priority is {}, allowed is {} … {}", self.priority, PRIORITIES.start(), PRIORITIES.end()));
        }
        if self.pause_minutes > MAX_PAUSE_MINUTES {
            return Err(format!("its pause_minutes are {}, allowed are 0 … {MAX_PAUSE_MINUTES}", self.pause_minutes));
        }
        if self.remark.len() > MAX_REMARK_BYTES || self.remark.contains('\0') {
            return Err(format!("its remark has {} bytes, allowed are {MAX_REMARK_BYTES} without NUL", self.remark.len()));
        }
        Ok(())
    }
}

fn check_default_reply(known: &DefaultReplies, item_id: Option<&str>, reply: &DefaultReply) -> Result<(), String> {
    defaults::check(reply).map_err(|problem| problem.to_string())?;
    if item_id.is_some_and(|item_id| !(1..=MAX_ITEM_ID_BYTES).contains(&item_id.len()) || item_id.contains('\0')) {
        return Err(format!("its item_id must have 1 … {MAX_ITEM_ID_BYTES} bytes and no NUL"));
    }
    if !known.has_room_for(item_id) {
        return Err(format!("{} items have one already", defaults::MAX_ITEMS));
    }
    Ok(())
}

/// The secrets of one account, opened.
struct Opened {
    cookie: Secret,
    device_id: Secret,
    proxy: Option<Secret>,
    token: Option<AccessToken>,
}

impl Secrets {
    fn new(record: &AccountRecord, key: &Key) -> Result<Self, Error> {
        let seal = |column, text: &str| seal(key, &record.cookie_id, column, text);
        Ok(Self {
            cookie: seal("cookie", record.cookie.expose())?,
            device_id: seal("device_id", &record.device_id)?,
            proxy: record.proxy.as_ref().map(|url| seal("proxy", url.expose())).transpose()?,
            token: record.token.as_ref().map(|token| seal("token", token.text.expose())).transpose()?,
            token_expires_at_ms: record.token.as_ref().map(|token| token.expires_at_ms),
        })
    }

    fn open(&self, cookie_id: &str, key: &Key) -> Option<Opened> {
        let open = |column, text: &str| unseal(key, cookie_id, column, text);
        let optional = |column, text: &Option<String>| match text {
            Some(text) => open(column, text).map(Some),
            None => Some(None),
        };
        let token = optional("token", &self.token)?.zip(self.token_expires_at_ms);
        Some(Opened {
            cookie: open("cookie", &self.cookie)?,
            device_id: open("device_id", &self.device_id)?,
            proxy: optional("proxy", &self.proxy)?,
            token: token.map(|(text, expires_at_ms)| AccessToken { text, expires_at_ms }),
        })
    }
}

impl Opened {
    fn into_login(self) -> Result<Login, String> {
        let cookie = Cookie::parse(self.cookie.expose()).map_err(|problem| problem.to_string())?;
        let device_id = Some(self.device_id.expose().to_owned()).filter(|id| !id.is_empty());
        Ok(Login { cookie, device_id, token: self.token, proxy: self.proxy })
    }
}

/// Reads a document, and changes nothing. Blocks.
///
/// # Errors
/// [`Error::InvalidArgument`] for what is no such document, one of a later version, or one that needs a passphrase;
/// [`Error::WrongKey`].
pub(crate) fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<Source, Error> {
    let bytes = read_file(path)?;
    let path = &*path.display().to_string();
    let head: Head = serde_json::from_slice(&bytes).map_err(|problem| no_document(path, "", &problem))?;
    if head.format != FORMAT {
        return Err(Error::invalid(
            "path",
            format!("{path:?} is of another format than {FORMAT:?}: name a file of export_accounts"),
        ));
    }
    if head.version > VERSION {
        let problem =
            format!("{path:?} has version {}, known here are versions up to {VERSION}: use a newer livekeeper", head.version);
        return Err(Error::invalid("path", problem));
    }
    let document: Document<'_> = serde_json::from_slice(&bytes).map_err(|problem| no_document(path, "", &problem))?;
    let key = key_of(path, &document, passphrase)?;
    let entries: Vec<Entry> =
        serde_json::from_str(document.accounts.get()).map_err(|problem| no_document(path, " of its accounts", &problem))?;
    drop(bytes);
    if entries.len() > MAX_ACCOUNTS {
        let problem = format!("{path:?} has {} accounts, allowed are at most {MAX_ACCOUNTS}", entries.len());
        return Err(Error::invalid("path", problem));
    }
    let mut source = Source::default();
    let mut seen = BTreeSet::new();
    for entry in entries {
        if !seen.insert(entry.cookie_id.clone()) {
            source
                .notes
                .add(|| format!("account {} stands in the document twice: its first place counts", quoted(&entry.cookie_id)));
            continue;
        }
        match entry.into_brought(key.as_ref(), path)? {
            Ok(account) => source.accounts.push(account),
            Err(refused) => source.refused.push(refused),
        }
    }
    Ok(source)
}

/// The key of a document whose secrets are sealed, once it is sure that its accounts are what was exported.
fn key_of(path: &str, document: &Document<'_>, passphrase: Option<&Passphrase>) -> Result<Option<Key>, Error> {
    let (with, passphrase) = match (&document.sealed, passphrase) {
        (Some(with), Some(passphrase)) => (with, passphrase),
        (Some(_), None) => {
            return Err(Error::invalid("passphrase", format!("is missing: the secrets in {path:?} are sealed under one")));
        }
        // Whoever gives one trusts that nobody else could have written the document.
        (None, Some(_)) => {
            let problem = format!("opens nothing: {path:?} has no secrets, and anybody may have changed it; import it without one");
            return Err(Error::invalid("passphrase", problem));
        }
        (None, None) => return Ok(None),
    };
    let key = opened(path, with, passphrase)?;
    if !whole::is_as_marked(&key, FORMAT, document.made_at_ms, document.accounts.get(), &with.accounts) {
        return Err(tampered(path, "something in it was"));
    }
    Ok(Some(key))
}

fn opened(path: &str, with: &SealedWith, passphrase: &Passphrase) -> Result<Key, Error> {
    if with.kdf != KDF || with.cipher != CIPHER {
        let problem = format!("the secrets in {path:?} are sealed in a way that is not known here: use a newer livekeeper");
        return Err(Error::invalid("path", problem));
    }
    let salt = BASE64.decode(with.salt.as_bytes()).ok().and_then(|salt| <[u8; SALT_BYTES]>::try_from(salt).ok());
    let salt = salt.ok_or_else(|| Error::invalid("path", format!("the salt in {path:?} is none: the document is damaged")))?;
    let Cost { memory_kib, passes, lanes } = with.cost;
    let key = KeyWork { salt, memory_kib, passes, lanes }
        .key_of(passphrase)
        .map_err(|problem| Error::invalid("path", format!("{path:?} cannot be opened: {problem}")))?;
    if unseal(&key, "", "check", &with.check).is_none_or(|check| check.expose() != CHECK) {
        return Err(Error::WrongKey {
            what: format!("the document {path:?}"),
            problem: "give the passphrase that it was exported with".to_owned(),
        });
    }
    Ok(key)
}

fn tampered(path: &str, what: &str) -> Error {
    Error::WrongKey {
        what: format!("the document {path:?}"),
        problem: format!("the passphrase is right, but {what} changed since: export it again"),
    }
}

/// Only where it is wrong is told: what stands there may be a secret of a file that was named by mistake.
fn no_document(path: &str, part: &str, problem: &serde_json::Error) -> Error {
    let place = format!("line {}, column {}{part}", problem.line(), problem.column());
    Error::invalid("path", format!("{path:?} is no document of export_accounts, or a damaged one ({place})"))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
