"""Rendering only what is portable: templates with errors for the targets that are required are refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from portable_tpl.model.errors import NotPortable
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.source import Template

_MOST = 64  # templates whose findings are kept: a program has one or two


def require_all_portable(template: Template, targets: Sequence[str]) -> None:
    """:func:`require_portable` for each template that a render of this one may take."""
    chosen = tuple(part for text in targets for part in text.split(",") if part)
    for each in {template.name: template, **template.named}.values():
        require_portable(each, chosen)


def require_portable(template: Template, targets: tuple[str, ...]) -> None:
    """Raise :class:`NotPortable`, with the findings, where the template has errors for any of the targets.

    Nothing is run: what is known of the targets is asked. Raises :class:`TemplateSyntaxError`, and
    :class:`UnknownTarget` and :class:`TargetUnavailable` for what is no target or was never measured.
    """
    findings = _errors(template, targets)
    if findings:
        first = findings[0]
        place = f"line {first.location.line}"
        more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        raise NotPortable(
            f"{template.label}: not portable to {', '.join(targets)}: {first.code} at {place}: {first.message}{more}",
            findings,
        )


@lru_cache(maxsize=_MOST)
def _errors(template: Template, targets: tuple[str, ...]) -> tuple[Finding, ...]:
    from portable_tpl.checking.linting import lint
    from portable_tpl.targets.catalogue import static_targets
    from portable_tpl.template import compile_check, parse

    parsed = parse(template)
    compile_check(parsed)
    chosen = tuple(status.id for status in static_targets(targets))
    return tuple(
        finding for finding in lint(parsed, chosen) if finding.severity is Severity.ERROR and not finding.suppressed
    )
