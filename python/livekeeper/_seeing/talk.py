"""What became of the last messages of an account's buyers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

from .._livekeeper import MessageTrace
from ..states import Decision
from .facts import Facts

BY = {
    Decision.REPLY: "by rules",
    Decision.HANDLER_REPLY: "by the reply handler",
    Decision.DEFAULT_REPLY: "by default",
}
"""What answers a message, and how that is said."""

OF_NOBODY = frozenset(
    (
        Decision.PLATFORM,
        Decision.ECHO,
        Decision.BY_HAND,
        Decision.BEFORE_ACCOUNT,
        Decision.FOLDED,
        Decision.OTHER_USER,
    )
)
"""Messages that nobody waits for an answer to, or that are answered in another's place."""

ADVICE = {
    Decision.NO_RULE: (
        "Where no rule matches, a reply handler or a default reply could answer (set_reply_handler, set_default_reply)."
    ),
    Decision.HANDLER_FAILED: (
        'What the reply handler failed with is told to the logger "livekeeper"; a default reply would be said in its place.'
    ),
    Decision.ACCOUNT_PAUSED: "What comes in while the account is paused stays unanswered, also after resume.",
    Decision.CHAT_PAUSED: (
        "A chat is a person's for a while when the seller writes in it by hand (set_pause_duration), or after pause_chat."
    ),
    Decision.NOT_RECORDED: "They were recorded by an earlier version of livekeeper.",
}
"""What can be done where a message was not answered; a stale one has a sentence of its own."""


@dataclass(frozen=True)
class Talk:
    """Counted over the messages of buyers that were looked at."""

    decisions: dict[str, int]
    """How many messages of every kind came to which decision; those without one as ``none yet``."""
    answered_by: dict[Decision, int]
    unanswered: dict[Decision, int]
    waiting: int
    outcomes: dict[str, int]
    """How the sends of the replies have ended; those that have not as ``under way``."""
    refusal: Optional[str]
    """What the service gave as the reason when it refused one last."""

    @property
    def answered(self) -> int:
        return sum(self.answered_by.values())

    @property
    def asked(self) -> int:
        """Those that are decided."""
        return self.answered + sum(self.unanswered.values())


def talk_of(traces: Sequence[MessageTrace]) -> Talk:
    """What became of these messages, the newest first."""
    decisions = Counter("none yet" if trace.decision is None else str(trace.decision) for trace in traces)
    asked = [trace for trace in traces if trace.kind == "chat" and trace.decision not in OF_NOBODY]
    by_decision = Counter(trace.decision for trace in asked if trace.decision is not None)
    sends = [send for trace in asked for send in (trace.reply, trace.picture) if send is not None]
    ended = [send.outcome for send in sends if send.outcome is not None]
    outcomes: Counter[str] = Counter(outcome.outcome for outcome in ended)
    refused = [outcome for outcome in ended if outcome.outcome == "rejected"]
    return Talk(
        decisions=dict(decisions.most_common()),
        answered_by={decision: by_decision[decision] for decision in BY if by_decision[decision]},
        unanswered={decision: count for decision, count in by_decision.most_common() if decision not in BY},
        waiting=sum(trace.decision is None for trace in asked),
        outcomes={**outcomes, **({"under way": len(sends) - len(ended)} if len(sends) > len(ended) else {})},
        refusal=(refused[0].reason or None) if refused else None,
    )


def sentences_of_talk(facts: Facts, talk: Talk) -> Iterator[str]:
    """What is to be said of it."""
    if not talk.asked and not talk.waiting:
        yield "No message of a buyer is on record that wants an answer."
        return
    if talk.asked:
        yield _counted(talk)
    if talk.waiting:
        are = "1 message is" if talk.waiting == 1 else f"{talk.waiting} messages are"
        yield f"{are} not decided yet: what waits for its chat to fall quiet, its pace, the reply handler or a connection."
    if talk.unanswered.get(Decision.STALE):
        yield (
            f"A message that is older than stale_after_s ({facts.config.stale_after_s:g} s) when the account comes to it, after a time "
            "without a connection say, is recorded and not answered."
        )
    for decision in talk.unanswered:
        if decision in ADVICE:
            yield ADVICE[decision]
    if set(talk.outcomes) - {"delivered"}:
        yield _ended(talk)


def _counted(talk: Talk) -> str:
    if talk.asked == 1:
        how = [f"answered {BY[decision]}" for decision in talk.answered_by]
        why = [f"not answered: {_sentence(decision)}" for decision in talk.unanswered]
        return f"The last message of a buyer was {(how + why)[0]}."
    parts = ["none was answered"]
    if talk.answered:
        by = ", ".join(f"{count} {BY[decision]}" for decision, count in talk.answered_by.items())
        parts = [f"{talk.answered} {'was' if talk.answered == 1 else 'were'} answered ({by})"]
    if talk.unanswered:
        why = [f"{_sentence(decision)} ({count})" for decision, count in talk.unanswered.items()]
        parts.append(f"{sum(talk.unanswered.values())} not: {', '.join(why)}")
    return f"Of the last {talk.asked} messages of buyers, {', '.join(parts)}."


def _ended(talk: Talk) -> str:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(talk.outcomes.items()))
    refusal = f" The service refused with {talk.refusal}." if talk.refusal else ""
    return f"What was sent ended so: {outcomes}.{refusal}"


def _sentence(decision: Decision) -> str:
    text = MessageTrace("", "", "chat", "", decision=decision).decision_text
    return text or str(decision)
