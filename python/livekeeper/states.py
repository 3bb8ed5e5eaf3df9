"""The states of an account, the reasons for them, its health, what has a bound, what is decided about a message, where an order stands: enums whose members are also strings.

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
    RENEWING_COOKIE = "renewing_cookie"
    COOKIE_RENEWED = "cookie_renewed"
    TOKEN_RENEWED = "token_renewed"
    DISABLED = "disabled"
    REMOVED = "removed"
    MANAGER_CLOSED = "manager_closed"
    REPLACED = "replaced"
    PAUSED = "paused"
    RESTARTED = "restarted"
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
    OUT_OF_FILES = "out_of_files"
    PROXY_FAILED = "proxy_failed"
    SESSION_EXPIRED = "session_expired"
    PERSON_MUST_VERIFY = "person_must_verify"
    COOKIE_UNUSABLE = "cookie_unusable"
    PANICKED = "panicked"
    TOO_MANY_FAILURES = "too_many_failures"
    STORE_FAILED = "store_failed"


class Health(_Name):
    """How an account is, in one word.

    >>> from livekeeper import Health
    >>> Health.DOWN == "down"
    True
    """

    OK = "ok"
    """As the host wants it."""
    DEGRADED = "degraded"
    """It works, or is about to, but something is not as it should be."""
    DOWN = "down"
    """It does not work."""


class HealthCode(_Name):
    """What is wrong with an account's health. ``HealthReason.number`` is the code's permanent number, ``HealthReason.text`` its
    sentence.

    >>> from livekeeper import HealthCode
    >>> HealthCode.SILENT == "silent"
    True
    """

    PARKED = "parked"
    FAILED = "failed"
    NOT_CONNECTED = "not_connected"
    SILENT = "silent"
    HEARTBEAT_LATE = "heartbeat_late"
    MANY_FAILURES = "many_failures"
    SLOW_TASK = "slow_task"


class CapacityKind(_Name):
    """What has a bound.

    >>> from livekeeper import CapacityKind
    >>> f"{CapacityKind.MEMORY_BYTES}"
    'memory_bytes'
    """

    ACCOUNTS = "accounts"
    """Accounts on record; bound: ``max_accounts``. At it, ``add_cookie`` is refused."""
    CONNECTIONS = "connections"
    """Accounts that are connected; bound: ``max_accounts``."""
    CONNECTING = "connecting"
    """Accounts that connect now; bound: ``max_connecting``. At it, others wait."""
    WAITING_TO_CONNECT = "waiting_to_connect"
    """Accounts that wait for their turn to connect; bound: ``max_accounts``."""
    FILE_DESCRIPTORS = "file_descriptors"
    """File descriptors of this process; bound: its soft limit. At it, nothing connects any more."""
    THREADS = "threads"
    """Threads of this process; bound: what its user may have."""
    MEMORY_BYTES = "memory_bytes"
    """Bytes of memory that this process has in use (RSS); bound: those of the machine, or of its control group."""
    CALL_QUEUE = "call_queue"
    """Calls that wait in the fullest mailbox of an account. At the bound, calls to it are refused."""
    STORE_QUEUE = "store_queue"
    """Writes that wait for the store. At the bound, sessions stop reading."""
    EVENT_QUEUE = "event_queue"
    """Events that the slowest reader has not read; bound: ``event_queue``. At it, that reader loses the oldest."""
    HELPERS = "helpers"
    """Helpers that run; bound: ``max_helpers``. At it, others wait."""
    RUNTIME_BUSY_PERCENT = "runtime_busy_percent"
    """How busy the runtime's threads were since the last look, in percent of all of them."""


class CapacityLevel(_Name):
    """How near a bound is.

    >>> from livekeeper import CapacityLevel
    >>> CapacityLevel("near") is CapacityLevel.NEAR
    True
    """

    OK = "ok"
    """There is room."""
    NEAR = "near"
    """Four fifths of the bound, or more, are used."""
    FULL = "full"
    """The bound is reached."""


class Decision(_Name):
    """What was decided about a message. ``MessageTrace.decision_text`` is its sentence.

    >>> from livekeeper import Decision
    >>> Decision.CHAT_PAUSED == "chat_paused"
    True
    """

    REPLY = "reply"
    """It is answered by a rule."""
    PLATFORM = "platform"
    """A text or card of the platform's."""
    ECHO = "echo"
    """The echo of what this library sent."""
    BY_HAND = "by_hand"
    """The seller's own words, by hand: a person has taken the chat over."""
    GROUP = "group"
    """Said in a group, where a reply to one buyer has no place."""
    STALE = "stale"
    """Older than ``stale_after_s`` when it was looked at."""
    ACCOUNT_PAUSED = "account_paused"
    """The account is paused."""
    CHAT_PAUSED = "chat_paused"
    """A person has taken the chat over, or the host has paused it."""
    RULE_SAYS_NOTHING = "rule_says_nothing"
    """The rule that matches says: nothing."""
    NO_RULE = "no_rule"
    """No rule matches."""
    FOLDED = "folded"
    """A later message of the same chat was answered in its place."""
    NOT_RECORDED = "not_recorded"
    """Recorded by a version that stored no decisions."""
    OTHER_USER = "other_user"
    """It was written to another user, whose cookie was replaced before it was looked at."""
    BEFORE_ACCOUNT = "before_account"
    """The seller's own, from before the account was on record: nobody knows whether by hand or from here."""
    HANDLER_REPLY = "handler_reply"
    """It is answered by the host's reply function."""
    DEFAULT_REPLY = "default_reply"
    """It is answered with the default reply."""
    HANDLER_SAYS_NOTHING = "handler_says_nothing"
    """The host's reply function says: nothing."""
    HANDLER_FAILED = "handler_failed"
    """The host's reply function failed or took too long, and there is no default reply."""
    DEFAULT_SAYS_NOTHING = "default_says_nothing"
    """The default reply for its item says: nothing."""
    DEFAULT_SAID_BEFORE = "default_said_before"
    """The default reply is said once in a chat, and was."""


class OrderStatus(_Name):
    """Where an order stands, in the order in which an order passes it.

    >>> from livekeeper import OrderStatus
    >>> OrderStatus("shipped") is OrderStatus.SHIPPED
    True
    """

    AWAITING_PAYMENT = "awaiting_payment"
    """The buyer has ordered and not paid."""
    AWAITING_SHIPMENT = "awaiting_shipment"
    """Paid; the seller must ship."""
    SHIPPED = "shipped"
    """Shipped; the buyer must confirm."""
    COMPLETED = "completed"
    """The buyer has confirmed."""
    CLOSED = "closed"
    """Ended without a sale, or refunded."""


class ConfirmationState(_Name):
    """Where the confirmation of an order's shipment stands.

    >>> from livekeeper import ConfirmationState
    >>> ConfirmationState.REFUSED == "refused"
    True
    """

    PENDING = "pending"
    """It is to be made as soon as the account is connected."""
    CONFIRMING = "confirming"
    """The call to the service is under way."""
    CONFIRMED = "confirmed"
    """The service has taken it."""
    REFUSED = "refused"
    """The service has refused it. It is not asked again by itself."""
    UNKNOWN = "unknown"
    """Nobody knows: no answer came that tells. It is not asked again by itself."""


class ImportOutcome(_Name):
    """What became of an account of a file that was imported.

    >>> from livekeeper import ImportOutcome
    >>> ImportOutcome.KEPT == "kept"
    True
    """

    ADDED = "added"
    """It is new here, and on record now."""
    UPDATED = "updated"
    """It was here; something of it was put in the place of what it had."""
    KEPT = "kept"
    """It was here, and was left as it is."""
    REFUSED = "refused"
    """Nothing of it was taken; ``ImportedAccount.not_taken`` says why."""
