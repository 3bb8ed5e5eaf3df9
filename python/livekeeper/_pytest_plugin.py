"""pytest finds this by itself where livekeeper is installed: the fixtures ``simulator``, ``livekeeper_config`` and ``manager``. A
fixture of your own with one of these names takes its place. ``livekeeper.testing`` tells more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from livekeeper import Config, CookieManager
    from livekeeper.testing import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A stand-in for the service, on a free port of this machine, for one test."""
    from livekeeper.testing import Simulator

    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def livekeeper_config(simulator: Simulator) -> Config:
    """The ``Config`` of the fixture ``manager``: it points at ``simulator``. Write one of your own to have it otherwise:
    ``return simulator.config(max_accounts=3)``."""
    return simulator.config()


@pytest.fixture
def manager(livekeeper_config: Config) -> Iterator[CookieManager]:
    """A ``CookieManager`` with an empty store, closed after the test."""
    from livekeeper import CookieManager

    with CookieManager(":memory:", livekeeper_config) as manager:
        yield manager
