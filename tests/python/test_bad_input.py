"""What is refused, with the field's name, and that nothing of it is kept."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Callable

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
from livekeeper.testing import Simulator

COOKIE = f"unb={UNB}; cookie2=x; _m_h5_tk=y_1"

Verb = Callable[[livekeeper.CookieManager], Any]

REFUSED: list[tuple[str, Verb, str]] = [
    ("an empty cookie", lambda m: m.add_cookie("new", ""), "cookie_value"),
    ("a blank cookie", lambda m: m.add_cookie("new", "  "), "cookie_value"),
    ("a cookie without unb", lambda m: m.add_cookie("new", "cookie2=x; _m_h5_tk=y"), "cookie_value"),
    ("a cookie with CR", lambda m: m.add_cookie("new", f"unb={UNB}; cookie2=x\ry"), "cookie_value"),
    ("a cookie with LF", lambda m: m.add_cookie("new", f"unb={UNB}; cookie2=x\nHost: y"), "cookie_value"),
    ("a cookie with NUL", lambda m: m.add_cookie("new", f"unb={UNB}; cookie2=x\0y"), "cookie_value"),
    ("a cookie with a surrogate", lambda m: m.add_cookie("new", f"unb={UNB}; a=\ud800"), "cookie_value"),
    ("an empty id", lambda m: m.add_cookie("", COOKIE), "cookie_id"),
    ("an id of 256 bytes", lambda m: m.add_cookie("店" * 85 + "x", COOKIE), "cookie_id"),
    ("an id with a surrogate", lambda m: m.add_cookie("\udcff", COOKIE), "cookie_id"),
    ("an id with NUL", lambda m: m.add_cookie("a\0b", COOKIE), "cookie_id"),
    ("an empty keyword", lambda m: m.add_cookie("new", COOKIE, [("包邮", "包"), ("", "x")]), "keywords"),
    ("a blank keyword", lambda m: m.update_keywords("shop", [(" ", "x")]), "keywords"),
    ("a keyword with a surrogate", lambda m: m.update_keywords("shop", [("\ud83d", "x")]), "keywords"),
    ("a pattern that is none", lambda m: m.update_keywords("shop", [livekeeper.Rule("(", "x", matching="regex")]), "keywords"),
    ("a pattern for everything", lambda m: m.update_keywords("shop", [livekeeper.Rule("a*", "x", matching="regex")]), "keywords"),
    ("a rule of no keyword", lambda m: m.update_keywords("shop", [livekeeper.Rule([], "x")]), "keywords"),
    (
        "a picture without a size",
        lambda m: m.update_keywords("shop", [livekeeper.Rule("a", picture=livekeeper.Picture("https://x/a.jpg", 0, 1))]),
        "keywords",
    ),
    ("a way that is none", lambda m: livekeeper.Rule("a", "x", matching="like"), "matching"),  # type: ignore[arg-type]
    ("a rule of three", lambda m: m.update_keywords("shop", [("a", "b", "c")]), "keywords"),  # type: ignore[list-item]
    ("a user id with a surrogate", lambda m: m.add_cookie("new", COOKIE, user_id="\ud800"), "user_id"),
    ("a new cookie without unb", lambda m: m.update_cookie("shop", "a=b"), "cookie_value"),
    ("an unknown state", lambda m: m.wait_for("shop", state="runing", timeout_s=1), "state"),
    ("an unknown connection", lambda m: m.wait_for("shop", connection="up", timeout_s=1), "connection"),
    ("a wait for nothing", lambda m: m.wait_for("shop", timeout_s=1), "state"),
    ("a negative wait", lambda m: m.wait_for("shop", state="parked", timeout_s=-1), "timeout_s"),
    ("a wait of NaN", lambda m: m.wait_for("shop", state="parked", timeout_s=float("nan")), "timeout_s"),
    ("a close of inf", lambda m: m.close(float("inf")), "timeout_s"),
    ("a priority of 101", lambda m: m.set_priority("shop", 101), "priority"),
    ("a priority beyond every number", lambda m: m.set_priority("shop", -(10**30)), "priority"),
    ("no messages", lambda m: m.messages("shop", limit=0), "limit"),
    ("too many messages", lambda m: m.messages("shop", limit=10_001), "limit"),
    ("fewer than no messages", lambda m: m.messages("shop", limit=-1), "limit"),
    ("messages of a chat with a surrogate", lambda m: m.messages("shop", "\ud800"), "chat_id"),
    ("a pause of no chat", lambda m: m.pause_chat("shop", "", 1), "chat_id"),
    ("a pause of no minutes", lambda m: m.pause_chat("shop", "1", 0), "minutes"),
    ("a pause beyond a year", lambda m: m.pause_chat("shop", "1", 525_601), "minutes"),
    ("a pause beyond every number", lambda m: m.pause_chat("shop", "1", 2**32), "minutes"),
    ("a resume of no chat", lambda m: m.resume_chat("shop", ""), "chat_id"),
    ("a pause duration below nothing", lambda m: m.set_pause_duration("shop", -1), "minutes"),
    ("a pause duration beyond a year", lambda m: m.set_pause_duration("shop", 525_601), "minutes"),
    ("a proxy of another kind", lambda m: m.set_proxy("shop", f"https://user:{CANARY}@host:1"), "proxy"),
    ("a proxy without a port", lambda m: m.set_proxy("shop", f"http://user:{CANARY}@host"), "proxy"),
    ("an empty proxy", lambda m: m.set_proxy("shop", ""), "proxy"),
    ("an endless reader of events", lambda m: m.events(timeout_s=float("inf")), "timeout_s"),
    ("a negative wait for an event", lambda m: m.events().next(-1), "timeout_s"),
    ("an empty chat", lambda m: m.send_text("shop", "", "1", "x"), "chat_id"),
    ("an empty buyer", lambda m: m.send_text("shop", "1", "", "x"), "user_id"),
    ("an empty text", lambda m: m.send_text("shop", "1", "1", ""), "text"),
    ("a picture without a height", lambda m: m.send_image("shop", "1", "1", livekeeper.Picture("https://x/a.jpg", 8, 0)), "height"),
    ("a picture that is a file", lambda m: m.send_image("shop", "1", "1", livekeeper.Picture("file:///a.jpg", 8, 6)), "url"),
    ("a text with a surrogate", lambda m: m.send_text("shop", "1", "1", "\ud800"), "text"),
]


@pytest.mark.parametrize(("what", "verb", "field"), REFUSED, ids=[what for what, _, _ in REFUSED])
def test_a_bad_value_is_refused_with_its_fields_name_and_nothing_is_kept(
    manager: livekeeper.CookieManager, what: str, verb: Verb, field: str
) -> None:
    manager.add_cookie("shop", COOKIE)
    with pytest.raises(livekeeper.InvalidArgument) as refused:
        verb(manager)
    assert isinstance(refused.value, ValueError)
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert CANARY not in str(refused.value)
    assert refused.value.code == 1
    assert manager.list_cookies() == ["shop"]
    assert manager.get_keywords("shop") == []


def test_a_wrong_name_of_a_state_is_refused_with_the_right_ones(manager: livekeeper.CookieManager) -> None:
    with pytest.raises(livekeeper.InvalidArgument, match="created, registered, running, paused, parked"):
        manager.wait_for("shop", state="runing", timeout_s=1)


WRONG_TYPES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda m: m.add_cookie(b"shop", COOKIE), "cookie_id: must be str, not bytes"),
    (lambda m: m.add_cookie("shop", {"unb": CANARY}), "cookie_value: must be str, not dict"),
    (lambda m: m.add_cookie("shop", COOKIE, "包邮"), r"keywords: must be an iterable of \(keyword, reply\) pairs and Rules, not str"),
    (lambda m: m.add_cookie("shop", COOKIE, {"ab": "cd"}), "keywords: must be an iterable .* not dict"),
    (lambda m: m.add_cookie("shop", COOKIE, ["ab"]), r"keywords: rule 1: must be a pair \(keyword, reply\) or a Rule, not str"),
    (lambda m: m.add_cookie("shop", COOKIE, [("a", 1)]), "keywords: rule 1: its reply: must be str, not int"),
    (lambda m: m.add_cookie("shop", COOKIE, user_id=True), "user_id: must be str, int or None, not bool"),
    (lambda m: m.add_cookie("shop", COOKIE, user_id=1.5), "user_id: must be str, int or None, not float"),
    (lambda m: m.update_cookie_status("shop", "false"), "enabled: must be bool, not str"),
    (lambda m: m.wait_for("shop", state=1, timeout_s=1), "state: must be str, not int"),
    (lambda m: m.wait_for("shop", state="parked", timeout_s="1"), "timeout_s: must be float, not str"),
    (lambda m: m.set_priority("shop", 1.5), "priority: must be int, not float"),
    (lambda m: m.set_priority("shop", True), "priority: must be int, not bool"),
    (lambda m: m.set_proxy("shop", {"proxy": CANARY}), "proxy: must be str or None, not dict"),
    (lambda m: m.metrics_text("yes"), "per_account: must be bool, not str"),
    (lambda m: m.messages("shop", 41), "chat_id: must be str or None, not int"),
    (lambda m: m.messages("shop", limit=1.5), "limit: must be int, not float"),
    (lambda m: m.messages("shop", "41", 5), "positional argument"),
    (lambda m: m.pause_chat("shop", 41, 1), "chat_id: must be str, not int"),
    (lambda m: m.pause_chat("shop", "41", True), "minutes: must be int, not bool"),
    (lambda m: m.resume_chat("shop", None), "chat_id: must be str, not NoneType"),
    (lambda m: m.set_pause_duration("shop", "1"), "minutes: must be int, not str"),
    (lambda m: m.pause(1), "cookie_id: must be str, not int"),
    (lambda m: m.status(None), "cookie_id: must be str, not NoneType"),
    (lambda m: type(m)(1), "path: must be str or os.PathLike, not int"),
    (lambda m: type(m)(":memory:", {}), "config: must be livekeeper.Config or None, not dict"),
]


@pytest.mark.parametrize(("verb", "sentence"), WRONG_TYPES, ids=[sentence for _, sentence in WRONG_TYPES])
def test_a_wrong_type_is_a_type_error_that_names_the_argument(
    manager: livekeeper.CookieManager, verb: Callable[[Any], Any], sentence: str
) -> None:
    with pytest.raises(TypeError, match=sentence):
        verb(manager)
    assert manager.list_cookies() == []


def test_an_error_in_an_iterable_of_rules_passes_through(manager: livekeeper.CookieManager) -> None:
    with pytest.raises(ZeroDivisionError):
        manager.add_cookie("shop", COOKIE, ((str(1 // 0), "x") for _ in range(1)))


@pytest.mark.parametrize(
    "verb",
    [
        lambda m: m.status("无此店"),
        lambda m: m.remove_cookie("无此店"),
        lambda m: m.update_cookie("无此店", COOKIE),
        lambda m: m.update_cookie_status("无此店", True),
        lambda m: m.get_cookie_status("无此店"),
        lambda m: m.update_keywords("无此店", []),
        lambda m: m.get_keywords("无此店"),
        lambda m: m.wait_for("无此店", state="running", timeout_s=1),
        lambda m: m.send_text("无此店", "1", "1", "x"),
        lambda m: m.messages("无此店"),
        lambda m: m.pause_chat("无此店", "1", 1),
        lambda m: m.resume_chat("无此店", "1"),
        lambda m: m.paused_chats("无此店"),
        lambda m: m.set_pause_duration("无此店", 1),
    ],
)
def test_an_unknown_account_is_said_with_its_id(manager: livekeeper.CookieManager, verb: Verb) -> None:
    with pytest.raises(livekeeper.AccountNotFound, match="无此店") as error:
        verb(manager)
    assert (error.value.cookie_id, error.value.code) == ("无此店", 2)


@pytest.mark.parametrize("path", ["missing/shops.db", "a/file/shops.db", "."])
def test_a_path_where_no_store_can_be_is_a_clear_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("")
    with pytest.raises(livekeeper.StoreUnavailable) as error:
        livekeeper.CookieManager(tmp_path / path)
    assert str(tmp_path) in str(error.value)
    assert isinstance(error.value, livekeeper.StoreError)


def test_a_file_that_is_no_store_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    path.write_text("this is no database, whatever its name says. " * 100)
    with pytest.raises(livekeeper.NotADatabase, match="left as it is"):
        livekeeper.CookieManager(path)
    assert path.read_text().startswith("this is no database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(livekeeper.StoreUnavailable):
        livekeeper.CookieManager(tmp_path / "shops.db")


def test_a_store_of_a_newer_livekeeper_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    livekeeper.CookieManager(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    with pytest.raises(livekeeper.StoreTooNew, match="999"):
        livekeeper.CookieManager(path)


def test_no_secret_is_in_what_is_shown(
    simulator: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    config = simulator.config()
    cookie = f"{simulator.cookie(UNB)}; secret={CANARY}"
    shown: list[Any] = [config]
    with livekeeper.CookieManager(tmp_path / "shops.db", config) as manager:
        events = manager.events()
        manager.add_cookie("shop", cookie)
        shown += [manager, manager.wait_for("shop", connection="connected", timeout_s=WAIT_S), manager.statuses()]
        for bad in (f"cookie2={CANARY}", f"unb={UNB}; a={CANARY}\r\n", f"unb=1; a={CANARY}", CANARY, f'[{{"name": "{CANARY}'):
            with pytest.raises(livekeeper.LivekeeperError) as refused:
                manager.update_cookie("shop", bad)
            shown.append(refused.value)
        shown += [manager.capacity(), manager.metrics(), manager.metrics_text(per_account=True)]
        shown += [manager.close(), *events]
    shown += [simulator.log(), simulator.violations(), capfd.readouterr(), caplog.text]
    for value in shown:
        assert CANARY not in str(value)
        assert CANARY not in repr(value)


def test_a_pasted_cookie_is_looked_at_before_an_account_is_made_of_it() -> None:
    whole = f"unb={UNB}; cookie2=a; sgcookie=b; _m_h5_tk=c_1; _m_h5_tk_enc=d; t=e; cna=f"
    assert livekeeper.validate_cookie(whole) == []
    assert livekeeper.validate_cookie(f"unb={UNB}; cookie2=; t=e; cna=f") == ["cookie2", "sgcookie", "_m_h5_tk", "_m_h5_tk_enc"]
    with pytest.raises(livekeeper.InvalidArgument, match="no `unb`") as refused:
        livekeeper.validate_cookie(f"cookie2={CANARY}")
    assert refused.value.field == "cookie_value" and CANARY not in str(refused.value)
