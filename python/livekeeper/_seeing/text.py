"""Texts of other people's, as they may be shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_KEPT = frozenset("\n\t\u3000\u00a0\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
"""Spaces, and what holds emoji together."""


def visible(text: str) -> str:
    """The same with a sign in the place of characters that nobody sees, such as those that turn the direction of writing around or
    that a terminal takes for a command."""
    return "".join(letter if letter.isprintable() or letter in _KEPT else "\N{REPLACEMENT CHARACTER}" for letter in text)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose cells stand below each other, also where some are Chinese."""
    widths = [max(map(columns, column)) for column in zip(*rows)]
    return ["  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths)).rstrip() for row in rows]


def columns(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
