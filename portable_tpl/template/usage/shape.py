"""What a template expects of its input: its roles, its keys, its markers, its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from jinja2 import nodes

from portable_tpl.requests.fields import FIELDS, GIVEN_TOKENS
from portable_tpl.requests.markers import SPECIAL, SYNTAX
from portable_tpl.requests.parts import MEDIA, PART_KEYS
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE, Facts
from portable_tpl.template.usage.paths import Path, PathReader

MESSAGE: Path = ("messages", ITEM)
CONTENT: Path = (*MESSAGE, "content")
PART: Path = (*CONTENT, ITEM)
CALLS: Path = (*MESSAGE, "tool_calls")
CALL: Path = (*CALLS, ITEM)
TOOL: Path = ("tools", ITEM)
DOCUMENT: Path = ("documents", ITEM)

_GIVEN = frozenset((*FIELDS, *GIVEN_TOKENS))
_GLOBALS = frozenset({
    "range", "lipsum", "dict", "cycler", "joiner", "namespace", "raise_exception", "strftime_now", "loop", "self",
    "super", "caller", "varargs", "kwargs", "true", "false", "none", "True", "False", "None",
})  # fmt: skip
_NO_FACTS = Facts()
_NO_PATHS: Mapping[Path, Facts] = MappingProxyType({})


@dataclass(frozen=True)
class TemplateShape:
    """What a template reads, by path (see :mod:`portable_tpl.template.usage.paths`).

    ``variables`` are the names that it expects beside messages, tools, documents, the generation flag and the special
    tokens; ``functions`` those that it calls, which no conversation can give. ``part_roles`` are the roles whose
    content it takes as typed parts. The default shape is that of a plain
    ChatML template.
    """

    facts: Mapping[Path, Facts] = field(default_factory=lambda: _NO_PATHS, hash=False)
    variables: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()
    part_roles: frozenset[str] = frozenset()
    uses_clock: bool = False

    def at(self, path: Path) -> Facts:
        """What the template does with the part of its input at ``path``."""
        return self.facts.get(path, _NO_FACTS)

    def reads(self, path: Path) -> bool:
        """Whether the template looks at ``path`` at all."""
        return path in self.facts

    @cached_property
    def _children(self) -> dict[Path, list[str]]:
        out: dict[Path, list[str]] = {}
        for path in self.facts:
            for depth in range(1, len(path)):
                steps = out.setdefault(path[:depth], [])
                if path[depth] not in steps:
                    steps.append(path[depth])
        return out

    def children(self, path: Path) -> tuple[str, ...]:
        """The steps that the template takes from ``path``, ``[]`` and the like included."""
        return tuple(self._children.get(path, ()))

    @cached_property
    def _keys(self) -> dict[Path, tuple[str, ...]]:
        return {}

    def keys(self, path: Path) -> tuple[str, ...]:
        """The keys that the template names at ``path``: read there, or asked for with ``in``."""
        known = self._keys.get(path)
        if known is None:
            named = [step for step in self.children(path) if step not in (ITEM, VALUE, KEY, TEXT)]
            wanted_keys = [text for text in self.at(path).markers if text.isidentifier()]
            known = self._keys[path] = tuple(dict.fromkeys([*named, *wanted_keys]))
        return known

    def is_flag(self, variable: str) -> bool:
        """Whether only the truth of a variable matters."""
        facts = self.at((variable,))
        uses = {use for use in facts.uses if not use.startswith("is-")}
        truth = "truth" in uses or not facts.uses.isdisjoint(("is-true", "is-false", "is-boolean"))
        texts = [value for value in facts.equals if not isinstance(value, bool) and value is not None]
        return (
            (truth or any(isinstance(value, bool) for value in facts.equals))
            and not uses - {"truth"}
            and not texts
            and not facts.markers
            and not self.children((variable,))
        )

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Every role that the template names."""
        named = (value for value in self.at((*MESSAGE, "role")).equals if isinstance(value, str) and value)
        return tuple(dict.fromkeys(named))

    @cached_property
    def part_types(self) -> tuple[str, ...]:
        """Types of typed parts that the template names, ``text`` first."""
        named = [value for value in self.at((*PART, "type")).equals if isinstance(value, str)]
        keys = [key for key in self.keys(PART) if key not in ("type", "text")]
        return tuple(dict.fromkeys(["text", *named, *(key for key in keys if key in MEDIA)]))

    @cached_property
    def _markers(self) -> dict[tuple[Path, bool], tuple[str, ...]]:
        return {}

    def markers(self, path: Path, special: bool = True) -> tuple[str, ...]:
        """Texts that the template looks for in the text at ``path``, in the order in which it does.

        Without ``special``, those that look like special tokens are left out.
        """
        known = self._markers.get((path, special))
        if known is None:
            known = self._markers[path, special] = tuple(self._searched(path, special))
        return known

    def _searched(self, path: Path, special: bool) -> Iterator[str]:
        texts: dict[str, None] = {}
        for at in (path, (*path, TEXT)):
            texts.update(self.at(at).markers)
            texts.update((value, None) for value in self.at(at).equals if isinstance(value, str))
        for marker in texts:
            if marker and not SYNTAX.search(marker) and (special or not SPECIAL.search(marker)):
                yield marker


def shape_of(tree: nodes.Template) -> TemplateShape:
    """The shape of a parsed template."""
    reader = PathReader(tree)
    names = reader.free.keys() - reader.called
    variables = tuple(sorted(name for name in names if name not in _GIVEN and name not in _GLOBALS))
    shape = TemplateShape(
        reader.facts,
        variables,
        frozenset(reader.called),
        uses_clock=any(name.name == "strftime_now" for name in tree.find_all(nodes.Name)),
    )
    if _reads_parts(shape):
        return replace(shape, part_roles=frozenset({"user"}))
    return shape


def _reads_parts(shape: TemplateShape) -> bool:
    return any(key in PART_KEYS for key in shape.keys(PART))
