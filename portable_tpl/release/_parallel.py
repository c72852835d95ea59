"""Two calls side by side and their results: whose result a result is, in which order, and where one call ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Exchange, Observation, texts_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import (
    CALL_ID,
    CALL_ID_AFTER,
    FUNCTION,
    FUNCTION_AFTER,
    RESULT,
    RESULT_AFTER,
    VALUE,
    VALUE_AFTER,
    Turns,
)

_NAMES, _IDS = (FUNCTION, FUNCTION_AFTER), (CALL_ID, CALL_ID_AFTER)
_RESULTS = (RESULT, RESULT_AFTER)
# One JSON value directly after another, or a call that ends where the next one's name begins.
_NOTHING_BETWEEN = re.compile(r"\}\{|\A[\"')\]}]*\Z")


def parallel_faults(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """What is wrong with calls side by side, of a template that prints calls and results."""
    if turns.prints_calls:
        foreign = list(_foreign_results(turns, inquiry))
        yield from foreign or _foreign_late_results(turns, inquiry)
        yield from _reordered(turns, inquiry)
        yield from _joined(turns, inquiry)


def _foreign_results(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """A result that is printed under the name, or the id, of another call: at most one observation."""
    conversation = turns.called_twice().with_changes(tools=None)
    answer = inquiry.render(conversation)
    for what, names in (("name", _NAMES), ("id", _IDS)):
        which = _foreign([answer], names, _RESULTS)
        if which:
            yield Observation(
                Severity.ERROR,
                f"The {which} of two results is printed under the {what} of the other one's call",
                (Exchange("two calls and their results", conversation),),
                holds=partial(_has_foreign, names=names, results=_RESULTS),
                printed=RESULT if which == "first" else RESULT_AFTER,
            )
            return


def _foreign_late_results(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """The same of results that come in another order than their calls: those who count get the wrong name."""
    conversation = turns.called_twice(results_swapped=True).with_changes(tools=None)
    answer, results = inquiry.render(conversation), _RESULTS[::-1]
    for what, names in (("name", _NAMES[::-1]), ("id", _IDS[::-1])):
        if _foreign([answer], names, results):
            yield Observation(
                Severity.WARNING,
                f"A result that comes before that of an earlier call is printed under the {what} of that call",
                (Exchange("two calls, and their results in the other order", conversation),),
                holds=partial(_has_foreign, names=names, results=results),
                printed=RESULT_AFTER,
                tier=Tier.EXTENDED,
            )
            return


def _has_foreign(answers: Sequence[Rendering], names: tuple[str, str], results: tuple[str, str]) -> bool:
    return bool(_foreign(answers, names, results))


def _foreign(answers: Sequence[Rendering], names: tuple[str, str], results: tuple[str, str]) -> str:
    """Which of two results stands under the other's name: ``first``, ``second``, or none of them.

    ``results`` are in the order of the conversation, ``names`` those of their calls. A name stands before its result
    or after it. Where the other's name alone is printed from the last call on, it is both results' name.
    """
    for text in texts_of(answers) or ():
        _, second_call, after_calls = text.rpartition(VALUE_AFTER)
        before, first, rest = after_calls.partition(results[0])
        between, second, after = rest.partition(results[1])
        if not (second_call and first and second):
            continue  # a template that prints one of two calls names that one: the other call is lost
        own, other = names
        if own in between and other not in between + after:
            return "second"
        if other in before and other in between and own not in after_calls:
            return "first"
    return ""


def _reordered(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """Calls, or results that bear no names, in another order than they were sent: sorted, or turned around."""
    for swapped in (False, True):
        conversation = turns.called_twice(calls_swapped=swapped, results_swapped=swapped).with_changes(tools=None)
        step = -1 if swapped else 1
        for words, texts in (("Two tool calls", (VALUE, VALUE_AFTER)), ("The results of two tool calls", _RESULTS)):
            holds = partial(_out_of_order, texts=texts[::step], named=texts is _RESULTS)
            if holds([inquiry.render(conversation)]):
                yield Observation(
                    Severity.ERROR,
                    f"{words} side by side are printed in another order than they were sent",
                    (Exchange("two calls and their results", conversation),),
                    holds=holds,
                    printed=texts[::step][1],
                )
                return


def _out_of_order(answers: Sequence[Rendering], texts: Sequence[str], named: bool) -> bool:
    """Whether the second text comes first; one of results that bear the names or ids of their calls is none."""
    for text in texts_of(answers) or ():
        first, second = (text.find(each) for each in texts)
        if 0 <= second < first:
            results = text[max(text.rfind(VALUE), text.rfind(VALUE_AFTER)) :]
            return not (named and any(all(name in results for name in names) for names in (_NAMES, _IDS)))
    return False


def _joined(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """Calls with nothing between them, so that no one can tell where the first ends."""
    conversation = turns.called_twice().with_changes(tools=None)
    if _run_together([inquiry.render(conversation)]):
        yield Observation(
            Severity.WARNING,
            "Two tool calls side by side run together: nothing stands between them",
            (Exchange("two calls and their results", conversation),),
            holds=_run_together,
            printed=VALUE_AFTER,
        )


def _run_together(answers: Sequence[Rendering]) -> bool:
    for text in texts_of(answers) or ():
        ends = [text.find(each) + len(each) for each in (FUNCTION, VALUE, CALL_ID) if each in text]
        starts = [text.find(each) for each in (FUNCTION_AFTER, VALUE_AFTER, CALL_ID_AFTER) if each in text]
        if VALUE in text and VALUE_AFTER in text and max(ends) <= min(starts):
            return _NOTHING_BETWEEN.search(text[max(ends) : min(starts)]) is not None
    return False
