"""The states of an account and the reasons for them: enums whose members are also strings.

>>> from livekeeper import TaskState
>>> TaskState.RUNNING == "running", str(TaskState.RUNNING)
(True, 'running')
"""

from __future__ import annotations

import enum


class _Name(str, enum.Enum):
    """A member that is its value, also where it is printed."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return str.__format__(str(self.value), spec)


class TaskState(_Name):
    """What an account's task is doing.

    >>> from livekeeper import TaskState
    >>> TaskState("parked") is TaskState.PARKED
    True
    """

    CREATED = "created"
    """Known, not yet admitted."""
    REGISTERED = "registered"
    """Admitted: its actor runs, waiting for its turn to connect."""
    RUNNING = "running"
    """Its session lives, or it is between two tries."""
    PAUSED = "paused"
    """Alive and receiving; replies are held."""
    PARKED = "parked"
    """Will not go on by itself: a person or the host is needed, the reason says why."""
    STOPPING = "stopping"
    """Being wound down."""
    STOPPED = "stopped"
    """Nothing of it is left: no task, no socket, no child process."""
    FAILED = "failed"
    """Ended by its own fault; the reason stands; a restart is due or refused."""


class ConnectionState(_Name):
    """What an account's connection to the service is doing.

    >>> from livekeeper import ConnectionState
    >>> f"{ConnectionState.CONNECTED}"
    'connected'
    """

    DISCONNECTED = "disconnected"
    """No connection, and none was tried yet."""
    CONNECTING = "connecting"
    """The first try: signing in, connecting, registering."""
    CONNECTED = "connected"
    """Registered with the service: messages come in, replies go out."""
    RECONNECTING = "reconnecting"
    """It was lost or refused; tried again after a backoff."""
    FAILED = "failed"
    """It ended, and is not tried again by itself."""
    CLOSED = "closed"
    """Ended because the host wanted it so."""


class ReasonCode(_Name):
    """Why an account is in its state. ``Reason.number`` is the code's permanent number, ``Reason.text`` its sentence.

    >>> from livekeeper import ReasonCode
    >>> ReasonCode.SESSION_EXPIRED == "session_expired"
    True
    """

    STARTING = "starting"
    WAITING_FOR_TURN = "waiting_for_turn"
    SIGNING_IN = "signing_in"
    OPENING = "opening"
    ONLINE = "online"
    DISABLED = "disabled"
    REMOVED = "removed"
    MANAGER_CLOSED = "manager_closed"
    REPLACED = "replaced"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    HANDSHAKE_REFUSED = "handshake_refused"
    REGISTRATION_REFUSED = "registration_refused"
    CLOSED_BY_SERVICE = "closed_by_service"
    CONNECTION_LOST = "connection_lost"
    HEARTBEAT_LOST = "heartbeat_lost"
    SERVICE_STALLED = "service_stalled"
    PROTOCOL_BROKEN = "protocol_broken"
    API_FAILED = "api_failed"
    SESSION_EXPIRED = "session_expired"
    PERSON_MUST_VERIFY = "person_must_verify"
    PANICKED = "panicked"
    TOO_MANY_FAILURES = "too_many_failures"
    STORE_FAILED = "store_failed"
