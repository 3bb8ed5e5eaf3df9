//! What these tests bring along: files as people have them, and managers that reach nobody.

use std::fs;
use std::path::Path;

use livekeeper::{
    AccountOptions, Config, CookieManager, DefaultReply, ImportReport, ImportedAccount, KeywordRule, Matching, Picture,
};
use rusqlite::Connection;

pub(crate) const CANARY: &str = "CANARY5f1d";

/// A manager whose accounts reach nobody.
pub(crate) fn offline(path: impl AsRef<Path>) -> CookieManager {
    CookieManager::open(path, offline_config()).unwrap()
}

pub(crate) fn offline_config() -> Config {
    let mut config = Config::default();
    (config.websocket_url, config.api_url) = ("ws://127.0.0.1:9/".to_owned(), "http://127.0.0.1:9/".to_owned());
    config
}

pub(crate) fn cookie(unb: &str) -> String {
    format!("unb={unb}; cookie2={CANARY}cookie; _m_h5_tk={CANARY}tk_1")
}

pub(crate) fn xianyu_db(path: &Path, sql: &str) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch(sql).unwrap();
    db
}

pub(crate) const TODAY: &str = "
    CREATE TABLE cookies (id TEXT PRIMARY KEY, value TEXT NOT NULL, user_id INTEGER NOT NULL, auto_confirm INTEGER DEFAULT 1,
        remark TEXT DEFAULT '', pause_duration INTEGER DEFAULT 10, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE keywords (cookie_id TEXT, keyword TEXT, reply TEXT, item_id TEXT, type TEXT DEFAULT 'text', image_url TEXT);
    CREATE TABLE cookie_status (cookie_id TEXT PRIMARY KEY, enabled BOOLEAN DEFAULT TRUE);
    CREATE TABLE default_replies (cookie_id TEXT, item_id TEXT, enabled BOOLEAN, reply_content TEXT, reply_image_url TEXT, reply_once BOOLEAN);";

pub(crate) fn of<'a>(report: &'a ImportReport, cookie_id: &str) -> &'a ImportedAccount {
    report.accounts.iter().find(|account| account.cookie_id == cookie_id).unwrap()
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A manager with one account that has everything.
pub(crate) fn furnished(path: impl AsRef<Path>) -> CookieManager {
    let manager = offline(path);
    let rules = vec![
        KeywordRule::new("包邮", "全场包邮"),
        KeywordRule::of(["多大", "尺码"], "见图").for_item("920001").with_picture(Picture::new("https://x/a.jpg", 8, 6)),
        KeywordRule::new("^a+b$", "x").matching(Matching::Regex),
    ];
    let options = AccountOptions::default().keywords(rules).user_id("me").proxy(format!("http://u:{CANARY}proxy@127.0.0.1:9"));
    manager.add_cookie_with("shop", &cookie("1001"), options).wait().unwrap();
    manager.set_remark("shop", "主号").wait().unwrap();
    manager.set_priority("shop", 7).wait().unwrap();
    manager.set_pause_duration("shop", 3).wait().unwrap();
    manager.update_auto_confirm_setting("shop", true).wait().unwrap();
    manager.pause("shop").wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("稍后").once_per_chat()), None).wait().unwrap();
    manager.set_default_reply("shop", Some(DefaultReply::new("无货")), Some("920001")).wait().unwrap();
    manager
}

pub(crate) fn assert_furnished(manager: &CookieManager, from: &CookieManager) {
    assert_eq!(manager.get_keywords("shop").wait(), from.get_keywords("shop").wait());
    assert_eq!(manager.get_remark("shop").wait(), from.get_remark("shop").wait());
    assert_eq!(manager.get_auto_confirm_setting("shop").wait(), Ok(true));
    for item in [None, Some("920001"), Some("x")] {
        assert_eq!(manager.get_default_reply("shop", item), from.get_default_reply("shop", item));
    }
    let (status, original) = (manager.status("shop").unwrap(), from.status("shop").unwrap());
    assert_eq!((status.enabled, status.paused, status.priority), (original.enabled, original.paused, original.priority));
}
