"""How a blocking client asks, and waits for the answer.

A thread that is alone sits in the chair from the look before it writes up to
the answer, and takes the lock twice: to sit down, and for what it has read,
with which it gets up.
"""

from __future__ import annotations

import itertools
from threading import get_ident
from time import monotonic

from plugwire.errors import PlugwireError, TimedOut
from plugwire.message import Message
from plugwire.sync.link import Question
from plugwire.sync.membership import Membership
from plugwire.sync.turns import Turn, is_past
from plugwire.sync.writing import Framed, Late, Writer


class Asker:
    """Asks over the link of `member`, in any number of threads at once.
    `numbers` are the ids of its requests."""

    __slots__ = ("_member", "_writer", "numbers")

    def __init__(self, member: Membership, writer: Writer) -> None:
        self._member = member
        self._writer = writer
        self.numbers = itertools.count(1)

    def ask(
        self,
        number: int,
        framed: Framed,
        timeout: float | None,
    ) -> Message:
        """Send what is `framed`, whose id is `number`; the answer to it.

        See `Client.request` for `timeout` and what it raises, and
        `Writer.write` for `framed`.
        """
        member, writer, way = self._member, self._writer, self._member.way
        seconds = way.settings.default_timeout if timeout is None else timeout
        deadline = monotonic() + seconds
        try:
            link = writer.enter(deadline)
            question = member.asked[number] = Question(link)
            is_seated = writer.write(link, framed, deadline)
            return self._answer(question, deadline, is_seated)
        except Late:
            raise TimedOut(
                f"no answer from {way.event!r} within {seconds:g} s"
                + way.why_silent(len(member.buffer), member.is_held),
                seconds=seconds,
            ) from None
        except PlugwireError:
            raise
        except BaseException:
            member.interrupted()
            raise
        finally:
            member.asked.pop(number, None)

    def _answer(
        self, question: Question, deadline: float, is_seated: bool
    ) -> Message:
        """Read in the chair, or wait while another one does, until the
        answer is there."""
        member, chair = self._member, self._member.chair
        link, turn = question.link, question.turn
        while True:
            if is_seated:
                member.read(link, deadline, question)
                answer = question.answer
                if answer is not None and chair.sitter != get_ident():
                    break  # it left the chair with it
            elif turn is not None:
                chair.wait(chair.others, turn, deadline)
            if member.teller.waiting:
                member.tell()
            with chair.lock:
                answer = question.answer or link.error
                if answer is not None:
                    member.get_up()
                    break
                if (is_seated or turn is not None) and is_past(deadline):
                    member.get_up()
                    raise Late
                is_seated = not chair.is_taken and not member.is_held
                if is_seated:
                    member.sit_down()
                else:
                    member.get_up()
                    turn = question.turn = turn or Turn()
                    chair.queue(chair.others, turn)
        if member.teller.waiting:
            member.tell()
        if isinstance(answer, Message):
            return answer
        raise answer.with_traceback(None)
