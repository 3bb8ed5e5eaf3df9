"""Pickles of Config are restored here: it takes keywords only."""

from __future__ import annotations

from typing import Any

from ._livekeeper import Config


def restore(settings: dict[str, Any]) -> Config:
    """A Config of these settings."""
    return Config(**settings)
