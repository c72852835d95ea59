"""Changing a conversation so that a part of it is as a branch of the template wants it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import Message, content
from portable_tpl.generation.dialogue_edits import add_calls, add_turn, put_role
from portable_tpl.generation.text import spoken_text
from portable_tpl.generation.tools import documents, tools
from portable_tpl.generation.values import own_copy, value_for
from portable_tpl.model.conversation import Conversation
from portable_tpl.requests.fields import CONTINUATION_FLAG, FIELDS, GENERATION_FLAG, GIVEN_TOKENS, LISTS
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE
from portable_tpl.template.usage.paths import Path
from portable_tpl.template.usage.shape import TemplateShape

Op = Literal[
    "equals", "differs", "present", "absent", "truthy", "falsy", "contains", "lacks", "starts", "ends",
    "kind", "other-kind", "longer", "shorter",
]  # fmt: skip
_MOST_MESSAGES = 24  # a constraint may ask for any number


@dataclass(frozen=True)
class Constraint:
    """What a part of the conversation should be; ``value`` is a constant, a text, the name of a test, or a length."""

    path: Path
    op: Op
    value: Any = None


def edited(
    choices: Choices, shape: TemplateShape, conversation: Conversation, constraints: Sequence[Constraint]
) -> Conversation:
    """The conversation with all constraints met as far as that goes, its messages in a valid order if possible."""
    editor = _Editor(choices, shape, conversation, {constraint.path[0] for constraint in constraints})
    for constraint in constraints:
        editor.apply(constraint)
    return editor.result()


class _Editor:
    """A conversation that is edited, constraint by constraint, in some of its fields; it shares the others."""

    def __init__(
        self, choices: Choices, shape: TemplateShape, conversation: Conversation, touched: Collection[str]
    ) -> None:
        self._choices = choices
        self._shape = shape
        self._base = conversation
        self._data: dict[str, Any] = {
            "messages": own_copy(conversation.messages),
            **own_copy(conversation.variables),
        }
        for name in FIELDS[1:]:
            if getattr(conversation, name) is not None:
                value = getattr(conversation, name)
                self._data[name] = own_copy(value) if name in touched else value
        self._indexes: dict[Path, int] = {}
        self._names: dict[Path, str] = {}

    def result(self) -> Conversation:
        data = dict(self._data)
        fixed = {name: data.pop(name, None) for name in FIELDS}
        for name in LISTS:
            given = fixed[name]
            if given is not None and not _is_objects(given):
                fixed[name] = getattr(self._base, name)
        if not isinstance(fixed[GENERATION_FLAG], (bool, type(None))):
            fixed[GENERATION_FLAG] = bool(fixed[GENERATION_FLAG])
        for name in (CONTINUATION_FLAG, *GIVEN_TOKENS):
            data.pop(name, None)
        return self._base.with_changes(**{**fixed, "messages": fixed["messages"] or []}, variables=data)

    def apply(self, constraint: Constraint) -> None:
        path = constraint.path[:-1] if constraint.path[-1] == TEXT else constraint.path
        if path[0] in self._shape.functions:
            return
        if path == ("messages", ITEM, "role") and constraint.op == "equals" and isinstance(constraint.value, str):
            place = put_role(self._choices, self._shape, self._messages(), constraint.value)
            self._indexes["messages", ITEM] = place  # the next constraints are about it
        elif path[-1] == KEY:
            self._name_key(path[:-1], constraint)
        elif constraint.op in ("longer", "shorter") and isinstance(constraint.value, int):
            self._set_length(
                path, constraint.value + (1 if constraint.op == "longer" else -1), constraint.op == "longer"
            )
        else:
            self._set_value(path, constraint)

    # -- values --------------------------------------------------------------------------------------------------

    def _set_value(self, path: Path, constraint: Constraint) -> None:
        place = self._place(path)
        if place is None:
            return
        holder, key = place
        present = key in holder if isinstance(holder, dict) else isinstance(key, int) and key < len(holder)
        old = holder[key] if present else None
        if constraint.op == "absent" or (constraint.op == "falsy" and happens(self._choices, 40)):
            if present:
                del holder[key]
            return
        new = self._value(path, constraint, old, present)
        if isinstance(holder, list) and not present:
            holder.append(new)
        else:
            holder[key] = new

    def _value(self, path: Path, constraint: Constraint, old: Any, present: bool) -> Any:  # noqa: C901 - one case an operation
        choices, shape, op, value = self._choices, self._shape, constraint.op, constraint.value
        if op == "equals":
            return value
        if op == "present":
            return old if present and old is not None else value_for(choices, shape, path)
        if op == "truthy":
            for _ in range(4):
                if old:
                    break
                old = value_for(choices, shape, path)
            return old or True
        if op == "falsy":
            empty: dict[type, Any] = {str: "", list: [], dict: {}, bool: False, int: 0}
            return empty.get(type(old), False)
        if op == "differs":
            for _ in range(6):
                made = value_for(choices, shape, path)
                if made != value:
                    return made
            return "other"
        if op in ("contains", "starts", "ends"):
            return self._containing(path, old, op, value)
        if op == "lacks":
            if isinstance(old, str):
                return old.replace(value, "") if isinstance(value, str) else old
            if isinstance(old, dict):
                return {key: inner for key, inner in old.items() if key != value}
            return old
        return self._of_kind(path, str(value), op == "kind", old)

    def _containing(self, path: Path, old: Any, op: Op, value: Any) -> Any:
        if old is None and self._shape.at(path).uses & {"iterated", "joined"}:
            old = []
        if isinstance(old, dict) and isinstance(value, str):
            path_value = spoken_text(self._choices)
            return {**old, value: old.get(value, path_value)}
        if isinstance(old, list):
            return [*old, value]
        text = old if isinstance(old, str) else spoken_text(self._choices)
        if not isinstance(value, str):
            return text  # no text holds it
        if op == "starts":
            return value + text
        if op == "ends":
            return text + value
        return pick(self._choices, (f"{text}{value}", f"{value}{text}", f"a{value}b", f"\n{value}\n", value))

    def _of_kind(self, path: Path, test: str, wanted: bool, old: Any) -> Any:
        kinds: dict[str, list[Any]] = {
            "string": [spoken_text(self._choices, self._shape.markers(path))],
            "mapping": [{"city": "Paris", "n": 1}, {}],
            "iterable": [["a", "b"], [{"type": "text", "text": "a"}], {"a": "b"}, "text"],
            "sequence": [["a", "b"], [{"type": "text", "text": "a"}], "text"],
            "none": [None],
            "boolean": [True, False],
            "number": [5, 0],
            "integer": [5],
            "float": [1.5],
            "true": [True],
            "false": [False],
            "undefined": [None],
        }
        if wanted:
            fitting = kinds.get(test, [old])
            if path[-1] == "content" and test in ("iterable", "sequence"):
                fitting = [[{"type": "text", "text": spoken_text(self._choices)}]]
            return own_copy(pick(self._choices, fitting))
        others = [value for name, values in kinds.items() if name not in (test, "undefined") for value in values]
        return own_copy(pick(self._choices, [value_for(self._choices, self._shape, path), *others]))

    # -- places --------------------------------------------------------------------------------------------------

    def _place(self, path: Path) -> tuple[Any, Any] | None:
        """The container and key of a path, made on the way where missing."""
        value: Any = self._data
        for depth, step in enumerate(path):
            so_far = path[: depth + 1]
            last = depth == len(path) - 1
            key = self._key(value, so_far, step)
            if key is None:
                return None
            if last:
                return value, key
            inner = self._inner(value, key)
            if not isinstance(inner, (dict, list)):
                following = path[depth + 1]
                inner = self._made(so_far, following)
                if inner is None:
                    return None
                key = self._key(value, so_far, step) if key not in ("",) else key
                if isinstance(value, list) and (not isinstance(key, int) or key >= len(value)):
                    value.append(inner)
                elif key is not None:
                    value[key] = inner
                inner = self._inner(value, key)
            value = inner
        return None

    @staticmethod
    def _inner(value: Any, key: Any) -> Any:
        if isinstance(value, dict):
            return value.get(key)
        return value[key] if isinstance(key, int) and key < len(value) else None

    def _key(self, value: Any, so_far: Path, step: str) -> Any:
        if step == ITEM:
            if not isinstance(value, list):
                return None
            return self._index(value, so_far)
        if not isinstance(value, dict):
            return None
        return self._named(value, so_far) if step == VALUE else step

    def _named(self, value: dict[str, Any], path: Path) -> str:
        """The key of a mapping whose keys the caller chose: mostly the one that the last constraint was about."""
        known = self._names.get(path)
        if known is None or known not in value or happens(self._choices, 20):
            known = self._names[path] = pick(self._choices, list(value)) if value else "city"
        return known

    def _index(self, items: list[Any], path: Path) -> int:
        known = self._indexes.get(path)
        if known is not None and known < len(items) and not happens(self._choices, 20):
            return known
        count = len(items)
        options = [0, count - 1, self._choices.below(count)] if count else [0]
        self._indexes[path] = pick(self._choices, options)
        return self._indexes[path]

    def _made(self, path: Path, following: str) -> Any:
        """A new list or mapping for a part that is not there yet."""
        if path == ("tools",):
            return tools(self._choices, self._shape)
        if path == ("documents",):
            return documents(self._choices, self._shape)
        if path[:2] == ("messages", ITEM) and path[-1] == "tool_calls":
            self._add_calls()
            return None
        if following == ITEM:
            if path[-1] == "content":
                return content(
                    self._choices, self._shape, pick(self._choices, sorted(self._shape.part_roles) or ["user"])
                )
            return [value_for(self._choices, self._shape, (*path, ITEM))]
        return {}

    def _name_key(self, holder: Path, constraint: Constraint) -> None:
        """A constraint on the name of a key that the caller chose: of an argument, of a parameter."""
        place = self._place((*holder, VALUE))
        if place is None or constraint.op != "equals" or not isinstance(place[0], dict):
            return
        place[0][constraint.value] = value_for(self._choices, self._shape, (*holder, VALUE))

    # -- lengths -------------------------------------------------------------------------------------------------

    def _set_length(self, path: Path, length: int, at_least: bool) -> None:
        if path == ("messages",):
            messages = self._messages()
            while at_least and len(messages) < min(length, _MOST_MESSAGES):
                add_turn(self._choices, self._shape, messages)
            return
        if path[:2] == ("messages", ITEM) and path[-1] == "tool_calls" and at_least:
            self._add_calls(max(1, length))
            return
        place = self._place(path)
        if place is None:
            return
        holder, key = place
        old = self._inner(holder, key)
        if not isinstance(old, (list, dict, str)):
            old = self._made(path, ITEM) if ITEM in self._shape.children(path) else spoken_text(self._choices)
        if not isinstance(old, (list, dict, str)):
            return
        if at_least:
            new = self._lengthened(path, old, length)
        else:
            new = {} if isinstance(old, dict) else old[: max(0, length)]
        if isinstance(holder, list) and (not isinstance(key, int) or key >= len(holder)):
            holder.append(new)
        else:
            holder[key] = new

    def _lengthened(self, path: Path, old: Any, length: int) -> Any:
        for number in range(max(0, min(length, 40) - len(old or ()))):
            if isinstance(old, dict):
                old = {**old, f"key{number}": value_for(self._choices, self._shape, (*path, VALUE))}
            elif isinstance(old, list):
                if path == ("tools",):
                    old = [*old, *tools(self._choices, self._shape)]
                elif path == ("documents",):
                    old = [*old, *documents(self._choices, self._shape)]
                else:
                    old = [*old, value_for(self._choices, self._shape, (*path, ITEM))]
            else:
                old = f"{old}a"
        return old

    # -- messages ------------------------------------------------------------------------------------------------

    def _messages(self) -> list[Message]:
        """The messages; anew where an earlier edit took them away or made something else of them."""
        if not _is_objects(self._data.get("messages")):
            self._data["messages"] = []
        messages: list[Message] = self._data["messages"]
        return messages

    def _add_calls(self, count: int = 1) -> None:
        self._indexes["messages", ITEM] = add_calls(self._choices, self._shape, self._messages(), count)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
