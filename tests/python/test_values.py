"""Values and errors: frozen, equal, hashed, pickled, written out; and that stubs, enums and core agree."""

from __future__ import annotations

import copy
import enum
import inspect
import pickle
import re
import sys
import timeit
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import livekeeper
import pytest
from livekeeper import _livekeeper, errors

REASON = livekeeper.Reason("connection_lost", "reset by peer", 1_700_000_000_123, 1_700_000_001_456)
HEALTH_REASON = livekeeper.HealthReason("not_connected", "for 75 s")
STATUS = livekeeper.AccountStatus(
    "店",
    True,
    "running",
    "reconnecting",
    REASON,
    1_700_000_000_123,
    livekeeper.Counters(received=3, replied=2),
    paused=True,
    priority=-3,
    health="degraded",
    health_reasons=[HEALTH_REASON],
)
STAGE = livekeeper.StageReport("socket", "timed_out", 5.0)
STOP = livekeeper.AccountStop("店", 5.5, [STAGE], ["its session's task"])
OLD = livekeeper.Standing("running", "connected", "online")
NEW = livekeeper.Standing("running", "reconnecting", "connection_lost")
ITEM = livekeeper.CapacityItem("file_descriptors", 900, 1024, "near")
CAPACITY = livekeeper.Capacity(
    1_700_000_000_123, [livekeeper.CapacityItem("accounts", 3, 20_000, "ok"), ITEM, livekeeper.CapacityItem("threads", 9, None, "ok")]
)
REFUSED = livekeeper.Confirmation("refused", "FAIL_BIZ_ORDER_STATUS", "订单状态错误", 1_700_000_000_123)
STEP = livekeeper.OrderStep("awaiting_shipment", 1_700_000_000_000, "m1")
ORDER = livekeeper.Order(
    "627", "41", "awaiting_shipment", "77", "9687", [STEP], REFUSED, 1_700_000_000_000, 1_700_000_000_123
)
EVENTS = {
    "state_changed": livekeeper.Event("state_changed", 1_700_000_000_123, "店", old=OLD, new=NEW, reason=REASON),
    "health_changed": livekeeper.Event(
        "health_changed", 1_700_000_000_123, "店", old="ok", new=livekeeper.Health.DEGRADED, reasons=[HEALTH_REASON]
    ),
    "stopped": livekeeper.Event("stopped", 1_700_000_000_123, "店", report=STOP),
    "capacity_changed": livekeeper.Event("capacity_changed", 1_700_000_000_123, item=ITEM),
    "order_changed": livekeeper.Event("order_changed", 1_700_000_000_123, "店", order=ORDER),
    "confirmation_ended": livekeeper.Event(
        "confirmation_ended", 1_700_000_000_123, "店", order_id="627", confirmation=REFUSED
    ),
    "lagged": livekeeper.Event("lagged", 1_700_000_000_123, missed=3),
}
SEND = livekeeper.SendTrace(
    "全场包邮", livekeeper.SendOutcome("rejected", reason="CSI_FORBID", code=403, more_info="CSI_FORBID||x"), 1_700_000_000_123, 1_700_000_001_456
)
TRACE = livekeeper.MessageTrace(
    "m1", "41", "chat", "9687", "小王", "包邮吗", "77", 1_700_000_000_000, 1_700_000_000_123, "reply", 2, reply=SEND
)
MESSAGE = livekeeper.ChatMessage("店", "m1", "41", "9687", "小王", "在吗", "77", 1_700_000_000_123)
HASHED: list[Any] = [
    livekeeper.Config(debounce_s=0, ca_file="/tmp/ca.pem", cookie_helper=["node", "refresh.js"]),
    livekeeper.Counters(received=3),
    REASON,
    STATUS,
    livekeeper.SendOutcome("rejected", reason="CSI_FORBID", code=403),
    livekeeper.Picture("https://x/a.jpg", 800, 600),
    livekeeper.Rule("包邮"),
    livekeeper.Rule(
        ["包邮", "邮费"], "见图", matching="exact", item_id="920", picture=livekeeper.Picture("https://x/a.jpg", 800, 600)
    ),
    HEALTH_REASON,
    NEW,
    ITEM,
    CAPACITY,
    SEND,
    TRACE,
    livekeeper.SendTrace("[图片]", picture=livekeeper.Picture("https://x/a.jpg", 8, 6)),
    livekeeper.MessageTrace("m0", "41", "chat", "9687", picture=livekeeper.SendTrace("[图片]")),
    livekeeper.MessageTrace("m0", "41", "chat", "9687", decision=livekeeper.Decision.FOLDED, folded_into="m1"),
    livekeeper.PausedChat("41", 1_700_000_000_123),
    livekeeper.ImportedAccount("shop", "added", True, True, 2, 1, ["a rule"], ["a picture"]),
    livekeeper.ImportReport([livekeeper.ImportedAccount("bad", livekeeper.ImportOutcome.REFUSED)], ["a note"]),
    REFUSED,
    STEP,
    ORDER,
    livekeeper.Order("628", "41", livekeeper.OrderStatus.CLOSED),
    MESSAGE,
    livekeeper.ReplyContent(),
    livekeeper.ReplyContent("见图", livekeeper.Picture("https://x/a.jpg", 8, 6)),
    livekeeper.DefaultReply("稍后回复", once_per_chat=True),
]
VALUES: list[Any] = [
    *HASHED,
    *EVENTS.values(),
    livekeeper.Metrics(
        1_700_000_000_123, 4.5, 3, {"running": 3}, {"connected": 3}, {"ok": 3}, livekeeper.Counters(received=3), CAPACITY
    ),
    STAGE,
    STOP,
    livekeeper.StopReport(6.0, [STOP]),
]


@pytest.mark.parametrize("value", VALUES, ids=[type(value).__name__ for value in VALUES])
def test_a_value_is_frozen_equal_to_its_copies_and_written_out(value: Any) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) == value
    assert copy.copy(value) == copy.deepcopy(value) == value
    assert value != object()
    assert repr(value).startswith(f"{type(value).__name__}(")
    names = [name for name in dir(type(value)) if not name.startswith("_")]
    for name in [*names, "anything"]:
        with pytest.raises(AttributeError):
            setattr(value, name, 1)


@pytest.mark.parametrize("value", HASHED, ids=[type(value).__name__ for value in HASHED])
def test_a_value_without_spans_is_hashed_by_what_it_holds(value: Any) -> None:
    assert len({value, pickle.loads(pickle.dumps(value))}) == 1


@pytest.mark.parametrize("value", [value for value in VALUES if not isinstance(value, livekeeper.Config)], ids=repr)
def test_the_written_form_makes_the_same_value(value: Any) -> None:
    assert eval(repr(value), vars(livekeeper).copy()) == value


def test_a_status_has_members_zoned_times_and_sentences() -> None:
    assert STATUS.state is livekeeper.TaskState.RUNNING
    assert STATUS.connection is livekeeper.ConnectionState.RECONNECTING
    assert STATUS.since == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
    assert STATUS.since.tzinfo is timezone.utc
    assert REASON.code is livekeeper.ReasonCode.CONNECTION_LOST
    assert REASON.next_try == datetime(2023, 11, 14, 22, 13, 21, 456_000, tzinfo=timezone.utc)
    assert livekeeper.Reason("online").next_try is None
    assert str(REASON) == "the connection was lost: reset by peer"
    assert str(STATUS) == "running, reconnecting: the connection was lost: reset by peer"
    assert STATUS.counters.received == 3
    assert (STATUS.paused, STATUS.priority) == (True, -3)
    assert STATUS.health is livekeeper.Health.DEGRADED
    assert STATUS.health_reasons == (HEALTH_REASON,)
    assert HEALTH_REASON.code is livekeeper.HealthCode.NOT_CONNECTED
    plain = livekeeper.AccountStatus("店", True, "running", "connected", REASON)
    assert (plain.paused, plain.priority, plain.health, plain.health_reasons) == (False, 0, "ok", ())


def test_a_trace_has_members_zoned_times_and_sentences() -> None:
    assert TRACE.decision is livekeeper.Decision.REPLY
    assert (TRACE.decision_text, TRACE.rule, TRACE.folded_into, TRACE.item_id) == ("it is answered", 2, None, "77")
    assert (TRACE.created_at_ms, TRACE.received_at_ms) == (1_700_000_000_000, 1_700_000_000_123)
    assert TRACE.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert TRACE.received_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
    assert TRACE.reply == SEND
    assert SEND.created_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
    assert SEND.closed_at == datetime(2023, 11, 14, 22, 13, 21, 456_000, tzinfo=timezone.utc)
    assert str(TRACE) == '小王: "包邮吗": it is answered with "全场包邮" (rejected: CSI_FORBID)'
    assert livekeeper.PausedChat("41", 1_700_000_000_123).paused_until.tzinfo is timezone.utc
    waiting = livekeeper.MessageTrace("m2", "41", "chat", "9687", text="在吗")
    assert (waiting.created_at, waiting.decision, waiting.decision_text, waiting.rule, waiting.reply) == (None,) * 5
    assert str(waiting) == '9687: "在吗": nothing is decided yet'
    under_way = livekeeper.SendTrace("在的")
    assert (under_way.outcome, under_way.closed_at_ms, under_way.closed_at) == (None, None, None)
    assert str(under_way) == '"在的" (under way)'
    with pytest.raises(livekeeper.InvalidArgument, match='decision: is "replied"; allowed are reply, platform'):
        livekeeper.MessageTrace("m2", "41", "chat", "9687", decision="replied")


def test_a_message_to_answer_has_zoned_times_and_a_line_for_people() -> None:
    assert MESSAGE.created_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
    assert str(MESSAGE) == '小王: "在吗"'
    plain = livekeeper.ChatMessage("店", "m1", "41", "9687")
    assert (plain.sender_name, plain.text, plain.item_id, plain.created_at_ms, plain.created_at) == ("", "", None, 0, None)
    assert str(plain) == '9687: ""'


def test_a_reply_is_a_text_a_picture_or_both_and_a_default_reply_is_made_of_either() -> None:
    picture = livekeeper.Picture("https://x/a.jpg", 8, 6)
    assert (livekeeper.ReplyContent().text, livekeeper.ReplyContent().picture) == ("", None)
    assert livekeeper.DefaultReply("x").content == livekeeper.ReplyContent("x")
    assert livekeeper.DefaultReply(picture).content == livekeeper.ReplyContent(picture=picture)
    assert livekeeper.DefaultReply(livekeeper.ReplyContent("x", picture)).content.picture == picture
    assert not livekeeper.DefaultReply("x").once_per_chat
    wrong: list[tuple[type, dict[str, Any], str]] = [
        (livekeeper.ReplyContent, {"text": 3}, "text: must be str, not int"),
        (livekeeper.ReplyContent, {"picture": "https://x"}, "picture: must be Picture or None, not str"),
        (livekeeper.DefaultReply, {"content": None}, "content: must be str, Picture or ReplyContent, not NoneType"),
        (livekeeper.DefaultReply, {"content": "x", "once_per_chat": 1}, "once_per_chat: must be bool, not int"),
    ]
    for kind, arguments, sentence in wrong:
        with pytest.raises(TypeError, match=sentence):
            kind(**arguments)


def test_an_order_has_members_zoned_times_and_its_history() -> None:
    assert (ORDER.status, STEP.status, REFUSED.state) == (
        livekeeper.OrderStatus.AWAITING_SHIPMENT,
        livekeeper.OrderStatus.AWAITING_SHIPMENT,
        livekeeper.ConfirmationState.REFUSED,
    )
    assert ORDER.history == (STEP,)
    assert ORDER.created_at == STEP.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert ORDER.updated_at == REFUSED.at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
    plain = livekeeper.Order("628", "41", "closed")
    assert (plain.item_id, plain.buyer_id, plain.history, plain.confirmation) == (None, None, (), None)
    with pytest.raises(livekeeper.InvalidArgument, match='status: is "lost"; allowed are awaiting_payment'):
        livekeeper.Order("628", "41", "lost")


def test_an_event_has_the_fields_of_its_kind_and_no_others() -> None:
    for kind, event in EVENTS.items():
        assert event.kind == kind
        assert event.at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
        names = ("old", "new", "reason", "reasons", "report", "item", "missed", "order", "order_id", "confirmation")
        own = {name for name in names if getattr(event, name)}
        assert own == {
            "state_changed": {"old", "new", "reason"},
            "health_changed": {"old", "new", "reasons"},
            "stopped": {"report"},
            "capacity_changed": {"item"},
            "order_changed": {"order"},
            "confirmation_ended": {"order_id", "confirmation"},
            "lagged": {"missed"},
        }[kind]
        assert event.cookie_id == (None if kind in ("capacity_changed", "lagged") else "店")
    assert EVENTS["state_changed"].new == NEW
    assert EVENTS["health_changed"].new is livekeeper.Health.DEGRADED
    assert NEW.state is livekeeper.TaskState.RUNNING
    assert NEW.reason is livekeeper.ReasonCode.CONNECTION_LOST
    assert {kind: str(event) for kind, event in EVENTS.items()} == {
        "state_changed": "店: running, reconnecting: the connection was lost: reset by peer",
        "health_changed": "店: health was ok, is degraded: not connected (for 75 s)",
        "stopped": "店: stopped in 5.50 s: left: its session's task",
        "capacity_changed": "file_descriptors: 900 of 1024 (near)",
        "order_changed": "店: order 627: awaiting_shipment, confirmation refused FAIL_BIZ_ORDER_STATUS 订单状态错误",
        "confirmation_ended": "店: confirmation of order 627: refused FAIL_BIZ_ORDER_STATUS 订单状态错误",
        "lagged": "3 events were missed",
    }


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"kind": "state_changed", "old": OLD, "new": NEW}, livekeeper.InvalidArgument, "reason: is missing: an event of the kind"),
        ({"kind": "state_changed", "old": OLD, "new": "ok", "reason": REASON}, TypeError, "new: must be Standing, not str"),
        ({"kind": "health_changed", "old": "ok", "new": "well"}, livekeeper.InvalidArgument, 'new: is "well"; allowed are ok, degr'),
        ({"kind": "lagged", "missed": 1, "old": OLD}, livekeeper.InvalidArgument, "old: is given, and .* has none"),
        ({"kind": "stop"}, livekeeper.InvalidArgument, 'kind: is "stop"; allowed are state_changed'),
    ],
)
def test_an_event_that_cannot_be_is_refused(fields: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        livekeeper.Event(at_ms=0, **fields)


def test_a_capacity_finds_its_items_and_what_is_near_its_bound() -> None:
    assert CAPACITY.get("file_descriptors") == CAPACITY.get(livekeeper.CapacityKind.FILE_DESCRIPTORS) == ITEM
    assert CAPACITY.get("helpers") is None
    assert CAPACITY.warnings == (ITEM,)
    assert ITEM.level is livekeeper.CapacityLevel.NEAR
    assert str(CAPACITY.items[2]) == "threads: 9 of no bound (ok)"
    with pytest.raises(livekeeper.InvalidArgument, match="kind: is \"files\"; allowed are accounts"):
        CAPACITY.get("files")


def test_a_stop_report_says_what_is_left() -> None:
    assert not VALUES[-1].is_clean
    assert str(VALUES[-1]) == "closed 1 accounts in 6.00 s: left of 店 (its session's task)"
    assert livekeeper.StopReport(0.0, []).is_clean


def test_a_rule_has_one_keyword_or_several_and_defaults() -> None:
    plain = livekeeper.Rule("包邮")
    assert (plain.keywords, plain.reply, plain.matching, plain.item_id, plain.picture) == (("包邮",), "", "contains", None, None)
    full = livekeeper.Rule(["包邮", "邮费"], "见图", matching="regex", item_id=920, picture=livekeeper.Picture("https://x", 8, 6))
    assert (full.keywords, full.matching, full.item_id) == (("包邮", "邮费"), "regex", "920")
    assert full.picture is not None
    assert (full.picture.url, full.picture.width, full.picture.height) == ("https://x", 8, 6)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"keywords": 3}, "keywords: must be str or a sequence of str, not int"),
        ({"keywords": ["a", 3]}, "keywords: part 2: must be str, not int"),
        ({"keywords": "a", "picture": "https://x"}, "picture: must be Picture or None, not str"),
        ({"keywords": "a", "item_id": 1.5}, "item_id: must be str, int or None, not float"),
    ]
    for arguments, sentence in wrong:
        with pytest.raises(TypeError, match=sentence):
            livekeeper.Rule(**arguments)
    with pytest.raises(livekeeper.InvalidArgument, match="width: is "):
        livekeeper.Picture("https://x", -1, 6)


def test_members_of_the_enums_are_strings_too() -> None:
    assert isinstance(livekeeper.TaskState.RUNNING, str)
    assert STATUS.state == "running"
    assert f"{livekeeper.TaskState.RUNNING:>8}|{livekeeper.ConnectionState.CLOSED}" == " running|closed"
    names: dict[str, int] = {livekeeper.TaskState.RUNNING: 1}
    assert names["running"] == 1
    assert pickle.loads(pickle.dumps(livekeeper.TaskState.PARKED)) is livekeeper.TaskState.PARKED


def test_the_enums_have_what_the_core_has() -> None:
    codes = _livekeeper.reason_codes()
    assert [member.value for member in livekeeper.ReasonCode] == [name for name, _, _ in codes]
    for name, number, sentence in codes:
        reason = livekeeper.Reason(name)
        assert (reason.code.value, reason.number, reason.text) == (name, number, sentence)
    for name, number, sentence in _livekeeper.health_codes():
        wrong = livekeeper.HealthReason(name, "x")
        assert (wrong.code.value, wrong.number, wrong.text, str(wrong)) == (name, number, sentence, f"{sentence} (x)")
    of_the_core = _livekeeper.core_enums()
    ours = {name: thing for name, thing in vars(livekeeper).items() if inspect.isclass(thing) and issubclass(thing, enum.Enum)}
    assert {name: [member.value for member in ours[name]] for name in ours} == of_the_core


def test_a_config_has_every_setting_of_the_core() -> None:
    of_the_core = re.findall(r"[{,] (\w+): ", _livekeeper.core_defaults())
    assert sorted(of_the_core) == [name for name in dir(livekeeper.Config) if not name.startswith("_") and name != "replace"]


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 does not show signatures of classes of the stable ABI")
def test_a_config_says_its_defaults_in_its_signature() -> None:
    config = livekeeper.Config()
    parameters = inspect.signature(livekeeper.Config).parameters
    names = [name for name in dir(livekeeper.Config) if not name.startswith("_") and name != "replace"]
    assert sorted(parameters) == sorted(names)
    for name, parameter in parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert getattr(config, name) == parameter.default, name
        assert getattr(livekeeper.Config, name).__doc__, name


def test_a_config_is_replaced_in_parts_and_never_changed(tmp_path: Path) -> None:
    config = livekeeper.Config(debounce_s=0, ca_file=tmp_path / "ca.pem")
    other = config.replace(max_connecting=2)
    assert (other.debounce_s, other.max_connecting, config.max_connecting) == (0.0, 2, 8)
    assert config.ca_file == str(tmp_path / "ca.pem")
    assert config == livekeeper.Config(debounce_s=0.0, ca_file=str(tmp_path / "ca.pem"))
    assert other != config
    assert other.replace(ca_file=None).ca_file is None
    helped = config.replace(cookie_helper=["node", "refresh.js"])
    assert helped.cookie_helper == ("node", "refresh.js")
    assert (config.cookie_helper, helped.replace(cookie_helper=None)) == (None, config)


@pytest.mark.parametrize(
    ("settings", "kind", "sentence"),
    [
        ({"hartbeat_interval_s": 1}, TypeError, 'no setting "hartbeat_interval_s"; did you mean "heartbeat_interval_s"'),
        ({"xyz": 1}, TypeError, 'no setting "xyz"; there are websocket_url, api_url'),
        ({"debounce_s": "1"}, TypeError, "debounce_s: must be float, not str"),
        ({"debounce_s": True}, TypeError, "debounce_s: must be float, not bool"),
        ({"max_connecting": 2.5}, TypeError, "max_connecting: must be int, not float"),
        ({"websocket_url": None}, TypeError, "websocket_url: must be str, not NoneType"),
        ({"cookie_helper": "node refresh.js"}, TypeError, "cookie_helper: must be a sequence of str, not str"),
        ({"cookie_helper": ["node", 3]}, TypeError, "cookie_helper: part 2: must be str, not int"),
        ({"cookie_helper": []}, livekeeper.InvalidArgument, "cookie_helper: is empty"),
        ({"event_queue": 15}, livekeeper.InvalidArgument, "event_queue: is 15, allowed is 16 … 1000000"),
        ({"down_after_s": 1}, livekeeper.InvalidArgument, "down_after_s: is 1, allowed is 30 … 86400"),
        ({"ca_file": 3}, TypeError, "ca_file: must be str or os.PathLike, not int"),
        ({"debounce_s": -1}, livekeeper.InvalidArgument, "debounce_s: is -1, allowed is 0 … 60"),
        ({"debounce_s": 10**400}, livekeeper.InvalidArgument, "debounce_s: is inf"),
        ({"max_connecting": -1}, livekeeper.InvalidArgument, "max_connecting: is -1"),
        ({"max_connecting": 1_001}, livekeeper.InvalidArgument, "max_connecting: is 1001, allowed is 0 … 1000"),
        ({"websocket_url": "ws://example.com/"}, livekeeper.InvalidArgument, "websocket_url: .*loopback"),
        ({"api_url": "\ud800"}, livekeeper.InvalidArgument, "api_url: holds half of a surrogate pair"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(settings: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    for make in (livekeeper.Config, livekeeper.Config().replace):
        with pytest.raises(kind, match=sentence):
            make(**settings)


def test_every_error_has_a_number_of_its_own_and_pickles() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LivekeeperError)]
    numbers = [kind.code for kind in kinds if kind not in (errors.LivekeeperError, errors.StoreError)]
    assert sorted(numbers) == list(range(1, 22))
    for number in numbers:
        error = errors._BY_CODE[number]("一句话")
        error.code, error.cookie_id = number, "店"
        restored = pickle.loads(pickle.dumps(error))
        assert type(restored) is type(error)
        assert (str(restored), restored.code, restored.cookie_id) == ("一句话", number, "店")
        assert vars(restored) == vars(error)
        assert getattr(livekeeper, type(error).__name__) is type(error)


def test_a_managers_written_form_shows_its_path_and_no_more(manager: livekeeper.CookieManager, shop: str) -> None:
    assert repr(manager) == "<CookieManager ':memory:': 1 accounts>"
    manager.close()
    assert repr(manager) == "<CookieManager ':memory:': closed>"


def test_every_public_name_is_documented() -> None:
    for name in livekeeper.__all__:
        thing = getattr(livekeeper, name)
        if inspect.isclass(thing):
            assert thing.__doc__, name
            for member, value in vars(thing).items():
                if not member.startswith("_") and not isinstance(value, (str, int, type(None))):
                    assert value.__doc__, f"{name}.{member}"


def test_a_look_at_the_status_takes_microseconds(manager: livekeeper.CookieManager, shop: str) -> None:
    # A bound a hundred times above what it takes, so that it only fails when a lock or a wait is in the way.
    assert min(timeit.repeat(lambda: manager.status("shop"), number=1_000, repeat=5)) < 0.3
