"""Texts of other people's, as they may be shown."""

from __future__ import annotations

_KEPT = frozenset("\n\t\u3000\u00a0\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
"""Spaces, and what holds emoji together."""


def visible(text: str) -> str:
    """The same with a sign in the place of characters that nobody sees, such as those that turn the direction of writing around or
    that a terminal takes for a command."""
    return "".join(letter if letter.isprintable() or letter in _KEPT else "\N{REPLACEMENT CHARACTER}" for letter in text)
