"""The store that a command opens: its path, its key, its settings."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .._livekeeper import Config, CookieManager
from ..errors import AlreadyOpen, InvalidArgument, WrongKey
from . import passphrases
from .ending import Unusable

AT_REST = {"max_connecting": 0, "keep_messages_days": 3_650}
"""Settings for a store that is changed, and not kept alive: nobody connects, and no message is too old to stay."""
_SECRETS = ("key", "passphrase")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, and how it is opened."""
    parser.add_argument("store", metavar="STORE", help="the store, such as shop.db")
    group = parser.add_argument_group(
        "how the store is opened",
        "Without a key the file beside the store is used, such as shop.db.key.\n"
        "A passphrase is asked for, on a terminal, where the store has one.",
    )
    key = group.add_mutually_exclusive_group()
    key.add_argument("--key-file", metavar="FILE", help="the file with the store's key")
    key.add_argument("--key-env", metavar="NAME", help="the environment variable with the store's key")
    group.add_argument(
        "--config", metavar="FILE", help='a file with settings of livekeeper.Config as JSON, such as {"debounce_s": 2}'
    )


def open_store(given: argparse.Namespace, instead: str, **settings: Any) -> CookieManager:
    """A manager of the store; ``settings`` go before those of the file.

    ``instead``: what to do where a program has the store open.
    """
    chosen = {**_settings_of(given), **settings}
    config = _config(given, chosen)
    try:
        return CookieManager(given.store, config)
    except AlreadyOpen as error:
        raise AlreadyOpen(f"{error}. {instead}") from None
    except WrongKey as error:
        words = None
        if "sealed with a passphrase" in str(error) and not (given.key_file or given.key_env):
            words = passphrases.ask(f"passphrase of {given.store}: ")
        if words is None:
            raise
    return CookieManager(given.store, _config(given, {**chosen, "key_file": None, "key_env": None, "passphrase": words}))


def must_exist(given: argparse.Namespace) -> None:
    """A name that was mistyped makes no new store."""
    if not Path(given.store).exists():
        raise FileNotFoundError(f"there is no store {given.store}")


def _settings_of(given: argparse.Namespace) -> dict[str, Any]:
    settings = {} if given.config is None else _read(given.config)
    for name in _SECRETS:
        if name in settings:
            raise Unusable(f"--config: {given.config}: {name} belongs into no file of settings: use --key-file or --key-env")
    for name in ("key_file", "key_env"):
        if getattr(given, name) is not None:
            settings.pop("key_file", None)
            settings.pop("key_env", None)
            settings[name] = getattr(given, name)
    return settings


def _read(path: str) -> dict[str, Any]:
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"--config: {path}: {error}") from None
    if not isinstance(settings, dict):
        raise Unusable(f"--config: {path}: must be a JSON object, such as {{\"debounce_s\": 2}}")
    return settings


def _config(given: argparse.Namespace, settings: dict[str, Any]) -> Config:
    try:
        return Config(**settings)
    except (InvalidArgument, TypeError) as error:
        raise Unusable(f"--config: {given.config}: {error}" if given.config else str(error)) from None
