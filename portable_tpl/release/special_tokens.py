"""BOS twice or missing, an end of turn that is never printed, a control token that the vocabulary does not hold.

What it asks
------------
Whether the special tokens in the prompt are those of the tokenizer beside the template: ``bos_token`` once, not twice
and not before each turn, ``eos_token`` or another token at which generation ends after an assistant's turn (one of
those that ``generation_config.json`` names, where it names any), and no control token (``<|name|>``, or ``<name>``
between turns) that the tokenizer does not cut out whole. Of a template without a tokenizer it is only asked whether
it prints its own BOS or EOS twice, BOS before an assistant's turn that begins with a mark, or EOS after a user's turn
and after no assistant's, and nothing that its files do not tell.

Why it matters
--------------
A prompt that begins with two BOS tokens is one that the model never saw. A trainer that looks for EOS never trains a
stop that the template does not print, and the model talks on. A control token that is not in the vocabulary is cut
into pieces, and the model reads them as text.

Example
-------
A template that begins with ``{{ bos_token }}`` beside ``"add_bos_token": true`` in ``tokenizer_config.json``.

What to do
----------
Print BOS in the template and say ``"add_bos_token": false``. Name the token that ends a turn as ``eos_token`` or in
``eos_token_id`` of ``generation_config.json``. Add control tokens to the tokenizer, as special ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.tokenizer import Tokenizer
from portable_tpl.model.words import listed
from portable_tpl.release._base import Example, Exchange, NotAsked, Observation, Subject, texts_of
from portable_tpl.release._conversations import plain_conversations
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, USER, USER_AFTER, Turns, turns_of
from portable_tpl.sources.beside import tokenizer_of

CODE = "REL103"

# Written for machines alone, also with the fullwidth bar of some vocabularies.
_MARKED = re.compile(r"<[|｜][^<>|｜\s]{1,40}[|｜]>")
_MARK = re.compile(r"\s*[<\[]")
_MOST_NAMED = 6
_ANGLED = re.compile(r"</?[A-Za-z][\w.-]{0,40}>")


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """At most one observation for BOS, one for EOS, one for tokens that are missing, and one for unmarked ones.

    Beside these one for BOS and one for EOS that the template itself prints twice, which needs no tokenizer.
    """
    turns = turns_of(subject, inquiry)
    doubled = list(_doubled(subject, turns, inquiry))
    yield from doubled
    tokenizer = None if subject.container is None else tokenizer_of(subject.container)
    if tokenizer is None:
        elsewhere = list(_elsewhere(subject, turns, inquiry))
        yield from elsewhere
        if doubled or elsewhere:
            return
        raise NotAsked("no tokenizer lies beside the template")
    yield from _begin(turns, tokenizer, inquiry)
    yield from _end(turns, tokenizer, inquiry)
    yield from _control(turns, tokenizer, inquiry)


def _doubled(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """The template's own BOS at the beginning of a prompt, and its own EOS after an assistant's turn."""
    tokens = subject.template.tokens
    bos, eos = tokens.get("bos_token"), tokens.get("eos_token")
    first = turns.conversation(turns.user(), prompt=True)
    followed = turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER))
    inquiry.render_all((first, followed))
    if bos and _begins([inquiry.render(first)], bos + bos):
        words = f"The prompt begins with {bos} twice: the template prints it in two places"
        shown = (Exchange("the prompt", first),)
        yield Observation(
            Severity.WARNING, words, shown, holds=lambda answers: _begins(answers, bos + bos), printed=bos
        )
    if bos and bos != eos and _marks_turns([inquiry.render(followed)], bos):
        yield Observation(
            Severity.WARNING,
            f"{bos} stands before each turn, the assistant's too: it is the token that begins a prompt",
            (Exchange("the prompt", followed),),
            holds=lambda answers: _marks_turns(answers, bos),
            printed=ASSISTANT,
        )
    # Where one token is both, the end of a turn and the beginning of the next may be what stands there.
    if eos and eos != bos and _ends_twice([inquiry.render(followed)], eos):
        words = f"{eos} follows an assistant's turn twice: the template prints it in two places"
        shown = (Exchange("the prompt", followed),)
        yield Observation(
            Severity.WARNING, words, shown, holds=lambda answers: _ends_twice(answers, eos), printed=ASSISTANT
        )


def _elsewhere(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    """The template's own EOS that ends a user's turn, and no assistant's."""
    tokens = subject.template.tokens
    eos, followed = (
        tokens.get("eos_token"),
        turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER)),
    )
    if not eos or eos == tokens.get("bos_token"):
        return
    stops = (eos,)
    answers = inquiry.render_all([followed, turns.conversation(turns.user(), turns.assistant())])
    if _ends_user(answers, eos) and _never_ends(answers[: 1 + turns.final_assistant], stops):
        yield Observation(
            Severity.WARNING,
            f"{eos} follows a user's turn, and no assistant's: a trainer that looks for it trains no stop",
            (Exchange("the prompt", followed),),
            holds=lambda given: _ends_user(given, eos) and _never_ends(given, stops),
            printed=eos,
        )


def _ends_user(answers: Sequence[Rendering], eos: str) -> bool:
    """Whether EOS stands between the user's text and the reply."""
    return any(eos in text.partition(USER)[2].partition(ASSISTANT)[0] for text in texts_of(answers[:1]) or ())


def _marks_turns(answers: Sequence[Rendering], bos: str) -> bool:
    """Whether BOS stands before an assistant's header that begins with a mark of its own.

    Where a role's name follows it, BOS is the mark of a turn, and a model was trained with that.
    """
    headers = [text.partition(USER)[2].partition(ASSISTANT)[0] for text in texts_of(answers) or ()]
    return any(_MARK.match(header.rpartition(bos)[2]) for header in headers if bos in header)


def _ends_twice(answers: Sequence[Rendering], eos: str) -> bool:
    return any(eos + eos in text.partition(ASSISTANT)[2] for text in texts_of(answers) or ())


def _begin(turns: Turns, tokenizer: Tokenizer, inquiry: Inquiry) -> Iterator[Observation]:
    bos = tokenizer.special.get("bos_token")
    conversation = turns.conversation(turns.user(), prompt=True)
    text = inquiry.text(conversation)
    if not bos or text is None or tokenizer.adds_bos is None:
        return
    shown = (Exchange("the prompt", conversation),)
    if tokenizer.adds_bos and text.startswith(bos):
        words = f"The prompt begins with {bos}, and the tokenizer adds it once more: add_bos_token is true"
        yield Observation(Severity.WARNING, words, shown, holds=lambda answers: _begins(answers, bos), printed=bos)
    elif not tokenizer.adds_bos and bos not in text:
        words = f"Nothing begins the prompt: add_bos_token is false, and the template does not print {bos}"
        yield Observation(Severity.NOTE, words, shown)


def _begins(answers: Sequence[Rendering], bos: str) -> bool:
    return any(text.startswith(bos) for text in texts_of(answers) or ())


def _end(turns: Turns, tokenizer: Tokenizer, inquiry: Inquiry) -> Iterator[Observation]:
    eos = tokenizer.special.get("eos_token")
    stops = tuple(dict.fromkeys(stop for stop in (eos, *tokenizer.stops) if stop))
    if not stops or tokenizer.unnamed_stops or tokenizer.adds_eos:
        return
    followed = turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER))
    conversations = [turns.conversation(turns.user(), turns.assistant())] if turns.final_assistant else []
    conversations.append(followed)
    answers = inquiry.render_all(conversations)
    if _never_ends(answers, stops):
        words = f"No {' or '.join(stops)} follows an assistant's turn: a trainer that looks for it trains no stop"
        exchanges = tuple(Exchange("the prompt", each) for each in conversations)
        yield Observation(
            Severity.WARNING, words, exchanges, holds=lambda given: _never_ends(given, stops), printed=ASSISTANT
        )
    elif tokenizer.stops and eos not in tokenizer.stops and _never_ends(answers, tokenizer.stops):
        stopping = listed(tokenizer.stops, "or")
        words = f"{eos} ends an assistant's turn, and generation goes on: it ends at {stopping} alone"
        exchanges = tuple(Exchange("the prompt", each) for each in conversations)
        yield Observation(
            Severity.WARNING, words, exchanges, holds=partial(_never_ends, stops=tokenizer.stops), printed=ASSISTANT
        )


def _never_ends(answers: Sequence[Rendering], stops: Sequence[str]) -> bool:
    """Whether a reply is printed, and no prompt holds a stop between it and the next turn's text."""
    tails = [
        answer.text.partition(ASSISTANT)[2].partition(USER_AFTER)[0]
        for answer in answers
        if isinstance(answer, Rendered) and ASSISTANT in answer.text
    ]
    return bool(tails) and not any(stop in tail for tail in tails for stop in stops)


def _control(turns: Turns, tokenizer: Tokenizer, inquiry: Inquiry) -> Iterator[Observation]:
    if not tokenizer.whole:
        return
    conversations = [*plain_conversations(turns), *(each.conversation for each in inquiry.sample)]
    shown: dict[str, Conversation] = {}
    for conversation, answer in zip(conversations, inquiry.render_all(conversations), strict=True):
        if isinstance(answer, Rendered) and not _has_media(conversation):
            for token in _tokens(answer.text):
                if token not in shown and not _is_sent(token, conversation):
                    shown[token] = conversation
    missing = [token for token in shown if token not in tokenizer.control]
    unmarked = [token for token in shown if _MARKED.fullmatch(token) and tokenizer.control.get(token) is False]
    if missing:
        words = f"{_listed(missing, 'is no token', 'are no tokens')} of the vocabulary, and cut into pieces"
        yield Observation(
            Severity.ERROR,
            words,
            (Exchange("the prompt", shown[missing[0]]),),
            holds=lambda answers: _prints(answers, missing[0]),
            printed=missing[0],
        )
    if unmarked:
        words = f"{_listed(unmarked, 'is', 'are')} not marked as special"
        exchanges = (Exchange("the prompt", shown[unmarked[0]]),)
        yield Observation(Severity.NOTE, words, exchanges, printed=unmarked[0])


def _listed(tokens: Sequence[str], one: str, many: str) -> str:
    """The first few tokens, with the verb for them."""
    named = [*tokens[:_MOST_NAMED], *([f"{len(tokens) - _MOST_NAMED} more"] if len(tokens) > _MOST_NAMED else [])]
    return f"{named[0]} {one}" if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]} {many}"


def _prints(answers: Sequence[Rendering], token: str) -> bool:
    return any(token in text for text in texts_of(answers) or ())


def _tokens(text: str) -> Iterator[str]:
    """The control tokens of a prompt: those that are written so, and words in brackets between turns.

    A bracketed word with a closing partner, or inside a line of text, is markup that models read as text.
    """
    yield from (match[0] for match in _MARKED.finditer(text))
    _, answer, after = text.partition(ASSISTANT)
    between = after.partition(USER_AFTER)[0] if answer and USER_AFTER in after else ""
    names = [match[0] for match in _ANGLED.finditer(between)]
    for name in names:
        partner = f"<{name[2:]}" if name.startswith("</") else f"</{name[1:]}"
        if partner not in text:
            yield name


def _is_sent(token: str, conversation: Conversation) -> bool:
    """Whether the conversation itself holds a token."""
    return json.dumps(token, ensure_ascii=False)[1:-1] in json.dumps(
        [conversation.messages, conversation.tools, conversation.documents, conversation.variables],
        ensure_ascii=False,
        default=str,
    )


def _has_media(conversation: Conversation) -> bool:
    """Whether a processor puts something else in the place of what stands for a picture or a sound."""
    return any(
        isinstance(part, dict) and part.get("type") != "text"
        for message in conversation.messages
        for content in (message.get("content"),)
        if isinstance(content, list)
        for part in content
    )


_TEMPLATE = """\
__{%- for m in messages %}
    {{- '<|turn|>' + m.role + '\\n' + m.content + '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|turn|>assistant\\n' }}{% endif %}
"""
_PLAIN = _TEMPLATE.replace("__", "")
_WITH_BOS = _TEMPLATE.replace("__", "{{- bos_token }}\n")


def _config(eos: str = "<|end|>", *, special: bool = True, missing: str = "", **further: object) -> dict[str, str]:
    tokens = [token for token in ("<s>", "</s>", "<|turn|>", "<|end|>") if token != missing]
    decoder = {
        str(number): {"content": token, "special": special or token != "<|turn|>"}
        for number, token in enumerate(tokens)
    }
    config = {"eos_token": eos, "added_tokens_decoder": decoder, **further}
    return {"tokenizer_config.json": json.dumps(config)}


VALID = (
    # Each user's turn begins with it, as in Llama 2.
    Example(_PLAIN.replace("{{- '<|turn|>'", "{{- (bos_token if m.role == 'user' else '') + '<|turn|>'")),
    # It is what marks a turn.
    Example(_PLAIN.replace("'<|turn|>'", "bos_token", 1)),
    Example(_PLAIN.replace("'<|end|>\\n'", "eos_token")),
    Example(_PLAIN, files=_config()),
    Example(_WITH_BOS, files=_config(bos_token="<s>", add_bos_token=False)),
    # The tokenizer alone adds it.
    Example(_PLAIN, files=_config(bos_token="<s>", add_bos_token=True)),
    # Generation ends at the end of a turn, whatever eos_token is.
    Example(_PLAIN, files={**_config("</s>"), "generation_config.json": '{"eos_token_id": [1, 3]}'}),
    Example(_PLAIN, files={**_config(), "generation_config.json": '{"eos_token_id": 3}'}),
    # Which token that is, no file tells.
    Example(_PLAIN, files={**_config("</s>"), "generation_config.json": '{"eos_token_id": 7}'}),
    # The vocabulary is not known.
    Example(_PLAIN, files={"tokenizer_config.json": '{"eos_token": "<|end|>"}'}),
    # No tokenizer at all.
    Example(_PLAIN),
)
INVALID = (
    Example(_WITH_BOS.replace("{{- '<|turn|>'", "{{- (bos_token if loop.first else '') + '<|turn|>'")),
    Example(_PLAIN.replace("'<|turn|>'", "bos_token + '<|turn|>'", 1)),
    Example(_PLAIN.replace("'<|end|>\\n'", "eos_token + (eos_token if m.role == 'assistant' else '')")),
    Example(_PLAIN.replace("'<|end|>\\n'", "'<|end|>\\n' + (eos_token if m.role == 'user' else '')")),
    Example(_WITH_BOS, files=_config(bos_token="<s>", add_bos_token=True)),
    Example(_PLAIN, Severity.NOTE, files=_config(bos_token="<s>", add_bos_token=False)),
    Example(_PLAIN, files=_config("</s>")),
    Example(_PLAIN, files={**_config("</s>"), "generation_config.json": '{"eos_token_id": [0, 1]}'}),
    # What ends a turn is eos_token, and generation does not end there.
    Example(_PLAIN, files={**_config(), "generation_config.json": '{"eos_token_id": 1}'}),
    Example(_PLAIN, Severity.ERROR, files=_config(missing="<|turn|>")),
    Example(_PLAIN, Severity.NOTE, files=_config(special=False)),
    Example(
        _PLAIN.replace("<|end|>", "<end_of_turn>"),
        Severity.ERROR,
        files=_config("</s>", additional_special_tokens=["<start_of_turn>"]),
    ),
)
