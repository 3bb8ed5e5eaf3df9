"""A store's key in the operating system's keyring; the keyring itself is a stand-in with the same two functions."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from types import ModuleType

import livekeeper
import pytest
from livekeeper.testing import Simulator


class Keyring(ModuleType):
    def __init__(self, keeps: bool = True) -> None:
        super().__init__("keyring")
        self.keeps = keeps
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> object:
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        if self.keeps:
            self.held[(service, name)] = password


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    keyring = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    return keyring


def test_a_store_opens_again_with_the_key_that_the_keyring_keeps(keyring: Keyring, simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with livekeeper.CookieManager(path, simulator.config(key=livekeeper.keyring_key("shop.db"))) as manager:
        manager.add_cookie("shop", simulator.cookie())
    assert not (tmp_path / "shop.db.key").exists()
    with livekeeper.CookieManager(path, simulator.config(key=livekeeper.keyring_key("shop.db"))) as manager:
        assert manager.list_cookies() == ["shop"]
    assert len(base64.b64decode(keyring.held[("livekeeper", "shop.db")])) == 32
    with pytest.raises(livekeeper.WrongKey):
        livekeeper.CookieManager(path, simulator.config(key=livekeeper.keyring_key("another")))


def test_a_keyring_that_keeps_nothing_or_something_else_is_refused_before_anything_is_sealed(keyring: Keyring) -> None:
    keyring.held[("livekeeper", "shop.db")] = "a password of SECRETPW"
    with pytest.raises(livekeeper.InvalidArgument, match="is no key") as refused:
        livekeeper.keyring_key("shop.db")
    assert "SECRETPW" not in str(refused.value) and refused.value.field == "name"
    keyring.keeps = False
    with pytest.raises(livekeeper.InvalidArgument, match="did not keep"):
        livekeeper.keyring_key("other.db")


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ImportError, match=r"livekeeper\[keyring\]"):
        livekeeper.keyring_key("shop.db")
