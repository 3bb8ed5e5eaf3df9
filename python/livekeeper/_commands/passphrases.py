"""Passphrases: from the environment, or asked for on a terminal. They are no arguments: those can be seen by everybody on the machine."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Optional

from .ending import Unusable


def of_environment(name: str, option: str = "--passphrase-env") -> str:
    """What the environment variable holds that ``option`` names."""
    words = os.environ.get(name)
    if not words:
        raise Unusable(f"{option}: the environment variable {name} is not set")
    return words


def ask(prompt: str) -> Optional[str]:
    """What somebody types unseen; ``None`` where there is no terminal, or nothing was typed."""
    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(prompt) or None
    except EOFError:
        return None
