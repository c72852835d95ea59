"""What deployments make of a template's source before they compile it: text that is replaced, word by word."""

from __future__ import annotations

import re
from collections.abc import Callable

from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Step

_TGI = "text-generation-inference router/src/infer/chat_template.rs"
_MISTRAL = "mistral.rs mistralrs-core/src/pipeline/chat_template.rs"
_DYNAMO = "Dynamo lib/renderer/src/template/formatters.rs"
_NEVER = "{%- if false %}"
_CHANNELS = (
    '{%- if "<|channel|>analysis<|message|>" in message.content or '
    '"<|channel|>final<|message|>" in message.content %}'
)
_EMPTY = (
    "{%- if (message['content'] is none or message['content'] == '' or message['content']|length == 0) and "
    "(message['tool_calls'] is not defined or message['tool_calls'] is none or "
    "message['tool_calls']|length == 0) %}"
)
_OPENING = re.compile(r"(\{%[-+]?\s*)generation(\s*[-+]?%\})")
_CLOSING = re.compile(r"(\{%[-+]?\s*)endgeneration(\s*[-+]?%\})")
_RANGE = re.compile(r"range\(([^,]+),\s*-1,\s*-1\)")
_GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")


def replaced(*pairs: tuple[str, str]) -> Callable[[Template], str]:
    """A change of a template's text: each first word becomes the second."""

    def on_template(template: Template) -> str:
        text = template.text
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return on_template


def _conditions_removed(template: Template) -> str:
    text = template.text
    if "[TOOL_CALLS]" in text:
        text = text.replace(_EMPTY, _NEVER)
    return text.replace(_CHANNELS, _NEVER)


def _without_meta(template: Template) -> str:
    if "{{ meta }}" not in template.text:
        return template.text
    return replaced(('{%- set meta = message.get("metadata", "") %}', ""), ("{{ meta }}", ""))(template)


def _read_from_file(template: Template) -> str:
    if template.path is None or not template.path.endswith(".jinja"):
        return template.text
    return template.text.strip().replace("\\n", "\n")


def _generation_as(opening: str, closing: str) -> Callable[[Template], str]:
    """A change that makes generation blocks another statement; white space marks stay."""

    def on_template(template: Template) -> str:
        text = _OPENING.sub(rf"\1{opening}\2", template.text)
        return _CLOSING.sub(rf"\1{closing}\2", text)

    return on_template


def _within_tags(change: Callable[[str], str]) -> Callable[[Template], str]:
    """A change of what stands between the marks of tags, outside of strings and comments."""

    def on_template(template: Template) -> str:
        from portable_tpl.template.syntax.lexing import lex

        lexed = lex(template.text)
        code = {"name", "dot", "lparen", "rparen", "integer", "float"}
        out, at, index = "", 0, 0
        tokens = lexed.tokens
        while index < len(tokens):
            end = index
            while (
                end < len(tokens)
                and tokens[end].type in code
                and (end == index or tokens[end].start == tokens[end - 1].end)
            ):
                end += 1
            if end == index:
                index += 1
                continue
            start, stop = lexed.offset(tokens[index].start), lexed.offset(tokens[end - 1].end)
            out += template.text[at:start] + change(template.text[start:stop])
            at, index = stop, end
        return out + template.text[at:]

    return on_template


STEPS = (
    Step(
        "generation-blocks-as-conditions",
        "{% generation %} becomes {% if true %}, its end {% endif %}.",
        "the smg 1.13.0 wheel",
        "White space marks stay. Other than in transformers, what is set inside is seen behind the block.",
        on_template=_generation_as("if true", "endif"),
    ),
    Step(
        "generation-blocks-as-scopes",
        "{% generation %} becomes {% with %}, its end {% endwith %}.",
        f"{_DYNAMO}, normalize_jinja_block",
        "White space marks stay, and what is set inside is not seen behind the block, as in transformers.",
        on_template=_generation_as("with", "endwith"),
    ),
    Step(
        "items-method-as-filter",
        "x.items() becomes x|items.",
        f"{_DYNAMO}, normalize_jinja_code_segment",
        "So a mapping with a key 'items', as the schema of a list has one, can be looped over.",
        on_template=_within_tags(lambda text: text.replace(".items()", "|items")),
    ),
    Step(
        "template-patched",
        "Two conditions under which known templates refuse a message are taken out of the template.",
        "llama.cpp common/chat.cpp, common_chat_templates_init, measured on b11549",
        "One is gpt-oss's test for channel marks in content, the other Mistral's for a turn with nothing in it.",
        on_template=_conditions_removed,
    ),
    Step(
        "first-message-text",
        "messages[0]['content'][0]['text'] becomes messages[0]['content'].",
        _TGI,
        "There, content is a string whatever the client sent, so the part that the template asks for does not exist.",
        on_template=replaced(("messages[0]['content'][0]['text']", "messages[0]['content']")),
    ),
    Step(
        "reverse-slice",
        "[::-1] becomes |reverse.",
        f"{_TGI}; {_MISTRAL}",
        "The text is replaced wherever it stands. A string that is reversed so stays a string.",
        on_template=replaced(("[::-1]", "|reverse")),
    ),
    Step(
        "generation-tags-removed-exactly",
        "{% generation %} and {% endgeneration %}, spelled exactly so, are removed.",
        _TGI,
        "The tags with a white space mark, as in {%- generation %}, stay, and the template does not load.",
        on_template=replaced(("{% generation %}", ""), ("{% endgeneration %}", "")),
    ),
    Step(
        "descending-range",
        "range(X, -1, -1) becomes range(X)|reverse, which starts one lower.",
        _MISTRAL,
        "Python counts X, X-1, ... 0; what stands there instead begins with X-1, so that the last message is "
        "left out "
        "where X is its number. Write messages|reverse, or count upwards.",
        on_template=lambda template: _RANGE.sub(r"range(\1)|reverse", template.text),
    ),
    Step(
        "meta-lines-removed",
        "GLM-4's lines about meta are removed.",
        _MISTRAL,
        "The text is taken out word by word; other spellings stay.",
        on_template=_without_meta,
    ),
    Step(
        "generation-tags-removed",
        "Generation tags are removed, with the white space marks in them.",
        _MISTRAL,
        "A mark as in {%- generation %} is gone with its tag: white space that it would have taken away stays.",
        on_template=lambda template: _GENERATION.sub("", template.text),
    ),
    Step(
        "jinja-file-trimmed",
        "A .jinja file is trimmed, and a backslash with an n, spelled out in it, becomes a newline.",
        "smg crates/tokenizer/src/chat_template.rs, load_chat_template_from_file (f8daa88)",
        "In a string literal this makes no difference, in the text around the tags it does.",
        on_template=_read_from_file,
    ),
)
