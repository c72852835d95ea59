"""Changing a conversation so that a part of it is as a branch of the template wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import calling_message, content, kind_of_role, tool_result
from portable_tpl.generation.text import everyday_text
from portable_tpl.generation.tools import documents, tools
from portable_tpl.generation.values import own_copy, value_for
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.template.usage.paths import ITEM, KEY, TEXT, VALUE, Path
from portable_tpl.template.usage.shape import TemplateShape

Op = Literal[
    "equals", "differs", "present", "absent", "truthy", "falsy", "contains", "lacks", "starts", "ends",
    "kind", "other-kind", "longer", "shorter",
]  # fmt: skip
_LISTS = ("messages", "tools", "documents")
_FLAG = "add_generation_prompt"


@dataclass(frozen=True)
class Wish:
    """What a part of the conversation should be; ``value`` is a constant, a text, the name of a test, or a length."""

    path: Path
    op: Op
    value: Any = None


def grant(
    choices: Choices, shape: TemplateShape, conversation: Conversation, wishes: Sequence[Wish], tier: Tier
) -> Conversation:
    """The conversation with all wishes granted as far as that goes, its messages in a valid order if possible."""
    editor = _Editor(choices, shape, conversation, tier)
    for wish in wishes:
        editor.grant(wish)
    return editor.result()


class _Editor:
    def __init__(self, choices: Choices, shape: TemplateShape, conversation: Conversation, tier: Tier) -> None:
        self._choices = choices
        self._shape = shape
        self._tier = tier
        self._base = conversation
        self._data: dict[str, Any] = {
            "messages": own_copy(conversation.messages),
            **own_copy(conversation.variables),
        }
        for name in ("tools", "documents", _FLAG):
            if getattr(conversation, name) is not None:
                self._data[name] = own_copy(getattr(conversation, name))
        self._indexes: dict[Path, int] = {}

    def result(self) -> Conversation:
        data = dict(self._data)
        fixed = {name: data.pop(name, None) for name in ("messages", "tools", "documents", _FLAG)}
        for name in _LISTS:
            given = fixed[name]
            if given is not None and not (isinstance(given, list) and all(isinstance(item, dict) for item in given)):
                fixed[name] = getattr(self._base, name)
        if not isinstance(fixed[_FLAG], (bool, type(None))):
            fixed[_FLAG] = bool(fixed[_FLAG])
        for token in ("bos_token", "eos_token"):
            data.pop(token, None)
        return self._base.with_changes(**{**fixed, "messages": fixed["messages"] or []}, variables=data)

    def grant(self, wish: Wish) -> None:
        path = wish.path[:-1] if wish.path[-1] == TEXT else wish.path
        if path == ("messages", ITEM, "role") and wish.op == "equals" and isinstance(wish.value, str):
            self._want_role(wish.value)
        elif path[-1] == KEY:
            self._name_key(path[:-1], wish)
        elif wish.op in ("longer", "shorter") and isinstance(wish.value, int):
            self._want_length(path, wish.value + (1 if wish.op == "longer" else -1), wish.op == "longer")
        else:
            self._want_value(path, wish)

    # -- values --------------------------------------------------------------------------------------------------

    def _want_value(self, path: Path, wish: Wish) -> None:
        place = self._place(path)
        if place is None:
            return
        holder, key = place
        present = key in holder if isinstance(holder, dict) else isinstance(key, int) and key < len(holder)
        old = holder[key] if present else None
        if wish.op == "absent" or (wish.op == "falsy" and happens(self._choices, 40)):
            if present:
                del holder[key]
            return
        new = self._value(path, wish, old, present)
        if isinstance(holder, list) and not present:
            holder.append(new)
        else:
            holder[key] = new

    def _value(self, path: Path, wish: Wish, old: Any, present: bool) -> Any:  # noqa: C901 - one case an operation
        choices, shape, op, value = self._choices, self._shape, wish.op, wish.value
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
                return old.replace(value, "") if value else old
            if isinstance(old, dict):
                return {key: inner for key, inner in old.items() if key != value}
            return old
        return self._of_kind(path, str(value), op == "kind", old)

    def _containing(self, path: Path, old: Any, op: Op, value: Any) -> Any:
        if old is None and self._shape.at(path).uses & {"iterated", "joined"}:
            old = []
        if isinstance(old, dict) and isinstance(value, str):
            path_value = everyday_text(self._choices)
            return {**old, value: old.get(value, path_value)}
        if isinstance(old, list):
            return [*old, value]
        text = old if isinstance(old, str) else everyday_text(self._choices)
        if op == "starts":
            return value + text
        if op == "ends":
            return text + value
        return pick(self._choices, (f"{text}{value}", f"{value}{text}", f"a{value}b", f"\n{value}\n", value))

    def _of_kind(self, path: Path, test: str, wanted: bool, old: Any) -> Any:
        kinds: dict[str, list[Any]] = {
            "string": [everyday_text(self._choices, self._shape.markers(path))],
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
                fitting = [[{"type": "text", "text": everyday_text(self._choices)}]]
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
        if step == VALUE:
            return pick(self._choices, list(value)) if value else "city"
        return step

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
            return tools(self._choices, self._shape, self._tier)
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

    def _name_key(self, holder: Path, wish: Wish) -> None:
        """A wish about the name of a key that the caller chose: of an argument, of a parameter."""
        place = self._place((*holder, VALUE))
        if place is None or wish.op != "equals" or not isinstance(place[0], dict):
            return
        place[0][wish.value] = value_for(self._choices, self._shape, (*holder, VALUE))

    # -- lengths -------------------------------------------------------------------------------------------------

    def _want_length(self, path: Path, length: int, at_least: bool) -> None:
        if path == ("messages",):
            for _ in range(6):
                if not at_least or len(self._data["messages"]) >= length:
                    break
                self._add_turn()
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
            old = self._made(path, ITEM) if ITEM in self._shape.children(path) else everyday_text(self._choices)
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
                    old = [*old, *tools(self._choices, self._shape, self._tier)]
                elif path == ("documents",):
                    old = [*old, *documents(self._choices, self._shape)]
                else:
                    old = [*old, value_for(self._choices, self._shape, (*path, ITEM))]
            else:
                old = f"{old}a"
        return old

    # -- messages ------------------------------------------------------------------------------------------------

    def _want_role(self, role: str) -> None:
        """A message of this role, put where such a message may stand; the next wishes are about it."""
        messages: list[dict[str, Any]] = self._data["messages"]
        there = [index for index, message in enumerate(messages) if message.get("role") == role]
        if there and not happens(self._choices, 30):
            self._indexes["messages", ITEM] = pick(self._choices, there)
            return
        kind = kind_of_role(role)
        made = {"role": role, "content": content(self._choices, self._shape, role)}
        users = [index for index, message in enumerate(messages) if kind_of_role(str(message.get("role"))) == "user"]
        at = pick(self._choices, users) + 1 if users else len(messages)
        if kind == "system":
            rest = messages[1:] if messages and messages[0].get("role") == "system" else messages
            messages[:] = [made, *rest]
            at = 0
        elif kind == "assistant":
            messages[at:at] = [made, {"role": "user", "content": everyday_text(self._choices)}]
        elif kind == "tool":
            caller = calling_message(self._choices, self._shape, 1)
            messages[at:at] = [
                caller,
                {**tool_result(self._choices, self._shape, caller["tool_calls"][0]), "role": role},
            ]
            if at + 2 < len(messages):
                messages.insert(at + 2, {"role": "assistant", "content": everyday_text(self._choices)})
                if kind_of_role(str(messages[at + 3].get("role"))) == "assistant":
                    del messages[at + 3]
                else:
                    messages.insert(at + 3, {"role": "user", "content": "Go on."})
                    if kind_of_role(str(messages[at + 4].get("role"))) == "user":
                        del messages[at + 3]
            at += 1
        elif kind == "user":
            target = pick(self._choices, users) if users else None
            at = target if target is not None else 0
            if target is None:
                messages.insert(0, made)
            else:
                messages[target] = made
        else:
            at = max(0, at - 1)
            messages.insert(at, made)
        self._indexes["messages", ITEM] = at

    def _add_turn(self) -> None:
        say = everyday_text
        self._data["messages"] += [
            {"role": "assistant", "content": say(self._choices, self._shape.markers(("messages", ITEM, "content")))},
            {"role": "user", "content": say(self._choices)},
        ]

    def _add_calls(self, count: int = 1) -> None:
        """A calling message and its results, at the end or before the assistant's next words."""
        messages: list[dict[str, Any]] = self._data["messages"]
        caller = calling_message(self._choices, self._shape, count)
        results = [tool_result(self._choices, self._shape, call) for call in caller["tool_calls"]]
        users = [
            index
            for index, message in enumerate(messages)
            if kind_of_role(str(message.get("role"))) == "user"
            and (index + 1 == len(messages) or kind_of_role(str(messages[index + 1].get("role"))) == "assistant")
        ]
        at = pick(self._choices, users) + 1 if users else len(messages)
        messages[at:at] = [caller, *results]
        self._indexes["messages", ITEM] = at
