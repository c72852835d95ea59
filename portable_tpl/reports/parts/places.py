"""Where in which file a template's own line numbers mean something."""

from __future__ import annotations

import re

from portable_tpl.model.source import Template

# A file of its own has a suffix, and not that of a file in which templates are values among others. A folder, a hub
# id, standard input and a bare string have none of which a reader could open a line.
_OWN_FILE = re.compile(r"\.(?!(?:json|jsonl|gguf)$)[a-z][a-z0-9]*$", re.IGNORECASE)


def has_own_file(template: Template) -> bool:
    """Whether the template is the whole of a file, so that its lines are the file's lines."""
    return template.name == "default" and bool(_OWN_FILE.search(template.path or ""))


def in_template(template: Template, line: int | None) -> str:
    """Where in a template that has no file of its own something is: ``template default, line 3: ``, else nothing."""
    if has_own_file(template):
        return ""
    return f"template {template.name}: " if line is None else f"template {template.name}, line {line}: "


def uri(template: Template) -> str:
    """The template's path as a URI reference: relative paths stay relative, absolute ones become ``file:`` URIs."""
    return path_uri(template.path or "<string>")


def path_uri(path: str) -> str:
    """A path as a URI reference."""
    from urllib.parse import quote

    path = path.removeprefix("./")  # code scanning matches paths as git spells them
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="/!$&'()*+,;=@~")
    return f"file://{quoted}" if quoted.startswith("/") else quoted
