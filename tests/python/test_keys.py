"""The key of a store: where it comes from, that a wrong one opens nothing, another in its place; and a Config that shows none of it."""

from __future__ import annotations

import base64
import copy
import os
import pickle
import sqlite3
import stat
from pathlib import Path
from typing import Any, Callable, Optional

import livekeeper
import pytest
from conftest import CANARY

COOKIE = f"unb=2280551454090; _m_h5_tk=t_1; cookie2={CANARY}"
OFFLINE: dict[str, Any] = {"websocket_url": "ws://127.0.0.1:9/", "api_url": "http://127.0.0.1:9/h5"}
KEY = bytes(range(32))


def opened(path: Path, **settings: Any) -> livekeeper.CookieManager:
    return livekeeper.CookieManager(path, livekeeper.Config(**OFFLINE, **settings))


def is_intact(path: Path, **settings: Any) -> bool:
    """Whether the store opens, with a cookie that can be read."""
    with opened(path, **settings) as manager:
        return manager.status("shop").reason.code != "cookie_unusable"


def refused(path: Path, **settings: Any) -> str:
    with pytest.raises(livekeeper.WrongKey) as wrong:
        opened(path, **settings)
    assert wrong.value.code == 19
    return str(wrong.value)


def fill(path: Path, **settings: Any) -> None:
    with opened(path, **settings) as manager:
        manager.add_cookie("shop", COOKIE)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_without_a_key_one_is_made_beside_the_store_and_every_file_is_the_owners_alone(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "shops.db"
    before = os.umask(umask)
    try:
        with opened(path) as manager:
            manager.add_cookie("shop", COOKIE)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["shops.db", "shops.db-shm", "shops.db-wal", "shops.db.key", "shops.db.lock"], 0o600)
    assert len(base64.b64decode((tmp_path / "shops.db.key").read_text())) == 32
    assert is_intact(path)
    (tmp_path / "shops.db.key").unlink()
    assert "shops.db.key is not there: bring it back" in refused(path)
    assert not (tmp_path / "shops.db.key").exists()


def test_a_key_comes_from_bytes_a_file_the_environment_or_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shops.db"
    (tmp_path / "named.key").write_text(KEY.hex() + "\n")
    monkeypatch.setenv("SHOPS_KEY", base64.b64encode(KEY).decode())
    fill(path, key=KEY)
    # Three ways to give the same key.
    for same in ({"key": KEY}, {"key_file": tmp_path / "named.key"}, {"key_env": "SHOPS_KEY"}):
        assert is_intact(path, **same)
    assert stat.S_IMODE((tmp_path / "named.key").stat().st_mode) == 0o600
    assert "the key is another one" in refused(path, key=bytes(32))
    assert "it is sealed with a key, and a passphrase was given" in refused(path, passphrase=CANARY)
    with opened(path, key=KEY) as manager:
        manager.rekey(passphrase="correct horse")
    assert "it is sealed with a passphrase: give passphrase" in refused(path, key=KEY)
    assert "the passphrase is another one" in refused(path, passphrase="correct hors")
    assert is_intact(path, passphrase="correct horse")


def test_another_key_takes_the_place_of_the_first_while_accounts_go_on(tmp_path: Path) -> None:
    path, beside = tmp_path / "shops.db", tmp_path / "shops.db.key"
    fill(path)
    before = beside.read_text()
    with opened(path) as manager:
        manager.rekey(key_file=beside)
        manager.add_cookie("another", COOKIE.replace("unb=2", "unb=3"))
    assert beside.read_text() != before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shops.db", "shops.db.key"]
    assert is_intact(path)
    assert "the key is another one" in refused(path, key=base64.b64decode(before))


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({}, "key"),
        ({"key": b"short"}, "key"),
        ({"key": KEY, "passphrase": "x"}, "passphrase"),
        ({"passphrase": ""}, "passphrase"),
        ({"key_file": ""}, "key_file"),
        ({"key_file": "/nonexistent/shops.key"}, "key_file"),
        ({"key_env": "LIVEKEEPER_TEST_UNSET"}, "key_env"),
        ({"key_env": "CANARY"}, "key_env"),
        ({"key_env": ""}, "key_env"),
    ],
)
def test_a_key_that_cannot_be_had_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], field: str
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    path = tmp_path / "shops.db"
    fill(path)
    with opened(path) as manager:
        with pytest.raises(livekeeper.InvalidArgument) as invalid:
            manager.rekey(**keys)
        assert invalid.value.field == field
        assert CANARY not in str(invalid.value)
    assert is_intact(path)
    if keys:
        with pytest.raises(livekeeper.InvalidArgument) as invalid:
            opened(tmp_path / "new.db", **keys)
        assert invalid.value.field == field
        assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("key", "x" * 32), ("key", 3), ("key_file", 3), ("key_env", b"x"), ("passphrase", b"x"), ("passphrase", 3)]
)
def test_a_wrong_type_is_named_and_its_value_is_not(name: str, value: object) -> None:
    for make in (livekeeper.Config, livekeeper.Config().replace):
        with pytest.raises(TypeError, match=f"^{name}: must be "):
            make(**{name: value})  # type: ignore[arg-type]
    with livekeeper.CookieManager(":memory:") as manager:
        with pytest.raises(TypeError, match=f"^{name}: must be "):
            manager.rekey(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"key": (CANARY * 4)[:32].encode()}, {"passphrase": CANARY}])
def test_a_config_shows_that_it_has_a_secret_and_nothing_of_it(settings: dict[str, Any]) -> None:
    (name,) = settings
    config = livekeeper.Config(**settings)
    masked: Optional[str] = getattr(config, name)
    assert masked == "…"
    assert f"{name}='…'" in repr(config)
    assert CANARY not in f"{config!r} {config}"
    assert config == livekeeper.Config(**settings)
    assert hash(config) == hash(livekeeper.Config(**settings))
    assert config != livekeeper.Config()
    other: dict[str, Any] = {name: bytes(32) if name == "key" else "other"}
    assert config != livekeeper.Config(**other)
    assert config.replace(debounce_s=0).replace(debounce_s=1) == config
    none: dict[str, Any] = {name: None}
    assert config.replace(**none) == livekeeper.Config()
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="is not pickled.*name a key_file or a key_env"):
            write(config)


def test_a_config_that_names_where_the_key_is_pickles() -> None:
    for config in (livekeeper.Config(key_file="/run/shops.key"), livekeeper.Config(key_env="SHOPS_KEY")):
        assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(
    ("column", "advice", "put_right"),
    [
        ("cookie", "give its cookie anew with update_cookie", lambda m: m.update_cookie("shop 1", COOKIE.replace("unb=2", "unb=1"))),
        ("proxy", "give its proxy anew with set_proxy, then restart it", lambda m: m.set_proxy("shop 1", None) or m.restart("shop 1")),
    ],
)
def test_a_row_that_was_changed_parks_its_own_account_only(
    tmp_path: Path, column: str, advice: str, put_right: Callable[[livekeeper.CookieManager], None]
) -> None:
    path = tmp_path / "shops.db"
    with opened(path) as manager:
        for number in range(3):
            manager.add_cookie(f"shop {number}", COOKIE.replace("unb=2", f"unb={number}"), proxy="http://127.0.0.1:9")
    with sqlite3.connect(path) as database:
        others = f"SELECT sealed_{column} FROM accounts WHERE cookie_id = 'shop 0'"
        database.execute(f"UPDATE accounts SET sealed_{column} = ({others}) WHERE cookie_id = 'shop 1'")
    database.close()
    with opened(path) as manager:
        reasons = [manager.status(f"shop {number}").reason for number in range(3)]
        assert [reason.code == "cookie_unusable" for reason in reasons] == [False, True, False]
        assert f"what is sealed as its {column} in the store does not open" in str(reasons[1])
        assert advice in str(reasons[1])
        put_right(manager)
        assert manager.status("shop 1").reason.code != "cookie_unusable"
    with opened(path) as manager:
        assert all(manager.status(f"shop {number}").reason.code != "cookie_unusable" for number in range(3))
