//! Keyword rules on record, in the order in which they are tried.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};

use super::writer::Fault;
use super::{Store, accounts};
use crate::error::Error;
use crate::rule::{KeywordRule, Matching, Picture};

impl Store {
    /// Puts these rules in the place of the account's earlier ones.
    pub(crate) async fn put_rules(&self, cookie_id: &str, rules: Arc<[KeywordRule]>) -> Result<(), Error> {
        let cookie_id = cookie_id.to_owned();
        self.write(move |db| {
            if !accounts::exists(db, &cookie_id)? {
                return Err(Fault::Refused(Error::not_found(&cookie_id)));
            }
            replace(db, &cookie_id, &rules)
        })
        .await
    }

    /// The account's rules in their order.
    pub(crate) async fn rules(&self, cookie_id: &str) -> Result<Vec<KeywordRule>, Error> {
        let cookie_id = cookie_id.to_owned();
        self.read(move |db| Ok(of_account(db, &cookie_id)?)).await
    }

    /// The rules of all accounts, each with its account's id, in the order of ids and positions.
    pub(crate) async fn all_rules(&self) -> Result<Vec<(String, KeywordRule)>, Error> {
        self.read(|db| {
            let mut all = Vec::new();
            select(db, "", [], |cookie_id, rules| all.extend(rules.into_iter().map(|rule| (cookie_id.clone(), rule))))?;
            Ok(all)
        })
        .await
    }

    /// Hands over the rules of one account after the other, with the account's id, as they are read: so those of thousands of accounts
    /// are never in memory at the same time. An account may come twice.
    pub(crate) async fn each_of_rules(&self, take: impl Fn(String, Vec<KeywordRule>) + Send + 'static) -> Result<(), Error> {
        self.read(move |db| Ok(select(db, "", [], &take)?)).await
    }
}

/// An account's rules in their order.
pub(super) fn of_account(db: &Connection, cookie_id: &str) -> rusqlite::Result<Vec<KeywordRule>> {
    let mut of_account = Vec::new();
    select(db, "WHERE r.cookie_id = ?1", [cookie_id], |_, rules| of_account = rules)?;
    Ok(of_account)
}

pub(super) fn replace(db: &Connection, cookie_id: &str, rules: &[KeywordRule]) -> Result<(), Fault> {
    // Their keywords go with them.
    db.prepare_cached("DELETE FROM rules WHERE cookie_id = ?1")?.execute([cookie_id])?;
    let mut insert_rule = db.prepare_cached(
        "INSERT INTO rules (cookie_id, position, matching, item_id, reply, picture_url, picture_width, picture_height)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut insert_keyword =
        db.prepare_cached("INSERT INTO rule_keywords (cookie_id, rule_position, position, keyword) VALUES (?1, ?2, ?3, ?4)")?;
    for (position, rule) in (0_i64..).zip(rules) {
        let picture = rule.picture.as_ref();
        insert_rule.execute((
            cookie_id,
            position,
            rule.matching.name(),
            &rule.item_id,
            &rule.reply,
            picture.map(|picture| &picture.url),
            picture.map(|picture| picture.width),
            picture.map(|picture| picture.height),
        ))?;
        for (place, keyword) in (0_i64..).zip(&rule.keywords) {
            insert_keyword.execute((cookie_id, position, place, keyword))?;
        }
    }
    Ok(())
}

/// Hands over the rules of one account after the other, in the order of their ids: a row for each keyword, a rule for the rows of one
/// position.
fn select(
    db: &Connection,
    of: &str,
    parameters: impl Params,
    mut take: impl FnMut(String, Vec<KeywordRule>),
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT r.cookie_id, r.position, k.keyword, r.matching, r.item_id, r.reply, r.picture_url, r.picture_width, r.picture_height
         FROM rules AS r JOIN rule_keywords AS k ON k.cookie_id = r.cookie_id AND k.rule_position = r.position {of}
         ORDER BY r.cookie_id, r.position, k.position",
    ))?;
    let mut rows = statement.query(parameters)?;
    let mut of_one: Option<(String, Vec<KeywordRule>)> = None;
    let mut last_position = None;
    while let Some(row) = rows.next()? {
        let cookie_id = row.get_ref("cookie_id")?.as_str()?;
        if of_one.as_ref().is_none_or(|(last, _)| last != cookie_id) {
            if let Some((cookie_id, rules)) = of_one.replace((cookie_id.to_owned(), Vec::new())) {
                take(cookie_id, rules);
            }
            last_position = None;
        }
        let Some((_, rules)) = &mut of_one else { continue };
        let position: i64 = row.get("position")?;
        let keyword = row.get("keyword")?;
        match rules.last_mut() {
            Some(rule) if last_position == Some(position) => rule.keywords.push(keyword),
            _ => rules.push(rule(row, keyword)?),
        }
        last_position = Some(position);
    }
    if let Some((cookie_id, rules)) = of_one {
        take(cookie_id, rules);
    }
    Ok(())
}

fn rule(row: &Row<'_>, keyword: String) -> rusqlite::Result<KeywordRule> {
    let mut rule = KeywordRule::new(keyword, row.get::<_, String>("reply")?);
    let matching: String = row.get("matching")?;
    rule.matching = Matching::ALL.iter().copied().find(|one| one.name() == matching).ok_or_else(|| {
        let problem = format!("a rule is matched by {matching:?}, which this version does not know");
        rusqlite::Error::FromSqlConversionFailure(3, Type::Text, problem.into())
    })?;
    rule.item_id = row.get("item_id")?;
    if let Some(url) = row.get::<_, Option<String>>("picture_url")? {
        rule.picture = Some(Picture::new(url, row.get("picture_width")?, row.get("picture_height")?));
    }
    Ok(rule)
}
