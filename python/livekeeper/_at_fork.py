"""A fork waits until no store is at work, so that its child can open one of its own."""

from __future__ import annotations

import os

from ._livekeeper import after_fork_in_child, after_fork_in_parent, before_fork

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=before_fork, after_in_parent=after_fork_in_parent, after_in_child=after_fork_in_child)
