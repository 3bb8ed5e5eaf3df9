"""Names in the place of ids and other particulars, for what is shown to strangers."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Optional

_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^\s/?#\"'<>]*)([^\s\"'<>]*)")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_OF_THE_SERVICE = re.compile(r"(?:^|\.)(?:goofish|dingtalk|taobao|alicdn|alipay|aliyun)\.com(?::\d+)?$")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_LONG_NUMBER = re.compile(r"\d{6,}")


class Aliases:
    """The same id has the same name within one report, and no one else can tell which id it was: the key is drawn for the report
    and kept nowhere, so that trying all ids does not help."""

    def __init__(self, cookie_id: str) -> None:
        self._key = secrets.token_bytes(32)
        self._cookie_id = cookie_id
        self.account = self.of("account", cookie_id)

    def of(self, kind: str, value: str) -> str:
        """``kind`` and eight letters."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        # No digits: they would be taken for a long number in their turn.
        return f"{kind}-{digest[:8].translate(_LETTERS)}"

    def optional(self, kind: str, value: Optional[str]) -> Optional[str]:
        """The same, or ``None`` for none."""
        return None if value is None else self.of(kind, value)

    def text(self, text: str) -> str:
        """A sentence of the library's or of the service's: of a URL the scheme is left, and the host if it is the service's; addresses,
        long numbers and the account's id get their names."""
        text = _URL.sub(self._url, text)
        text = _ADDRESS.sub(lambda address: self.of("address", address[0]), text)
        if len(self._cookie_id) >= 4:
            # One of a few letters would be found within other words.
            text = text.replace(self._cookie_id, self.account)
        return _LONG_NUMBER.sub(lambda number: self.of("number", number[0]), text)

    def _url(self, url: re.Match[str]) -> str:
        scheme, host, rest = url.groups()
        host = host.rpartition("@")[2]
        return _joined(scheme, host if _OF_THE_SERVICE.search(host) else self.of("host", host), rest)


def bare_url(url: str) -> str:
    """A URL without user, password, path and query."""
    return _URL.sub(_shortened, url)


def _shortened(url: re.Match[str]) -> str:
    scheme, host, rest = url.groups()
    return _joined(scheme, host.rpartition("@")[2], rest)


def _joined(scheme: str, host: str, rest: str) -> str:
    return f"{scheme}://{host}" + ("/…" if rest not in ("", "/") else "")
