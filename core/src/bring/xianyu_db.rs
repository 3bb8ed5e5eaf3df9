//! Reading the SQLite file of today's most used Python program: its accounts, keywords and default replies. Older files have fewer
//! columns and tables; what is not there has its default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::account::{Brought, Login, MAX_ACCOUNTS, Source};
use super::own_store;
use super::report::{ImportedAccount, Notes, quoted};
use super::rule_list::RuleList;
use crate::account::{MAX_PAUSE_MINUTES, MAX_REMARK_BYTES, check_cookie_id};
use crate::error::Error;

use crate::reply::content::MAX_ITEM_ID_BYTES;
use crate::reply::defaults::{self, DefaultReplies};
use crate::reply_content::{DefaultReply, ReplyContent};
use crate::rule::{KeywordRule, Picture};
use crate::secret::Secret;
use crate::store::{AccountSettings, explain, is_ours, look_into};
use crate::wire::cookie::Cookie;

/// Pictures of which the file does not tell the size are taken to have this.
const PICTURE_SIZE: (u32, u32) = (800, 600);
const DEFAULT_PAUSE_MINUTES: u32 = 10;

/// Reads the file, and changes nothing. Blocks.
///
/// # Errors
/// [`Error::NotADatabase`] also where it has no accounts' table, [`Error::InvalidArgument`] for a store of livekeeper's own;
/// [`Error::StoreUnavailable`], [`Error::Corrupt`].
pub(crate) fn read(path: &Path) -> Result<Source, Error> {
    look_into(path, |db| {
        if is_ours(db).map_err(|problem| explain(path, &problem))? {
            return Err(own_store::refused(path));
        }
        let tables = tables(db).map_err(|problem| explain(path, &problem))?;
        let is_known = tables.get("cookies").is_some_and(|columns| columns.contains("id") && columns.contains("value"));
        if !is_known {
            let problem = "nor has it the table cookies(id, value, …) with the tables keywords, cookie_status and default_replies, \
                           which are read here";
            return Err(Error::NotADatabase { path: path.display().to_string(), problem: problem.to_owned() });
        }
        read_all(db, &tables).map_err(|problem| explain(path, &problem))
    })
}

/// The tables, each with its columns.
type Tables = BTreeMap<String, BTreeSet<String>>;

/// An account while it is read.
struct Draft {
    cookie: Secret,
    settings: AccountSettings,
    rules: RuleList,
    default_replies: DefaultReplies,
    /// Pictures whose size was not known.
    unsized_pictures: usize,
    not_taken: Notes,
    notes: Notes,
}

fn tables(db: &Connection) -> rusqlite::Result<Tables> {
    let mut statement = db.prepare(
        "SELECT lower(t.name), lower(c.name) FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'",
    )?;
    let mut tables = Tables::new();
    for row in statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (table, column) = row?;
        tables.entry(table).or_default().insert(column);
    }
    Ok(tables)
}

fn read_all(db: &Connection, tables: &Tables) -> rusqlite::Result<Source> {
    // All tables as they are at one moment.
    db.execute_batch("BEGIN")?;
    let mut source = Source::default();
    let mut drafts = BTreeMap::new();
    read_cookies(db, tables, &mut drafts, &mut source)?;
    let mut strangers = std::mem::take(&mut source.notes);
    each(db, tables, "cookie_status", &["cookie_id", "enabled"], |row| {
        if let Some(draft) = text(row, 0)?.and_then(|id| drafts.get_mut(&id)) {
            draft.settings.enabled = switch(row, 1)?.unwrap_or(true);
        }
        Ok(())
    })?;
    let columns = ["cookie_id", "keyword", "reply", "item_id", "type", "image_url"];
    each(db, tables, "keywords", &columns, |row| {
        let id = text(row, 0)?.unwrap_or_default();
        match drafts.get_mut(&id) {
            Some(draft) => draft.take_rule(row),
            None => {
                strangers.add(|| format!("a keyword of account {}, which is not in the file or was refused", quoted(&id)));
                Ok(())
            }
        }
    })?;
    let columns = ["cookie_id", "item_id", "enabled", "reply_content", "reply_image_url", "reply_once"];
    each(db, tables, "default_replies", &columns, |row| {
        let id = text(row, 0)?.unwrap_or_default();
        match drafts.get_mut(&id) {
            Some(draft) => draft.take_default_reply(row),
            None => {
                strangers.add(|| format!("a default reply of account {}, which is not in the file or was refused", quoted(&id)));
                Ok(())
            }
        }
    })?;
    source.notes = strangers;
    for (cookie_id, draft) in drafts {
        match draft.finish(cookie_id) {
            Ok(account) => source.accounts.push(account),
            Err(refused) => source.refused.push(refused),
        }
    }
    Ok(source)
}

fn read_cookies(
    db: &Connection,
    tables: &Tables,
    drafts: &mut BTreeMap<String, Draft>,
    source: &mut Source,
) -> rusqlite::Result<()> {
    let columns = ["id", "value", "user_id", "auto_confirm", "remark", "pause_duration"];
    each(db, tables, "cookies", &columns, |row| {
        let id = text(row, 0)?.unwrap_or_default();
        if drafts.len() + source.refused.len() >= MAX_ACCOUNTS {
            source.notes.add(|| {
                format!("account {}: the file has more than {MAX_ACCOUNTS} accounts, which are all that is read", quoted(&id))
            });
            return Ok(());
        }
        if let Err(problem) = check_cookie_id(&id) {
            source.refused.push(ImportedAccount::refused(&id, problem.to_string()));
            return Ok(());
        }
        let draft = Draft::read(row)?;
        drafts.insert(id, draft);
        Ok(())
    })
}

/// Reads the rows of a table in the order in which they were written. A table that is not there has none; a column that is not there
/// is NULL.
fn each(
    db: &Connection,
    tables: &Tables,
    table: &str,
    columns: &[&str],
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let Some(known) = tables.get(table) else { return Ok(()) };
    let columns: Vec<_> = columns.iter().map(|column| if known.contains(*column) { *column } else { "NULL" }).collect();
    let select = format!("SELECT {} FROM {table}", columns.join(", "));
    // A table may be one without row ids; its order is that of its key.
    let mut statement = db.prepare(&format!("{select} ORDER BY rowid")).or_else(|_| db.prepare(&select))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

impl Draft {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (mut not_taken, mut notes) = (Notes::default(), Notes::default());
        let remark = text(row, 4)?.unwrap_or_default();
        let remark = if remark.len() <= MAX_REMARK_BYTES && !remark.contains('\0') {
            remark
        } else {
            not_taken.add(|| format!("its remark: it has {} bytes, allowed are {MAX_REMARK_BYTES} without NUL", remark.len()));
            String::new()
        };
        let pause_minutes = match integer(row, 5)? {
            None => DEFAULT_PAUSE_MINUTES,
            Some(minutes) => u32::try_from(minutes).ok().filter(|minutes| *minutes <= MAX_PAUSE_MINUTES).unwrap_or_else(|| {
                notes.add(|| format!("its pause_duration of {minutes} minutes is out of range: taken as {DEFAULT_PAUSE_MINUTES}"));
                DEFAULT_PAUSE_MINUTES
            }),
        };
        let settings = AccountSettings {
            owner: text(row, 2)?.filter(|owner| !owner.is_empty()),
            enabled: true,
            paused: false,
            priority: 0,
            remark,
            pause_minutes,
            // Where the file does not say, no shipment is confirmed that a person has not asked for.
            auto_confirm: switch(row, 3)?.unwrap_or(false),
        };
        Ok(Self {
            cookie: Secret::new(text(row, 1)?.unwrap_or_default()),
            settings,
            rules: RuleList::default(),
            default_replies: DefaultReplies::default(),
            unsized_pictures: 0,
            not_taken,
            notes,
        })
    }

    fn take_rule(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let keyword = text(row, 1)?.unwrap_or_default();
        let kind = text(row, 4)?.unwrap_or_else(|| "text".to_owned());
        let rule = match kind.as_str() {
            "text" | "" => KeywordRule::new(keyword, text(row, 2)?.unwrap_or_default()),
            "image" => {
                let url = text(row, 5)?.unwrap_or_default();
                let picture = picture(url);
                if let Err((field, problem)) = picture.check() {
                    self.not_taken.add(|| format!("the rule {}: the {field} of its picture {problem}", quoted(&keyword)));
                    return Ok(());
                }
                self.unsized_pictures += 1;
                KeywordRule::new(keyword, "").with_picture(picture)
            }
            other => {
                self.not_taken
                    .add(|| format!("the rule {}: it is of the type {}, which is not known here", quoted(&keyword), quoted(other)));
                return Ok(());
            }
        };
        let rule = match text(row, 3)?.filter(|item_id| !item_id.is_empty()) {
            Some(item_id) => rule.for_item(item_id),
            None => rule,
        };
        self.rules.take(rule, &mut self.not_taken);
        Ok(())
    }

    fn take_default_reply(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let item_id = text(row, 1)?.filter(|item_id| !item_id.is_empty());
        let of = item_id.as_ref().map_or_else(String::new, |item_id| format!(" for the item {}", quoted(item_id)));
        if !switch(row, 2)?.unwrap_or(false) {
            self.not_taken.add(|| format!("its default reply{of}: it is switched off in the file"));
            return Ok(());
        }
        let mut content = ReplyContent::text(text(row, 3)?.unwrap_or_default());
        if let Some(url) = text(row, 4)?.filter(|url| !url.trim().is_empty()) {
            content = content.with_picture(picture(url));
        }
        let mut reply = DefaultReply::new(content);
        reply.once_per_chat = switch(row, 5)?.unwrap_or(false);
        match self.check_default_reply(&reply, item_id.as_deref()) {
            Ok(()) => {
                self.unsized_pictures += usize::from(reply.content.picture.is_some());
                self.default_replies.set(item_id.as_deref(), Some(reply));
            }
            Err(problem) => self.not_taken.add(|| format!("its default reply{of}: {problem}")),
        }
        Ok(())
    }

    fn check_default_reply(&self, reply: &DefaultReply, item_id: Option<&str>) -> Result<(), String> {
        if reply.content.is_empty() {
            return Err("it is empty".to_owned());
        }
        defaults::check(reply).map_err(|problem| problem.to_string())?;
        if item_id.is_some_and(|item_id| item_id.len() > MAX_ITEM_ID_BYTES) {
            return Err(format!("its item_id is longer than {MAX_ITEM_ID_BYTES} bytes"));
        }
        if !self.default_replies.has_room_for(item_id) {
            return Err(format!("{} items have one already", defaults::MAX_ITEMS));
        }
        Ok(())
    }

    fn finish(mut self, cookie_id: String) -> Result<Brought, ImportedAccount> {
        let cookie =
            Cookie::parse(self.cookie.expose()).map_err(|problem| ImportedAccount::refused(&cookie_id, problem.to_string()))?;
        if self.unsized_pictures > 0 {
            let (width, height) = PICTURE_SIZE;
            self.notes.add(|| {
                format!(
                    "the file does not tell the size of {} pictures: they are sent as {width} × {height}",
                    self.unsized_pictures
                )
            });
        }
        Ok(Brought {
            cookie_id,
            login: Some(Login { cookie, device_id: None, token: None, proxy: None }),
            settings: self.settings,
            rules: self.rules.ready(&mut self.not_taken),
            default_replies: self.default_replies,
            not_taken: self.not_taken,
            notes: self.notes,
        })
    }
}

fn picture(url: String) -> Picture {
    Picture::new(url, PICTURE_SIZE.0, PICTURE_SIZE.1)
}

/// A value as a text, whatever type the file gave it.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Null => None,
    })
}

fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number),
        #[allow(clippy::cast_possible_truncation, reason = "what is out of range is refused as such")]
        ValueRef::Real(number) => Some(number as i64),
        ValueRef::Text(_) => text(row, column)?.and_then(|text| text.trim().parse().ok()),
        _ => None,
    })
}

/// On or off, in the ways in which such files write it.
fn switch(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<bool>> {
    let Some(text) = text(row, column)? else { return Ok(None) };
    Ok(match text.trim().to_ascii_lowercase().as_str() {
        "" => None,
        "0" | "0.0" | "false" | "off" | "no" => Some(false),
        _ => Some(true),
    })
}
