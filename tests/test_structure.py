"""The house keeps its shape: no circles of imports, no crowded folder, no long module, no name without a caller."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import portable_tpl

ROOT, TESTS = Path(portable_tpl.__file__).parent, Path(__file__).parent
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


def test_every_package_says_what_comes_in_and_what_goes_out() -> None:
    inits = [path for path in MODULES if path.name == "__init__.py" and path.parent != ROOT]
    pages = {name_of(path): ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in inits}
    assert {name for name, page in pages.items() if "In:" not in page or "Out:" not in page} == set()


def test_every_name_has_a_caller() -> None:
    """A function, class or constant of a module is named somewhere besides: here, or where it is registered."""
    places = [
        *MODULES,
        *TESTS.rglob("*.py"),
        ROOT.parent / "noxfile.py",
        ROOT.parent / "pyproject.toml",
    ]
    words = Counter(word for path in places for word in re.findall(r"\w+", path.read_text("utf-8")))
    names = {name for path in MODULES for name in _defined(ast.parse(path.read_text("utf-8")))}
    assert {name for name in names if words[name] < 2 and not name.startswith("__")} == set()


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
