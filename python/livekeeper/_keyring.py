"""A store's key in the keyring of the operating system, by the package ``keyring``."""

from __future__ import annotations

import base64
import binascii
import importlib
import secrets
from typing import Protocol, cast

from .errors import InvalidArgument

KEY_BYTES = 32


class _Keyring(Protocol):
    def get_password(self, service: str, name: str) -> object: ...
    def set_password(self, service: str, name: str, password: str) -> None: ...


def keyring_key(name: str, service: str = "livekeeper") -> bytes:
    """The key that the operating system's keyring (Secret Service, KWallet, macOS Keychain, Windows Credential Locker) holds under this
    name, for ``Config(key=…)``; a new one is put there where it holds none. Needs ``pip install 'livekeeper[keyring]'``.

    ``name``: your name for the store, such as its path; ``service``: your program. A store opens with its key only: a keyring that is
    lost, or another user's, means a store whose credentials are lost, so keep a copy of the key (it is returned) where you keep such
    things. Blocks for as long as the keyring asks its user to unlock it.

    Raises ``InvalidArgument`` where what the keyring holds under the name is no key, or where it does not keep one; ``ImportError``
    without the package, and whatever the keyring itself raises.

    >>> import livekeeper
    >>> config = livekeeper.Config(key=livekeeper.keyring_key("shop.db"))   # doctest: +SKIP
    """
    keyring = _keyring()
    held = keyring.get_password(service, name)
    if held is not None:
        return _read(str(held), name)
    key = secrets.token_bytes(KEY_BYTES)
    keyring.set_password(service, name, base64.b64encode(key).decode())
    # Some keyrings take everything and keep nothing: a store must not be sealed with a key that is gone tomorrow.
    if keyring.get_password(service, name) != base64.b64encode(key).decode():
        raise _refused("the keyring did not keep the key that was put there: is it unlocked, and a real one?")
    return key


def _keyring() -> _Keyring:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise ImportError("a key in the operating system's keyring needs the package keyring: pip install 'livekeeper[keyring]'") from error
    return cast(_Keyring, keyring)


def _read(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise _refused(f"what the keyring holds under {name!r} is no key: it must be 32 bytes in Base64; use another name")
    return key


def _refused(problem: str) -> InvalidArgument:
    error = InvalidArgument(f"name: {problem}")
    error.field = "name"
    return error
