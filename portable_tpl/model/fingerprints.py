"""What a finding or a mismatch is known by from one run to the next.

Neither places nor texts elsewhere in the template are part of it, so that a defect stays the same defect when lines
above it come or go. Defects that are equal in every part have one fingerprint, so whoever keeps
them counts them.
"""

from __future__ import annotations

import hashlib
import os

from portable_tpl.model.findings import Finding
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.source import Template

# Files that can hold several templates, each under a name; in any other file there is one.
_NAMING = (".json", ".gguf")


def name_in_file(template: Template) -> str:
    """What a template is called in its file: a Jinja file holds one, whatever the folder around it calls that."""
    named = template.path is None or not os.path.splitext(template.path)[1] or template.path.endswith(_NAMING)
    return template.name if named else "default"


def finding_fingerprint(template: Template, finding: Finding) -> str:
    """The fingerprint of a finding: the rule, the template's name, the words that it is about, and the files."""
    text = template.text[finding.location.start : finding.location.end]
    # Of a statement that spans lines the first one is its own; what stands between its tags may change.
    first = next((line for line in text.splitlines() if line.strip()), "")
    return digest(finding.code, name_in_file(template), " ".join(first.split()), *finding.related)


def mismatch_fingerprint(template: Template, target: str, mismatch: Mismatch) -> str:
    """The fingerprint of a mismatch: how a target, whatever its version, differs, why, and the words of the line."""
    words = "" if mismatch.line is None else template.text[slice(*template.line_span(mismatch.line))]
    cause = mismatch.cause or mismatch.code or ""
    name = target.partition("@")[0]
    return digest(name_in_file(template), name, mismatch.kind, mismatch.origin, cause, " ".join(words.split()))


def digest(*parts: str) -> str:
    """32 hex digits that stand for some texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
