"""What the library advises, for somebody on a terminal."""

from __future__ import annotations

import re


def in_python(sentence: str) -> str:
    """The same with where the method is that it names: no command gives an account its cookie."""
    return re.sub(r"\bupdate_cookie\b", "update_cookie (in Python: manager.update_cookie)", sentence)
