"""What has to be told apart: media from none, markup from what HTML makes of it, letters from their escapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendering
from portable_tpl.release._base import Exchange, Observation, Subject, texts_of
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, KEY, USER, USER_AFTER, VALUE, Turns, taking
from portable_tpl.requests.parts import BARE_MEDIA, EXAMPLE_URL, LINKED_MEDIA, PART_KEYS, media_part
from portable_tpl.template.usage.shape import PART

_MARKUP = "<b>"
_LETTERS = "é中"


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


def escaped_letters(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """Letters beyond ASCII in calls, in results and in tools' schemas that come out as JSON escapes: at most one."""
    asked: list[tuple[str, Conversation]] = []
    if turns.prints_calls:
        called = turns.called(turns.call(arguments={KEY: f"{VALUE} {_LETTERS}"})).with_changes(tools=None)
        asked.append(("an argument of a tool call", called))
        asked.append(("a tool's result", turns.called(result=turns.result(_LETTERS)).with_changes(tools=None)))
    if turns.tools:
        schema = taking({"type": "string", "description": _LETTERS})
        asked.append(("a tool's schema", turns.offering(schema)))
    inquiry.render_all(conversation for _, conversation in asked)
    for words, conversation in asked:
        if _has_escapes([inquiry.render(conversation)]):
            yield Observation(
                Severity.WARNING,
                f"Letters beyond ASCII in {words} are printed as escapes (\\u00e9): the model reads no words",
                (Exchange(f"é in {words}", conversation),),
                holds=_has_escapes,
                printed="\\u00e9",
            )
            return


def _has_escapes(answers: Sequence[Rendering]) -> bool:
    return any("\\u00e9" in text.lower() for text in texts_of(answers) or ())
