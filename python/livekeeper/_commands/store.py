"""The store that a command opens: its path, its key, its settings."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .._inspection import inspect
from .._livekeeper import Config, CookieManager
from ..errors import AlreadyOpen, InvalidArgument, WrongKey
from . import passphrases
from .ending import Unusable, said

AT_REST = {"max_connecting": 0, "keep_messages_days": 3_650}
"""Settings for a store that is changed, and not kept alive: nobody connects, and no message is too old to stay."""
_SECRETS = ("key", "passphrase")
_PASSPHRASE_ENV = "--store-passphrase-env"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, and how it is opened."""
    parser.add_argument("store", metavar="STORE", help="the store, such as shop.db")
    group = parser.add_argument_group(
        "how the store is opened",
        "Without a key the file beside the store is used, such as shop.db.key.\n"
        f"The passphrase of a store that has one is asked for on a terminal; elsewhere {_PASSPHRASE_ENV} gives it.",
    )
    key = group.add_mutually_exclusive_group()
    key.add_argument("--key-file", metavar="FILE", help="the file with the store's key")
    key.add_argument("--key-env", metavar="NAME", help="the environment variable with the store's key")
    key.add_argument(_PASSPHRASE_ENV, metavar="NAME", help="the environment variable with the store's passphrase")
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
        if "sealed with a passphrase" not in str(error):
            raise
        has_key = given.key_file or given.key_env
        words = None if has_key else passphrases.ask(f"passphrase of {given.store}: ")
        if words is None:
            raise Unusable(f"{given.store} is sealed with a passphrase: give it with {_PASSPHRASE_ENV} NAME") from None
    return CookieManager(given.store, _config(given, {**chosen, "key_file": None, "key_env": None, "passphrase": words}))


def must_exist(given: argparse.Namespace) -> None:
    """A name that was mistyped makes no new store."""
    if not Path(given.store).exists():
        raise FileNotFoundError(f"there is no store {given.store}: look at its name; python -m livekeeper import {given.store} FILE makes one")


def absent(given: argparse.Namespace) -> list[Path]:
    """The files that are made with a new store; none if there is a store already."""
    real = Path(given.store).resolve()
    if real.exists():
        return []
    made = [real, *(Path(f"{real}{ending}") for ending in ("-wal", "-shm", ".key")), *map(Path, filter(None, [given.key_file]))]
    return [file for file in made if not file.exists()]


def take_back(given: argparse.Namespace, made: list[Path]) -> None:
    """Removes them again, if the store is closed and nothing came into it."""
    if not any(file.exists() for file in made):
        return
    seen = inspect(given.store, limit=0)
    if seen.accounts or seen.held_by is not None:
        return
    for file in made:
        file.unlink(missing_ok=True)


def _settings_of(given: argparse.Namespace) -> dict[str, Any]:
    settings = {} if given.config is None else _read(given.config)
    for name in _SECRETS:
        if name in settings:
            instead = _PASSPHRASE_ENV if name == "passphrase" else "--key-file or --key-env"
            raise Unusable(f"--config: {given.config}: {name} belongs into no file of settings: use {instead}")
    chosen: dict[str, Any] = {"key_file": given.key_file, "key_env": given.key_env}
    if given.store_passphrase_env is not None:
        chosen["passphrase"] = passphrases.of_environment(given.store_passphrase_env, _PASSPHRASE_ENV)
    # What the command line says goes before what the file says.
    return {**settings, **chosen} if any(chosen.values()) else settings


def _read(path: str) -> dict[str, Any]:
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"--config: {said(error)}: name a file of JSON that you may read") from None
    except ValueError as error:
        raise Unusable(f"--config: {path}: {error}") from None
    if not isinstance(settings, dict):
        raise Unusable(f"--config: {path}: must be a JSON object, such as {{\"debounce_s\": 2}}")
    return settings


def _config(given: argparse.Namespace, settings: dict[str, Any]) -> Config:
    try:
        return Config(**settings)
    except (InvalidArgument, TypeError) as error:
        raise Unusable(f"--config: {given.config}: {error}" if given.config else str(error)) from None
