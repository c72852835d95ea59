"""What has to be told apart: media from none, whose result a result is, markup from what HTML makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Exchange, Observation, Subject, texts_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import (
    ASSISTANT,
    CALL_ID,
    CALL_ID_AFTER,
    FUNCTION,
    FUNCTION_AFTER,
    RESULT,
    RESULT_AFTER,
    USER,
    USER_AFTER,
    VALUE_AFTER,
    Turns,
)
from portable_tpl.requests.parts import BARE_MEDIA, EXAMPLE_URL, LINKED_MEDIA, PART_KEYS, media_part
from portable_tpl.template.usage.shape import PART

_MARKUP = "<b>"


def lost_media(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """Pictures, sounds and films that change nothing: at most one a kind of part.

    A template that looks at the types of parts, and takes none but texts, is asked for a picture; it may refuse that.
    """
    if "user" not in subject.shape.part_roles:
        return
    named = [kind for kind in subject.shape.part_types if kind in (*BARE_MEDIA, *LINKED_MEDIA)]
    for kind in named or (("image",) if "type" in subject.shape.keys(PART) else ()):
        pairs = _with_media(kind, subject, turns)
        inquiry.render_all([each for _, *pair in pairs for each in pair])
        lost = next((pair for pair in pairs if _are_alike(inquiry.render_all(pair[1:]))), None)
        if lost is not None:
            words, with_part, without = lost
            yield Observation(
                _severity(kind, subject, turns, inquiry) if named else Severity.NOTE,
                f"{words} is lost: the prompt is the same without it, and nothing refuses it",
                (Exchange(words, with_part), Exchange("the same without it", without)),
                holds=_are_alike,
            )


def _severity(kind: str, subject: Subject, turns: Turns, inquiry: Inquiry) -> Severity:
    """That of a part that is lost: less where it is a link, and the medium itself is printed.

    Most servers turn the one into the other.
    """
    bare = kind.removesuffix("_url")
    if bare != kind:
        answers = inquiry.render_all(_with_media(bare, subject, turns)[0][1:])
        if texts_of(answers) is not None and not _are_alike(answers):
            return Severity.WARNING
    return Severity.ERROR


def _with_media(kind: str, subject: Subject, turns: Turns) -> list[tuple[str, Conversation, Conversation]]:
    """Conversations with a part of a kind, each in words and beside the same without it.

    Templates print what they find under keys of their own, such as ``data``.
    """
    text: Json = {"type": "text", "text": USER}
    own = [key for key in subject.shape.keys(PART) if key not in PART_KEYS]
    part: Json = {**dict.fromkeys(own, EXAMPLE_URL), **media_part(kind)}

    def ask(*parts: Json) -> Conversation:
        return turns.conversation({"role": "user", "content": list(parts)}, prompt=True)

    return [
        (f"A part of type {kind}", ask(part, text), ask(text)),
        (f"A part of type {kind} after a text", ask(text, part), ask(text)),
        (f"The second of two parts of type {kind}", ask(part, part, text), ask(part, text)),
    ]


def _are_alike(renderings: Sequence[Rendering]) -> bool:
    texts = texts_of(renderings)
    return texts is not None and texts[0] == texts[1]


def foreign_results(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """A result that is printed under the name, or the id, of another call: at most one observation."""
    if not turns.prints_calls:
        return
    conversation = turns.called_twice().with_changes(tools=None)
    answer = inquiry.render(conversation)
    for what, names in (("name", (FUNCTION, FUNCTION_AFTER)), ("id", (CALL_ID, CALL_ID_AFTER))):
        which = _foreign([answer], names)
        if which:
            yield Observation(
                Severity.ERROR,
                f"The {which} of two results is printed under the {what} of the other one's call",
                (Exchange("two calls and their results", conversation),),
                holds=partial(_has_foreign, names=names),
                printed=RESULT if which == "first" else RESULT_AFTER,
            )
            return


def _has_foreign(answers: Sequence[Rendering], names: tuple[str, str]) -> bool:
    return bool(_foreign(answers, names))


def _foreign(answers: Sequence[Rendering], names: tuple[str, str]) -> str:
    """Which of two results stands under the other's name: ``first``, ``second``, or none of them.

    A name stands before its result or after it. Where the other's name alone is printed from the last call on, it is
    both results' name.
    """
    for text in texts_of(answers) or ():
        _, second_call, after_calls = text.rpartition(VALUE_AFTER)
        before, first, rest = after_calls.partition(RESULT)
        between, second, after = rest.partition(RESULT_AFTER)
        if not (second_call and first and second):
            continue  # a template that prints one of two calls names that one: the other call is lost
        own, other = names
        results = between + after
        if own in between and other not in results:
            return "second"
        if other in before and other in between and own not in after_calls:
            return "first"
    return ""


def escaped_texts(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """Markup in a turn's text that comes out as HTML writes it: at most one observation."""
    written = (turns.user(f"{USER} {_MARKUP}"), turns.assistant(f"{ASSISTANT} {_MARKUP}"), turns.user(USER_AFTER))
    conversation = turns.conversation(*written, prompt=True)
    if _is_escaped([inquiry.render(conversation)]):
        yield Observation(
            Severity.ERROR,
            "Markup in a text is printed escaped, as in HTML: the model reads &lt; where < was sent",
            (Exchange(f"texts that hold {_MARKUP}", conversation),),
            holds=_is_escaped,
            printed="&lt;",
        )


def _is_escaped(answers: Sequence[Rendering]) -> bool:
    return any("&lt;b&gt;" in text for text in texts_of(answers) or ())
