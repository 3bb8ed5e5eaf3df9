"""Accounts brought along from another program's file and from documents, and copies of a store."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
from livekeeper.testing import Simulator

TABLES = """
CREATE TABLE cookies (id TEXT PRIMARY KEY, value TEXT, user_id INTEGER, auto_confirm INTEGER, remark TEXT, pause_duration INTEGER);
CREATE TABLE keywords (cookie_id TEXT, keyword TEXT, reply TEXT, item_id TEXT, type TEXT, image_url TEXT);
CREATE TABLE cookie_status (cookie_id TEXT, enabled BOOLEAN);
CREATE TABLE default_replies (cookie_id TEXT, item_id TEXT, enabled BOOLEAN, reply_content TEXT, reply_image_url TEXT, reply_once BOOLEAN);
"""


def test_the_file_of_the_python_program_is_taken_while_it_is_in_use_and_again(
    simulator: Simulator, manager: livekeeper.CookieManager, tmp_path: Path
) -> None:
    db = sqlite3.connect(tmp_path / "xianyu_data.db")
    db.executescript("PRAGMA journal_mode = WAL;" + TABLES)
    db.execute("INSERT INTO cookies VALUES ('shop', ?, 7, 1, '主号', 3)", [simulator.cookie(UNB)])
    db.execute("INSERT INTO cookies VALUES ('bad', ?, 7, 1, '', 3)", [f"cookie2={CANARY}"])
    db.execute("INSERT INTO keywords VALUES ('shop', '包邮', '全场包邮', NULL, 'text', NULL), ('shop', '', 'x', NULL, 'text', NULL)")
    db.execute("INSERT INTO default_replies VALUES ('shop', NULL, 1, '稍后回复', NULL, 1)")
    db.commit()
    report = manager.import_xianyu_db(tmp_path / "xianyu_data.db")
    assert str(report) == "2 accounts: 1 added, 0 updated, 0 kept, 1 refused" and not report.is_complete
    bad, shop = report.accounts
    assert (bad.outcome, bad.cookie) == (livekeeper.ImportOutcome.REFUSED, False) and "`unb`" in bad.not_taken[0]
    assert (shop.outcome, shop.cookie, shop.settings, shop.rules, shop.default_replies) == ("added", True, True, 1, 1)
    assert len(shop.not_taken) == 1 and "keyword is empty" in str(shop)
    assert CANARY not in repr(report)
    assert manager.get_keywords("shop") == [("包邮", "全场包邮")] and manager.get_remark("shop") == "主号"
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    again = manager.import_xianyu_db(str(tmp_path / "xianyu_data.db"))
    assert [account.outcome for account in again.accounts] == ["refused", "kept"]
    assert manager.list_cookies() == ["shop"]
    db.close()


def test_accounts_go_from_one_store_to_another_with_their_secrets_sealed_or_left_out(simulator: Simulator, tmp_path: Path) -> None:
    sealed, plain = tmp_path / "sealed.json", tmp_path / "plain.json"
    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB) + f"; x={CANARY}", keywords=[("包邮", "全场包邮")], user_id=7)
        assert manager.export_accounts(sealed, passphrase="口令") == manager.export_accounts(plain) == 1
        with pytest.raises(livekeeper.InvalidArgument, match="exists already"):
            manager.export_accounts(plain)
    for document in (sealed, plain):
        assert CANARY not in document.read_text() and stat.S_IMODE(document.stat().st_mode) == 0o600
    assert json.loads(plain.read_text())["accounts"][0]["secrets"] is None

    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        with pytest.raises(livekeeper.WrongKey, match="passphrase"):
            manager.import_accounts(sealed, passphrase="another")
        with pytest.raises(livekeeper.InvalidArgument, match="passphrase: is missing"):
            manager.import_accounts(sealed)
        assert manager.list_cookies() == []
        (waiting,) = manager.import_accounts(plain).accounts
        assert (waiting.outcome, waiting.cookie, manager.status("shop").state) == ("added", False, "parked")
        (shop,) = manager.import_accounts(sealed, passphrase="口令").accounts
        assert (shop.outcome, shop.cookie, shop.rules) == ("updated", True, 1)
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)


def test_a_copy_is_a_whole_store_and_never_takes_the_place_of_a_file(simulator: Simulator, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with livekeeper.CookieManager(tmp_path / "shop.db", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
        manager.snapshot(copy)
        with pytest.raises(livekeeper.InvalidArgument, match="exists already"):
            manager.snapshot(copy)
        with pytest.raises(TypeError, match="path"):
            manager.snapshot(7)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    # What is sealed in it is sealed with the store's key.
    with pytest.raises(livekeeper.WrongKey, match="copy.db.key is not there"):
        livekeeper.CookieManager(copy, simulator.config())
    with livekeeper.CookieManager(copy, simulator.config(key_file=tmp_path / "shop.db.key")) as manager:
        assert manager.get_keywords("shop") == [("包邮", "全场包邮")]


def test_what_cannot_be_read_says_what_it_is(manager: livekeeper.CookieManager, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).executescript("CREATE TABLE t (x)")
    with pytest.raises(livekeeper.NotADatabase, match="cookies"):
        manager.import_xianyu_db(other)
    livekeeper.CookieManager(tmp_path / "own.db", livekeeper.Config(max_connecting=0)).close()
    with pytest.raises(livekeeper.InvalidArgument, match="is a store of livekeeper: open it with CookieManager"):
        manager.import_xianyu_db(tmp_path / "own.db")
    with pytest.raises(livekeeper.StoreUnavailable, match="missing.db"):
        manager.import_xianyu_db(tmp_path / "missing.db")
    with pytest.raises(livekeeper.InvalidArgument, match="document"):
        manager.import_accounts(other)
    with pytest.raises(livekeeper.InvalidArgument, match="memory"):
        manager.snapshot(tmp_path / "copy.db")
