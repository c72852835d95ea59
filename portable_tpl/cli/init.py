"""``portable-tpl init``: the configuration, the hook and the workflow of a repository that holds templates."""

from __future__ import annotations

from pathlib import Path

import click

import portable_tpl
from portable_tpl.cli.streams import say
from portable_tpl.model.errors import InputError

_CONFIGURATION = """\
# Settings of portable-tpl; flags override them (`portable-tpl audit --help`).
targets = [{targets}]
# Rules and release checks to leave out, everywhere or by file:
# ignore = ["PTL305"]
# per-file-ignores = {{ "templates/old*.jinja" = ["PTL1"] }}
# What a deployment brings that no engine has by itself:
# provided = ["my_filter"]
"""

_HOOK = """\
repos:
  - repo: https://github.com/portable-tpl/portable-tpl
    rev: v{version}
    hooks:
      - id: portable-tpl-check
"""

_WORKFLOW = """\
name: chat templates
on: [push, pull_request]
permissions:
  contents: read
  security-events: write  # for the code scanning results
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: portable-tpl/portable-tpl/.github/actions/audit@v{version}
        with:
          paths: {paths}
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with:
          sarif_file: portable-tpl.sarif
"""

_DEFAULT = ("minijinja", "hf-jinja", "llama.cpp")


@click.command("init", short_help="Write configuration, hook and workflow for this repository.")
@click.argument("paths", metavar="[PATH...]", nargs=-1)
@click.option("--target", "-t", "targets", multiple=True, metavar="T", help="Runtime or deployment (repeatable).")
@click.option("--print", "show", is_flag=True, help="Print the files instead of writing them.")
def command(paths: tuple[str, ...], targets: tuple[str, ...], show: bool) -> int:
    """Write portable-tpl.toml, .pre-commit-config.yaml and .github/workflows/chat-templates.yml.

    PATH names the templates that the workflow audits (default: the whole repository). A file that exists is left as
    it is, and what it should hold is printed.
    """
    files = files_for(paths or (".",), targets or _DEFAULT)
    for name, text in files.items():
        path = Path(name)
        if show or path.exists():
            if not show:
                say(f"portable-tpl: {name} exists; it could hold:")
            click.echo(f"# {name}\n{text}")
            continue
        _write(path, text)
        say(f"portable-tpl: wrote {name}")
    return 0


def files_for(paths: tuple[str, ...], targets: tuple[str, ...]) -> dict[str, str]:
    """The files by path, for templates and targets; raises :class:`UnknownTarget`."""
    from portable_tpl.targets.registry import canonical

    named = ", ".join(f'"{canonical(target)}"' for target in targets)
    version = portable_tpl.__version__
    return {
        "portable-tpl.toml": _CONFIGURATION.format(targets=named),
        ".pre-commit-config.yaml": _HOOK.format(version=version),
        ".github/workflows/chat-templates.yml": _WORKFLOW.format(version=version, paths=" ".join(paths)),
    }


def _write(path: Path, text: str) -> None:
    from portable_tpl.sources import replace_files

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made: {error.strerror}") from None
    replace_files({str(path): [text.encode()]})
