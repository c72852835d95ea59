"""Something that was sent is neither printed nor refused.

What it asks
------------
Whether each thing that a request may hold is in the prompt: each turn's text, each of two text parts of a user's
turn, a system message, the text beside a tool call, the name, the keys and the values of a call, each of two calls
side by side, each result, a result as text parts, a reply with ``tool_calls: []``, each of two tools with its
description and parameter, the reasoning of the last turn, each document. Then things in company: the second line of a
text, a system message and tools or documents, a thought beside a call, the answer after a thought, the first turns of
a long conversation. Of a template that deals with pictures or sounds, whether each changes the prompt; of one that
prints whose result a result is, whether it is that call's; of one that names the developer's role, whether such a
message is printed. Calls side by side have to be apart, and to come in their order, as do their results. Markup, and
letters of any script, have to come out as they were sent.

Why it matters
--------------
A model cannot know what it is not shown, and nobody is told: the request looks as if it had worked. It is an
error where the template deals with such things at all. A template that knows no tools gets one note.

Example
-------
``{% if message.tool_calls is defined %}`` prints the calls and skips the content: with ``tool_calls: []`` the reply
is lost.

What to do
----------
Print it, or refuse the request with ``raise_exception``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portable_tpl.model.conversation import Conversation, Json, Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.release._base import Example, Exchange, Observation, Subject
from portable_tpl.release._differences import escaped_letters, escaped_texts, lost_media
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._parallel import parallel_faults
from portable_tpl.release._things import Thing, mentions_tools, things_of
from portable_tpl.release._turns import FUNCTION, SYSTEM, Turns, turns_of

CODE = "REL105"


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a thing that is lost, and one note for a template without tools."""
    turns = turns_of(subject, inquiry)
    things = things_of(subject, turns)
    inquiry.render_all([each for thing in things for each in thing.conversations])
    missing = [thing for thing in things if _is_lost(thing.texts, inquiry.render_all(thing.conversations))]
    inquiry.render_all([_changed(each, thing) for thing in missing for each in thing.conversations])
    lost = {thing.name for thing in missing if not _makes_difference(thing, inquiry)}
    for thing in things:
        if thing.name in lost and lost.isdisjoint(thing.part_of):
            yield _observation(thing)
    if not turns.preface and "developer" in subject.shape.roles:
        yield from _developer(turns, inquiry)
    yield from lost_media(subject, turns, inquiry)
    yield from parallel_faults(turns, inquiry)
    yield from escaped_texts(turns, inquiry)
    yield from escaped_letters(turns, inquiry)
    if not mentions_tools(subject):
        yield from _no_tools(turns, inquiry)


def _developer(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """What clients of OpenAI's newer models send in the system message's place, of a template that names the role.

    Most templates do not, and drop it as they do any role that they do not know: a fact, which the card shows.
    """
    system, developer = (
        turns.conversation(turns.system(role), turns.user(), prompt=True) for role in ("system", "developer")
    )
    answers = inquiry.render_all((system, developer))
    if not _is_lost((SYSTEM,), answers[:1]) and _is_lost((SYSTEM,), answers[1:]):
        yield Observation(
            Severity.WARNING,
            "A developer message is lost, a system message is not: it is not in the prompt, and nothing refuses it",
            (Exchange("a developer message", developer),),
            tier=Tier.EXTENDED,
        )


def _no_tools(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    called = turns.called()
    rendering = inquiry.render(called)
    if isinstance(rendering, Rendered) and not _holds_text(rendering, FUNCTION):
        yield Observation(
            Severity.NOTE,
            "There is no support for tools: a tool call is not in the prompt, and nothing refuses it",
            (Exchange("a tool call and its result", called),),
        )


def _is_lost(texts: Sequence[str], answers: Sequence[Rendering]) -> bool:
    printed = [answer for answer in answers if isinstance(answer, Rendered)]
    return bool(printed) and not any(_holds_text(answer, text) for answer in printed for text in texts)


def _holds_text(rendering: Rendering, text: str) -> bool:
    return isinstance(rendering, Rendered) and _plain(text) in _plain(rendering.text)


def _plain(text: str) -> str:
    """Without case, and without what a template may put in place of dashes and underscores."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _makes_difference(thing: Thing, inquiry: Inquiry) -> bool:
    """Whether another text in its place gives another prompt: what is printed in a changed form is not lost."""
    changed = [_changed(each, thing) for each in thing.conversations]
    pairs = zip(inquiry.render_all(thing.conversations), inquiry.render_all(changed), strict=True)
    return any(isinstance(old, Rendered) and isinstance(new, Rendered) and old.text != new.text for old, new in pairs)


def _changed(conversation: Conversation, thing: Thing) -> Conversation:
    """The conversation with other texts of the same length in the place of those that tell a thing."""

    def change(value: Json) -> Json:
        if isinstance(value, str):
            for text in thing.texts:
                value = value.replace(text, f"{text[:-1]}z")
            return value
        if isinstance(value, list):
            return [change(each) for each in value]
        return {change(key): change(each) for key, each in value.items()} if isinstance(value, dict) else value

    sent = conversation.messages, conversation.tools, conversation.documents
    return conversation.with_changes(**dict(zip(("messages", "tools", "documents"), map(change, sent), strict=True)))


def _observation(thing: Thing) -> Observation:
    return Observation(
        Severity.ERROR,
        f"{thing.name[0].upper()}{thing.name[1:]} is lost: it is not in the prompt, and nothing refuses it",
        (Exchange(f"{thing.name}: {thing.text!r}", thing.conversations[0]),),
        holds=lambda renderings: _is_lost(thing.texts, renderings),
    )


_TURN = "    {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}\n"
_LOOP = "{%- for m in messages %}\n__{%- endfor %}\n"
_TOOLS = "{%- if tools %}{{ '<|tools|>' + tools | tojson }}{% endif %}\n"
_CALLS = """\
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson + '</call>' }}
    {%- endfor %}
    {{- '<|end|>' }}
"""
_WITH_CALLS = """\
    {%- if m.tool_calls is defined %}
        {%- for call in m.tool_calls %}{{ '<call>' + call.function | tojson + '</call>' }}{% endfor %}
    {%- else %}{{ m.content }}{% endif %}
"""
_PARTS = """\
    {%- set text = m.content if m.content is string else m.content | map(attribute='text') | join %}
"""

_SIMPLE = _LOOP.replace("__", "{{- '<|' + m.role + '|>' + m.content }}\n")
_THINKING = """\
    {{- '<|' + m.role + '|>' }}
    {%- if m.reasoning_content and __ %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}
    {{- (m.content or '') }}
    {%- for call in m.tool_calls or [] %}{{ '<call>' + call.function | tojson }}{% endfor %}
"""
_SPLIT = "{{- '<|' + m.role + '|>' + m.content.split('</think>')[__] }}\n"
_PREFACE = """\
{%- if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}
{%- __if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages if m.role != 'system' %}
    {{- '<|' + m.role + '|>' + (m.content or '') }}
    {%- for call in m.tool_calls or [] %}{{ '<call>' + call.function | tojson }}{% endfor %}
{%- endfor %}
"""

_PICTURES = """\
{%- if messages | selectattr('role', 'equalto', 'tool') | list %}{{ raise_exception('no tools') }}{% endif %}
{%- for m in messages %}
    {{- '<|' + m.role + '|>' }}
    {%- if m.content is string %}{{ m.content }}
    {%- else %}
        {{- __ }}
        {%- for part in m.content if part.type == 'text' %}{{ part.text }}{% endfor %}
    {%- endif %}
{%- endfor %}
"""
_NAMED = """\
    {%- set ns = namespace(calls=[]) %}
    {%- for other in messages %}{% for call in other.tool_calls or [] %}
        {%- set ns.calls = ns.calls + [call.function] %}
    {%- endfor %}{% endfor %}
    {%- set parts = m.content if m.content is string else m.content | map(attribute='text') | join %}
    {{- '<|' + m.role + '|>' + (??.name + ': ' if m.role == 'tool' else '') + parts }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson + '</call>' }}
    {%- endfor %}
"""
_WHOLE = _TOOLS + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))
_PYTHONIC = "call.function.name + '(' + (call.function.arguments | tojson) + ')'"
# All results behind the last turn that is none.
_SORTED = (
    _WHOLE.replace("in messages", "in messages if m.role != 'tool'")
    + "{%- for r in messages | selectattr('role', 'equalto', 'tool') ?? %}\n"
    "    {{- '<|tool|>' + (r.content if r.content is string else r.content | map(attribute='text') | join) }}\n"
    "{%- endfor %}\n"
)
_BY_ID = "(ns.calls | selectattr('id', 'equalto', m.tool_call_id) | first).function"

VALID = (
    # A role that no template knows is dropped as any other; the card says so.
    Example(_WHOLE.replace("in messages", "in messages if m.role in ['system', 'user', 'assistant', 'tool']")),
    # Calls are printed where tools are offered.
    Example(_WHOLE.replace("m.tool_calls or []", "m.tool_calls if tools")),
    # Calls as one list, and one a line.
    Example(
        _WHOLE.replace("for call in m.tool_calls or []", "for call in [m.tool_calls] if m.tool_calls").replace(
            "call.function | tojson", "call | tojson"
        )
    ),
    Example(_WHOLE.replace("'<call>' + call.function | tojson + '</call>'", "'\\n' + call.function | tojson")),
    # Sorted results that say whose they are.
    Example(_SORTED.replace("??", "| sort(attribute='content')").replace("'<|tool|>'", "'<|tool|>' + r.name")),
    # Whose result a result is, is told by its id.
    Example(_TOOLS + _LOOP.replace("__", _NAMED.replace("??", _BY_ID).replace("[call.function]", "[call]"))),
    # What is printed of a picture stands under a key of the template's own.
    Example(
        _PICTURES.replace("{{- __ }}", "").replace(
            "{%- for part in m.content if",
            "{%- for part in m.content %}{{ part.data if part.type == 'image' }}"
            "{% endfor %}{% for part in m.content if",
        )
    ),
    Example(
        _PICTURES.replace("__", "'<image>' * (m.content | selectattr('type', 'equalto', 'image') | list | length)")
    ),
    Example(_TOOLS + _LOOP.replace("__", _NAMED.replace("??", "m"))),
    # A text that is printed in a changed form is not lost.
    Example(_TOOLS + _LOOP.replace("__", _CALLS.replace("m.content", "(m.content | replace('t', '+', 2))"))),
    Example(_PREFACE.replace("__", "")),
    # A thought under the name that the template reads.
    Example(_TOOLS + _LOOP.replace("__", _THINKING.replace("__", "true").replace("reasoning_content", "reasoning"))),
    # What was thought before the last turn is dropped, and meant to be.
    Example(_TOOLS + _LOOP.replace("__", _THINKING.replace("__", "loop.last"))),
    Example(_TOOLS + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))),
    # A system message that is refused is not lost.
    Example(
        "{%- if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}\n"
        + _TOOLS
        + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))
    ),
    Example(
        "{%- for d in documents or [] %}{{ '<doc>' + d.title + d.text }}{% endfor %}\n"
        + _TOOLS
        + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))
    ),
)
INVALID = (
    # The history is cut.
    Example(_SIMPLE.replace("in messages", "in messages[-4:]"), Severity.ERROR),
    Example(_TOOLS.replace("tools | tojson", "tools[0] | tojson") + _LOOP.replace("__", _CALLS), Severity.ERROR),
    # The second picture, and a picture beside text.
    Example(
        _PICTURES.replace("__", "'<image>' if m.content | selectattr('type', 'equalto', 'image') | list else ''"),
        Severity.ERROR,
    ),
    Example(_SIMPLE.replace("m.content", "(m.content | e)"), Severity.ERROR),
    # Texts alone, of parts that may be pictures.
    Example(_PICTURES.replace("{{- __ }}", ""), Severity.NOTE),
    Example(_SIMPLE.replace("in messages", "in messages if m.role != 'developer'")),
    Example(_WHOLE.replace("m.tool_calls or []", "m.tool_calls | sort(attribute='function.name')"), Severity.ERROR),
    Example(_SORTED.replace("??", "| sort(attribute='content')"), Severity.ERROR),
    Example(_SORTED.replace("??", "| list | reverse"), Severity.ERROR),
    # Calls run together, as JSON and as Python writes them.
    Example(_WHOLE.replace("'<call>' + call.function | tojson + '</call>'", "call.function | tojson")),
    Example(_WHOLE.replace("'<call>' + call.function | tojson + '</call>'", _PYTHONIC)),
    # Whose result a result is, is told by counting.
    Example(_TOOLS + _LOOP.replace("__", _NAMED.replace("??", "ns.calls[loop.index0 - 2]"))),
    Example(_WHOLE.replace("call.function | tojson", "call.function | tojson(ensure_ascii=true)")),
    Example(_WHOLE.replace("tools | tojson", "tools | tojson(ensure_ascii=true)")),
    Example(_PICTURES.replace("__", "'<image>' if m.content[0].type == 'image' else ''"), Severity.ERROR),
    # Both results bear the name of the first call.
    Example(_TOOLS + _LOOP.replace("__", _NAMED.replace("??", "ns.calls[0]")), Severity.ERROR),
    Example(_TOOLS + _LOOP.replace("__", _NAMED.replace("??", "ns.calls[-1]")), Severity.ERROR),
    Example(
        "{%- for d in documents or [] %}{{ d.title + d.text }}{% endfor %}\n"
        + _PREFACE.replace("{%- __if tools", "{%- if tools and not documents"),
        Severity.ERROR,
    ),
    Example(_PREFACE.replace("{%- __if tools", "{%- if tools and messages[0].role != 'system'"), Severity.ERROR),
    Example(_PREFACE.replace("__", "").replace("== 'system' %}", "== 'system' and not tools %}", 1), Severity.ERROR),
    Example(_TOOLS + _LOOP.replace("__", _THINKING.replace("__", "not m.tool_calls")), Severity.ERROR),
    Example(_LOOP.replace("__", _SPLIT.replace("__", "0")), Severity.ERROR),
    Example(_SIMPLE.replace("m.content", "(m.content.splitlines() | first)"), Severity.ERROR),
    Example("{%- for d in documents or [] %}{{ '<doc>' + d.title }}{% endfor %}\n" + _SIMPLE, Severity.ERROR),
    Example(
        _TOOLS
        + _LOOP.replace(
            "__",
            _CALLS.replace(
                "call.function | tojson", "(call.function | tojson if loop.length == 1 else call.function.name)"
            ),
        ),
        Severity.ERROR,
    ),
    Example(
        _TOOLS
        + _LOOP.replace(
            "__",
            _PARTS.replace("m.content | map(attribute='text') | join", "m.content[0].text")
            + _CALLS.replace("m.content", "text"),
        ),
        Severity.ERROR,
    ),
    Example(_TOOLS + _LOOP.replace("__", _TURN), Severity.ERROR),
    Example(_TOOLS + _LOOP.replace("__", _WITH_CALLS), Severity.ERROR),
    Example(
        _LOOP.replace("__", _TURN.replace("{{-", "{%- if m.role != 'system' %}{{").replace("}}", "}}{% endif %}")),
        Severity.ERROR,
    ),
    Example(_LOOP.replace("__", _TURN), Severity.NOTE),
)
