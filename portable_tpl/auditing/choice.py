"""What of all that could be said a report is to say: rules chosen and left out, and what a deployment brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from portable_tpl.model.findings import Finding, Severity


def _none(_path: str | None) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Choice:
    """Codes, prefixes of codes or names of rules, as the command line and the configuration give them.

    ``select`` empty means all. ``ignored_in`` gives what is left out for a template's path alone. ``provided`` names
    filters, tests and functions that the deployment brings. ``severities`` replaces the computed severity, by
    subjects like those of ``select``.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    ignored_in: Callable[[str | None], tuple[str, ...]] = _none
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def without(self, path: str | None) -> tuple[str, ...]:
        """All that is left out for a template's path."""
        return (*self.ignore, *self.ignored_in(path))

    def expect_known(self) -> None:
        """Raise ``InputError`` for a code that is none, before anything is looked at."""
        from portable_tpl.checking.selecting import chosen_codes

        chosen_codes(self.select, self.ignore)
        chosen_codes(tuple(self.severities), ())

    def chosen(self, findings: Iterable[Finding], path: str | None) -> tuple[Finding, ...]:
        """Those findings about a template's path whose code is chosen."""
        from portable_tpl.checking.selecting import chosen_codes

        codes = chosen_codes(self.select, self.without(path))
        return tuple(finding for finding in findings if codes is None or finding.code in codes)

    def graded(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings with the severities that are set; what no engine shows stays what it is."""
        if not self.severities:
            return tuple(findings)
        return tuple(
            finding
            if finding.evidence == "unseen" or (severity := self.severity_of(finding.code)) is None
            else replace(finding, severity=severity)
            for finding in findings
        )

    def severity_of(self, code: str) -> Severity | None:
        """The severity that is set for a code; where several subjects name it, the closest does."""
        from portable_tpl.checking.selecting import codes_of

        naming = [(len(codes_of(subject)), subject) for subject in self.severities if code in codes_of(subject)]
        return self.severities[min(naming)[1]] if naming else None
