"""The house keeps its shape: no circles of imports between modules, no crowded folder, no module that grew too long."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import portable_tpl

ROOT = Path(portable_tpl.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py"))
# One file a rule, a release check or a step: these folders grow with what they hold.
PLUG_FOLDERS = {"rules", "release", "steps"}
MOST_MODULES = 20
MOST_LINES = 400


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def _imported(tree: ast.AST) -> Iterator[str]:
    """What a module imports, functions included; what only the type checker sees is left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module
        else:
            yield from _imported(node)


def imports_of(path: Path) -> set[str]:
    return {name for name in _imported(ast.parse(path.read_text("utf-8"))) if name in NAMES} - {name_of(path)}


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """A circle of the graph, as the path that closes it; empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for each in sorted(graph[name]):
            circle = visit(each)
            if circle:
                return circle
        done.add(path.pop())
        return []

    return next((circle for name in sorted(graph) if (circle := visit(name))), [])


def test_no_modules_import_in_a_circle() -> None:
    # The package's own face is imported for its version alone; what it re-exports, it imports when asked.
    graph = {name_of(path): imports_of(path) - {"portable_tpl"} for path in MODULES}
    assert circle_in(graph) == []


def test_a_circle_would_be_seen() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


def test_folders_are_not_crowded() -> None:
    sizes = Counter(str(path.parent.relative_to(ROOT)) for path in MODULES if path.name != "__init__.py")
    crowded = {folder: size for folder, size in sizes.items() if size > MOST_MODULES}
    assert {folder for folder in crowded if Path(folder).name not in PLUG_FOLDERS} == set()


def test_modules_hold_one_idea() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_every_package_says_what_it_holds() -> None:
    inits = [path for path in MODULES if path.name == "__init__.py"]
    assert all(ast.get_docstring(ast.parse(path.read_text("utf-8"))) for path in inits)
