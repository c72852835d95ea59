"""The state of one run: what is known about each name, and what each node was seen to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from portable_tpl.model.conversation import Tier
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, NEVER, Shape, Type, case_labels
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.requests.own_values import OwnValues
from portable_tpl.template.types.requests.request_tools import open_data
from portable_tpl.template.types.seeds import Guesses, guessed_type

# Names to types. A key that starts with a dot is not a name but holds what guards proved about parts of that name's
# value: a mapping from paths (`("content",)`, `(0, "role")`) to types. Those that start with `>` and `<`
# pair the name of a key with that of its value in a dict, and back.
Env = dict[str, Any]
Path = tuple[str | int, ...]
Evaluate = Callable[["Machine", Any, Env], Type]


class Machine:
    """One abstract run of one template; see the package's docstring for the parts."""

    def __init__(
        self,
        pool: Pool,
        tier: Tier,
        names: Mapping[str, Type],
        own: OwnValues,
        handlers: dict[type, Evaluate],
        provided: frozenset[str] = frozenset(),
    ) -> None:
        self.pool = pool
        self.tier = tier
        self.names = names
        self.own = own
        self.open = open_data(pool, tier)
        self.handlers = handlers
        self.provided = provided
        self.types: dict[int, Type] = {}
        self.reached: set[int] = set()
        self.frames: list[Env] = []
        self.attributes: dict[tuple[object, str], Type] = {}
        self.attributes_read: set[tuple[object, str]] = set()
        self.attribute_writes = 0
        self.guesses: Guesses = {}
        self.doubted: set[Any] = set()
        self.guess_texts = True
        self.guessed: dict[tuple[object, str], Type] = {}
        self.written: dict[tuple[object, str], Type] = {}
        self.stale = False
        self.round = 0
        self.macros: dict[object, Any] = {}
        self.queue: list[Any] = []
        self.macro_names = own.demands.macro_names
        self._paths: dict[int, tuple[str, Path] | None] = {}
        self._got: dict[int, nodes.Getitem | None] = {}
        self.block_text = pool.type(k.STR | k.TEXT_FACTS)  # what the block printed whose filter is looked at

    def evaluate(self, node: nodes.Node, env: Env) -> Type:
        """The type of an expression; ``NEVER`` where it cannot give a value."""
        types = self.types
        key = id(node)
        kind = node.__class__
        if kind is nodes.Const and key in types:
            return types[key]
        result = self.handlers[kind](self, node, env)
        old = types.get(key)
        if old is not result:
            types[key] = result if old is None else self.pool.join(old, result)
        return result

    def unpacks(self, node: Any, env: Env) -> bool:
        """Whether ``*list`` and ``**mapping`` among the arguments of a call, a filter or a test give a value."""
        spread = [each for each in (node.dyn_args, node.dyn_kwargs) if each is not None]
        return all(self.evaluate(each, env) is not NEVER for each in spread)

    def lookup(self, env: Env, name: str) -> Type:
        """What a name is."""
        value: Type | None = env.get(name)
        if value is None:
            value = self.names.get(name)
        return self.own.variable(name) if value is None else value

    def field(self, shape: Shape, key: str) -> Type:
        """What a dict gives under a key."""
        value = (shape.fields or {}).get(key, shape.rest)
        return self.pool.unsure(self.own.key(key), but=k.UNDEFINED) if value is self.open else value

    def path(self, node: nodes.Node) -> tuple[str, Path] | None:
        """The name and the constant steps that an expression such as ``messages[0].role`` takes from it."""
        key = id(node)
        try:
            return self._paths[key]
        except KeyError:
            place = self._paths[key] = self._find_path(node)
            return place

    def _find_path(self, node: nodes.Node) -> tuple[str, Path] | None:
        if isinstance(node, nodes.Name):
            return "." + node.name, ()
        if isinstance(node, nodes.Getattr):
            step: object = node.attr
        elif isinstance(node, nodes.Getitem):
            step = _constant_step(node.arg)
        else:
            return None
        base = self.path(node.node)
        if base is None or not isinstance(step, (str, int)) or isinstance(step, bool):
            return None
        return base[0], (*base[1], step)

    def known(self, node: nodes.Node, env: Env) -> Type | None:
        """What guards proved about an attribute or item, if anything."""
        try:
            path = self._paths[id(node)]
        except KeyError:
            path = self.path(node)
        if path is None:
            return None
        proved = env.get(path[0])
        return None if proved is None else proved.get(path[1])

    def narrow(self, env: Env, node: nodes.Node, type_: Type) -> None:
        """Note in ``env`` that the value of ``node``, if it is a name or a path, is of this type."""
        try:
            path = self._paths[id(node)]
        except KeyError:
            path = self.path(node)
        if path is None:
            if node.__class__ is nodes.Call:
                self._narrow_got(env, node, type_)
            return
        dotted, steps = path
        if not steps:
            name = dotted[1:]
            env[name] = type_
            if type_.texts is not None and ">" + name in env:
                self._narrow_value(env, name, type_.texts)
            return
        proved = env.get(dotted)
        env[dotted] = {steps: type_} if proved is None else {**proved, steps: type_}
        self._narrow_holder(env, node, steps[-1], type_)

    def got(self, node: Any) -> nodes.Getitem | None:
        """The item ``d["key"]`` that a call ``d.get("key")`` reads, if it is such a call."""
        key = id(node)
        try:
            return self._got[key]
        except KeyError:
            read = self._got[key] = _read_by_get(node)
            return read

    def _narrow_got(self, env: Env, node: Any, type_: Type) -> None:
        """Note what is known of the item that a call of ``get`` reads, when the call's value is of this type."""
        item = self.got(node)
        if item is None:
            return
        holder = self.types.get(id(item.node), NEVER)
        if not holder.only(k.DICT) or holder.shape is None or holder.shape.fields is None:
            return
        field = self.known(item, env)
        if field is None:
            field = self.field(holder.shape, item.arg.value)  # type: ignore[attr-defined]
        default = self.types.get(id(node.args[1]), NEVER).bits if len(node.args) > 1 else k.NONE
        kinds = type_.bits & k.ALL_KINDS & ~k.UNDEFINED
        item_type = (
            self.pool.keep(field, kinds) if default & kinds else self.pool.keep(type_, field.bits & k.ALL_KINDS)
        )
        if field.bits & k.UNDEFINED and default & type_.bits & k.ALL_KINDS:
            item_type = self.pool.join(item_type, ABSENT)
        if item_type.bits & k.ALL_KINDS:
            self.narrow(env, item, item_type)

    def _narrow_holder(self, env: Env, node: Any, step: str | int, type_: Type) -> None:
        """Carry what was proved about a part over to the whole, where the whole depends on it."""
        holder = node.node
        whole = self.known(holder, env) if not isinstance(holder, nodes.Name) else self.lookup(env, holder.name)
        if whole is None:
            whole = self.types.get(id(holder), NEVER)
        if whole.bits & _ATTRIBUTELESS and step.__class__ is str and not type_.bits & (k.UNDEFINED | k.METHOD):
            whole = self.pool.keep(whole, ~_ATTRIBUTELESS)
            self.narrow(env, holder, whole)
        shape = whole.shape
        if shape is None or (step != 0 and shape.cases is None):
            return
        if step == 0 and shape.items and isinstance(holder, nodes.Name):
            changed = self.pool.shape(
                (type_, *shape.items[1:]), shape.tail, shape.least, shape.fields, shape.rest, shape.cases, shape.refs
            )
            env[holder.name] = self.pool.type(whole.bits, whole.texts, whole.numbers, changed)
        elif shape.cases is not None and not whole.bits & k.ALL_KINDS & ~k.DICT:
            labels = case_labels(shape.cases, step, type_)
            if labels:
                self.narrow(env, holder, self.pool.case(shape.cases, labels))
            else:
                self.narrow(env, holder, self.pool.refine(whole, step, type_))

    def pair(self, env: Env, key: str, value: str, holder: Type) -> None:
        """Note that two names are a key and its value in a dict, so that what is proved of one tells the other."""
        env[">" + key] = (value, holder)
        env["<" + value] = key

    def key_of(self, env: Env, key: str, holder: nodes.Node) -> None:
        """Note that a name is a key of a dict, for as long as neither is another one."""
        path = self.path(holder)
        if path is not None:
            env["^" + key] = (path, env.get(path[0][1:]))

    def is_key_of(self, env: Env, key: str, holder: nodes.Node) -> bool:
        """Whether a name is known to be a key of a dict."""
        path = self.path(holder)
        return path is not None and env.get("^" + key) == (path, env.get(path[0][1:]))

    def _narrow_value(self, env: Env, key: str, texts: frozenset[str]) -> None:
        value, holder = env[">" + key]
        narrowed = self.pool.join_all(self.field(holder.shape, text) for text in texts)
        narrowed = self.pool.keep(narrowed, env[value].bits & k.ALL_KINDS & ~k.UNDEFINED)
        if narrowed.bits & k.ALL_KINDS:
            env[value] = self.pool.unsure(narrowed) if k.unsure_kinds(holder.bits) & k.DICT else narrowed

    def assign(self, env: Env, name: str, type_: Type) -> None:
        """Give a name a new value."""
        env[name] = type_
        env.pop("." + name, None)
        env.pop(">" + name, None)
        env.pop("^" + name, None)
        key = env.pop("<" + name, None)
        if key is not None:
            env.pop(">" + key, None)

    def forget_attributes(self, env: Env) -> None:
        """Drop what was proved about namespaces: somebody else may have written to them."""
        for key in [key for key in env if key[0] == "."]:
            if self.lookup(env, key[1:]).bits & k.NAMESPACE:
                del env[key]

    def read_attribute(self, site: object, name: str) -> Type:
        """What a namespace's attribute holds, as far as known in this round."""
        self.attributes_read.add((site, name))
        value = self.attributes.get((site, name))
        if value is None:
            self.attributes[site, name] = value = ABSENT
        return value

    def write_attribute(self, site: object, name: str, type_: Type, late: bool) -> None:
        """Note that a namespace's attribute can hold a value; values read earlier are then stale.

        ``late``: the namespace exists already.
        """
        key = (site, name)
        old = self.attributes.get(key)
        self.attribute_writes += 1
        if old is None:
            # Not given when the namespace was made: undefined until this write.
            old = ABSENT if late else NEVER
        new = self.pool.join(old, type_)
        if key in self.guessed:
            self.written[key] = self.pool.join(self.written[key], type_)
        if new is not old:
            if self.round > 1:
                new = self.pool.widen(new)
            self.attributes[key] = new
            if key in self.attributes_read:
                self.stale = True

    def guess_attribute(self, site: int, name: str, kinds: set[object]) -> None:
        """Take for granted what the template will write to an attribute of a namespace that was just made."""
        key = (site, name)
        if key not in self.guessed and key not in self.doubted:
            initial = self.attributes.get(key, ABSENT)
            self.written[key] = initial
            self.guessed[key] = self.attributes[key] = guessed_type(self.pool, initial, kinds, self.guess_texts)

    def merge(self, left: Env | None, right: Env | None) -> Env | None:
        """What is known where two branches meet; may reuse either of them."""
        if left is None or left is right:
            return right
        if right is None:
            return left
        join = self.pool.join
        others = map(right.get, left)
        differing = [key for (key, one), other in zip(left.items(), others, strict=True) if other is not one]
        alone = sum(key not in right for key in differing)
        if len(right) + alone > len(left):
            for key in right.keys() - left.keys():
                if key[0] not in _MARKS:
                    left[key] = join(right[key], self.lookup(_EMPTY, key))
        for key in differing:
            other = right.get(key)
            if key[0] in _MARKS:
                if key[0] == "." and other is not None:
                    one = left[key]
                    left[key] = {path: join(type_, other[path]) for path, type_ in one.items() if path in other}
                else:
                    del left[key]
            else:
                left[key] = join(left[key], self.lookup(_EMPTY, key) if other is None else other)
        return left


_EMPTY: Env = {}
_MARKS = ".<>^"
# Values of these kinds have methods, if anything, but no attributes or keys that hold something.
_ATTRIBUTELESS = (
    k.UNDEFINED | k.NONE | k.NUMBER | k.ANY_TEXT | k.LIST | k.TUPLE | k.VIEW | k.RANGE | k.ITERATOR | k.METHOD
)


def _read_by_get(node: Any) -> nodes.Getitem | None:
    callee = node.node
    if callee.__class__ is not nodes.Getattr or callee.attr != "get" or not node.args or node.kwargs:
        return None
    key = node.args[0]
    if key.__class__ is not nodes.Const or not isinstance(key.value, str) or node.dyn_args or node.dyn_kwargs:
        return None
    return nodes.Getitem(callee.node, key, "load")


def _constant_step(node: nodes.Node) -> object:
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        value = node.node.value
        return -value if isinstance(value, int) else None
    return None
