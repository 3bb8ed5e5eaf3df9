//! Default replies on record.

use rusqlite::{Connection, Row};

use super::writer::Fault;
use super::{Store, accounts, outbox};
use crate::error::Error;
use crate::reply_content::{DefaultReply, ReplyContent};
use crate::rule::Picture;

/// A default reply with the account and, where it is an item's, the item.
pub(crate) struct DefaultReplyOf {
    pub(crate) cookie_id: String,
    pub(crate) item_id: Option<String>,
    pub(crate) reply: DefaultReply,
}

impl Store {
    /// Puts the account's default reply, or that of an item, in the place of the earlier one, or takes that away.
    pub(crate) async fn put_default_reply(
        &self,
        cookie_id: &str,
        item_id: Option<String>,
        reply: Option<DefaultReply>,
    ) -> Result<(), Error> {
        let (cookie_id, item_id) = (cookie_id.to_owned(), item_id.unwrap_or_default());
        self.write(move |db| {
            if !accounts::exists(db, &cookie_id)? {
                return Err(Fault::Refused(Error::not_found(&cookie_id)));
            }
            db.prepare_cached("DELETE FROM default_replies WHERE cookie_id = ?1 AND item_id = ?2")?
                .execute((&cookie_id, &item_id))?;
            reply.as_ref().map_or(Ok(()), |reply| insert(db, &cookie_id, &item_id, reply))
        })
        .await
    }

    /// The default replies of all accounts.
    pub(crate) async fn all_default_replies(&self) -> Result<Vec<DefaultReplyOf>, Error> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM default_replies ORDER BY cookie_id, item_id")?;
            let rows = statement.query_map([], of_row)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

/// Puts these in the place of all that the account has.
pub(super) fn replace(db: &Connection, cookie_id: &str, replies: &[(Option<String>, DefaultReply)]) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM default_replies WHERE cookie_id = ?1")?.execute([cookie_id])?;
    replies.iter().try_for_each(|(item_id, reply)| insert(db, cookie_id, item_id.as_deref().unwrap_or_default(), reply))
}

fn insert(db: &Connection, cookie_id: &str, item_id: &str, reply: &DefaultReply) -> Result<(), Fault> {
    let DefaultReply { content: ReplyContent { text, picture }, once_per_chat } = reply;
    db.prepare_cached(
        "INSERT INTO default_replies (cookie_id, item_id, reply, picture_url, picture_width, picture_height, once_per_chat)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        cookie_id,
        item_id,
        text,
        picture.as_ref().map(|picture| &picture.url),
        picture.as_ref().map(|picture| picture.width),
        picture.as_ref().map(|picture| picture.height),
        once_per_chat,
    ))?;
    Ok(())
}

/// Whether a default reply was said in the chat: not taken back, nor refused by the service.
pub(super) fn was_said(db: &Connection, cookie_id: &str, chat_id: &str) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached(SAID)?;
    let mut said = statement.query((cookie_id, chat_id))?;
    while let Some(row) = said.next()? {
        for uuid in outbox::uuids(row.get_ref(0)?.as_str_or_null()?) {
            if db.prepare_cached(WAS_TAKEN)?.exists((uuid, cookie_id))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

// Without statistics SQLite would rather walk the whole account by its primary key: the index is named.
pub(super) const SAID: &str = "SELECT sends FROM messages INDEXED BY messages_default_replied
     WHERE cookie_id = ?1 AND chat_id = ?2 AND decision = 'default_reply'";
pub(super) const WAS_TAKEN: &str = "SELECT 1 FROM outbox WHERE uuid = ?1 AND cookie_id = ?2 AND outcome <> 'rejected'";

fn of_row(row: &Row<'_>) -> rusqlite::Result<DefaultReplyOf> {
    let item_id: String = row.get("item_id")?;
    let mut content = ReplyContent::text(row.get::<_, String>("reply")?);
    if let Some(url) = row.get::<_, Option<String>>("picture_url")? {
        content.picture = Some(Picture::new(url, row.get("picture_width")?, row.get("picture_height")?));
    }
    let mut reply = DefaultReply::new(content);
    reply.once_per_chat = row.get("once_per_chat")?;
    Ok(DefaultReplyOf { cookie_id: row.get("cookie_id")?, item_id: (!item_id.is_empty()).then_some(item_id), reply })
}
