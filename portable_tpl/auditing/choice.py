"""What of all that could be said a report is to say: rules chosen and left out, and what a deployment brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portable_tpl.model.findings import Severity


def _none(_path: str | None) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Choice:
    """Codes, prefixes of codes or names of rules, as the command line and the configuration give them.

    ``select`` empty means all. ``ignored_in`` gives what is left out for a template's path alone. ``provided`` names
    filters, tests and functions that the deployment brings. ``severities`` replaces the computed severity by code.
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
