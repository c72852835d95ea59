"""The Python interface: ``import portable_tpl as pt``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from portable_tpl.fixing import FixResult
from portable_tpl.model.conversation import Conversation, Json, Tier
from portable_tpl.model.difference import TemplateDifference
from portable_tpl.model.errors import InputError
from portable_tpl.model.findings import Finding
from portable_tpl.model.report import Comparison, Report
from portable_tpl.model.source import Template

if TYPE_CHECKING:
    from portable_tpl.differential.run.settings import CompareSettings
    from portable_tpl.rendering.chat_template import ChatTemplate
    from portable_tpl.rendering.prompts import Tool
    from portable_tpl.sources import Container
    from portable_tpl.support.table import Table

__all__ = ["FixResult", "audit", "check", "compare", "compile", "diff", "fix", "load", "render"]


def load(path: str | os.PathLike[str], name: str | None = None) -> Template:
    """Read the template of a container: a file, a model folder, a GGUF file or a hub id.

    ``name`` chooses one of several for good; without it ``default`` is taken, or the first where there is none, and
    the others stay within reach in ``Template.named``. Raises :class:`SourceError`. ::

        from pathlib import Path
        Path("chat_template.jinja").write_text("{{ messages[0].content }}")
        template = portable_tpl.load("chat_template.jinja")
        assert (template.name, template.text) == ("default", "{{ messages[0].content }}")
    """
    from portable_tpl.sources import open_container

    container = open_container(_path(path))
    if name is not None:
        return replace(container.template(name), named={})
    return container.templates[0]


def check(
    template: Template | str,
    targets: Sequence[str] | str | None = None,
    tier: Tier | str = Tier.EVERYDAY,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[Finding]:
    """Find what is not portable to the targets, without rendering; suppressed findings are left out.

    ``template`` is the text of one, or what :func:`load` gave. Findings come in the order of their places.
    Raises :class:`TemplateSyntaxError`, :class:`UnknownTarget` and
    :class:`TargetUnavailable`, the last for a target that was never measured. ::

        findings = portable_tpl.check("{{ messages[0].content.strip() }}", targets="minijinja-strict")
        assert [(finding.code, finding.location.line) for finding in findings] == [("PTL101", 1)]
    """
    from portable_tpl.auditing.choice import Choice
    from portable_tpl.auditing.static import parsed_whole, static_findings

    choice = Choice(_names(select), _names(ignore))
    findings = static_findings(parsed_whole(_template(template)), _static(targets), _tier(tier), choice)
    return [finding for finding in findings if not finding.suppressed]


def fix(
    template: Template | str,
    targets: Sequence[str] | str | None = None,
    unsafe: bool = False,
    tier: Tier | str = Tier.EVERYDAY,
) -> FixResult:
    """Rewrite what is not portable to the targets, each change proved on the reference; raises as :func:`check`.

    ``FixResult.text`` is the new template, ``applied`` are the findings whose fixes are in it, and ``refused`` those
    whose fixes would have changed a prompt. ``unsafe`` takes fixes that are not sure to keep all prompts, too. ::

        result = portable_tpl.fix("{{ messages[0].content.strip() }}", targets="minijinja-strict")
        assert result.text == "{{ messages[0].content|trim }}"
    """
    from portable_tpl.fixing import fix as fix_template
    from portable_tpl.template import compile_check, parse

    given = _template(template)
    compile_check(parse(given), unknown_names=True)
    return fix_template(given, targets=_static(targets), unsafe=unsafe, tier=_tier(tier))


def compare(
    template: Template | str,
    targets: Sequence[str] | str | None = None,
    examples: int | None = None,
    seed: int = 0,
    tier: Tier | str = Tier.EVERYDAY,
    conversations: Sequence[Conversation] = (),
) -> Comparison:
    """Render conversations on the targets and on the reference; what differs comes shrunk, with its cause.

    ``examples`` conversations are generated (80 without it), and the ``conversations`` given are rendered besides;
    ``Comparison.targets`` holds for each target its mismatches, one a cause. Without ``targets`` the default ones
    that are installed are run. Raises :class:`TargetUnavailable` for one that was asked for and is not, and
    :class:`TemplateSyntaxError`. ::

        comparison = portable_tpl.compare("{{ messages[0].content.strip() }}", "minijinja-strict", examples=5)
        (mismatch,) = comparison.targets["minijinja-strict"].mismatches
        assert (mismatch.kind, mismatch.cause) == ("target-error", "method.str.strip")
    """
    from portable_tpl.differential.run.session import Session
    from portable_tpl.targets.catalogue import running_targets

    settings = _settings(examples, seed, tier, conversations)
    running = [status.id for status in running_targets(_names(targets)) if status.status == "run"]
    with Session(running) as session:
        return session.compare(_template(template), settings)


def audit(
    path: str | os.PathLike[str] | Template | Sequence[str | os.PathLike[str] | Template],
    targets: Sequence[str] | str | None = None,
    examples: int | None = None,
    seed: int = 0,
    tier: Tier | str = Tier.EVERYDAY,
    conversations: Sequence[Conversation] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    jobs: int = 1,
) -> Report:
    """Check, compare and ask release checks of all templates of a container or of several, in one report.

    It is the report that ``portable-tpl audit`` prints for the same arguments without a configuration file. ``jobs``
    above 1 starts processes, which wants a script with a guarded main module. Without ``targets`` the default ones
    are taken, and those that are not installed are ``skipped`` in the report. Raises :class:`TargetUnavailable` for
    one that was asked for and is not, :class:`UnknownTarget`, and :class:`SourceError` for a path without a template;
    a template that cannot be used has an error in the report. ::

        template = portable_tpl.Template("{% for m in messages %}{{ m.content.strip() }}{% endfor %}")
        report = portable_tpl.audit(template, targets="minijinja-strict", examples=5)
        assert report.templates[0].verdicts == {"minijinja-strict": "fails"}
    """
    from portable_tpl.auditing.audit import AuditSettings, audit
    from portable_tpl.auditing.choice import Choice
    from portable_tpl.sources import discover
    from portable_tpl.targets.catalogue import measure_missing, running_targets

    paths = [path] if isinstance(path, (str, os.PathLike, Template)) else list(path)
    containers: list[Container] = []
    for each in paths:
        containers += [_container(each)] if isinstance(each, Template) else discover([_path(each)])
    settings = AuditSettings(
        compare=_settings(examples, seed, tier, conversations),
        choice=Choice(_names(select), _names(ignore)),
        jobs=jobs,
    )
    running = [status.id for status in running_targets(_names(targets)) if status.status == "run"]
    measure_missing(running, _measure)
    return audit(containers, _names(targets), settings)


def diff(
    old: Template | str | os.PathLike[str],
    new: Template | str | os.PathLike[str],
    target: str = "transformers",
    examples: int | None = None,
    seed: int = 0,
    tier: Tier | str = Tier.EVERYDAY,
    conversations: Sequence[Conversation] = (),
) -> list[TemplateDifference]:
    """Say whether two templates, or the templates of two containers, print the same prompts on a target.

    A string is a path or a hub id, as for :func:`audit`. One difference for each template's name, in which
    ``differences`` hold the smallest conversation for each reason. Raises :class:`TemplateSyntaxError`,
    :class:`SourceError`, :class:`UnknownTarget` and :class:`TargetUnavailable`. ::

        old, new = portable_tpl.Template("{{ messages[0].content }}"), portable_tpl.Template("{{ messages[0].role }}")
        (difference,) = portable_tpl.diff(old, new, examples=5)
        assert difference.likeness == "differs"
    """
    from portable_tpl.auditing.difference import differences_of

    settings = _settings(examples, seed, tier, conversations)
    return list(differences_of(_container(old), _container(new), target, settings).differences)


def _container(given: Template | str | os.PathLike[str]) -> Container:
    from portable_tpl.sources import Container, open_container

    if isinstance(given, Template):
        return Container(given.path or "<string>", "string", (given,), ())
    return open_container(_path(given))


def compile(template: Template | str, name: str | None = None) -> ChatTemplate:  # noqa: A001 - the contract's name
    """Compile a template once, to make many prompts in this process at full speed; see :class:`ChatTemplate`.

    ``name`` chooses one of a container's templates for good; without it each render chooses as transformers does.
    Raises :class:`TemplateSyntaxError` for a template that the reference does not accept. ::

        chat = portable_tpl.compile("{{ messages[0].content }}{% if x %}, {{ x }}{% endif %}")
        assert chat.render([{"role": "user", "content": "Hi"}], x="you") == "Hi, you"
    """
    from portable_tpl.rendering.chat_template import ChatTemplate

    return ChatTemplate(_template(template), name)


def render(
    template: Template | str,
    messages: Any,
    tools: Sequence[Tool] | None = None,
    documents: Sequence[Mapping[str, Json]] | None = None,
    add_generation_prompt: bool = False,
    continue_final_message: bool | str = False,
    target: str = "transformers",
    name: str | None = None,
    special_tokens: Mapping[str, str] | None = None,
    clock: str | None = None,
    isolated: bool = False,
    require_portable: Sequence[str] | str = (),
    **variables: Json,
) -> str:
    """Make the prompt of a conversation, as transformers' ``apply_chat_template`` does, on any target.

    ``tools`` are JSON schemas or functions with Google-style docstrings. ``name`` chooses one of a container's
    templates; without it ``tool_use`` is taken where tools are given and the container has it. ``clock`` is the local
    time that the template sees, ISO 8601; now without it. Other keywords are variables of the template.

    On the reference the template runs in this process, in jinja2's sandbox, as it does in transformers: it cannot
    read or write anything, but it can run for ever or fill the memory. ``isolated=True`` runs it in a worker with
    limits (10 s, 1 GB): take that for a template from somebody you do not know. What is sent to a worker, and to any
    other ``target``, is JSON: a tuple arrives as a list there. ``require_portable`` names targets for which the
    template must have no errors. For many prompts see :func:`compile`.

    Raises :class:`RenderError` where the template refuses or fails, or where the arguments do not
    fit together; its :class:`NotPortable` with the findings where a required target has errors. ::

        text = portable_tpl.render("{{ messages[0].content }}", [{"role": "user", "content": "Hi"}])
        assert text == "Hi"
    """
    from portable_tpl.rendering import once, prompts

    call = prompts.Call(
        messages, tools, documents, add_generation_prompt, continue_final_message, variables, special_tokens, clock
    )
    return once.render_once(_template(template), call, target, name, isolated, _names(require_portable))


def _template(template: Template | str) -> Template:
    given = Template(template) if isinstance(template, str) else template
    if not isinstance(given, Template):
        raise InputError(f"expected a template or its text, not {type(given).__name__}")
    return given


def _path(given: str | os.PathLike[str]) -> str:
    if not isinstance(given, (str, os.PathLike)):
        raise InputError(f"expected a path or a hub id, not {type(given).__name__}")
    return os.fspath(given)


def _names(given: Sequence[str] | str | None) -> tuple[str, ...]:
    """One name stands for a list of one; its letters are not names."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def _static(targets: Sequence[str] | str | None) -> tuple[str, ...]:
    from portable_tpl.targets.catalogue import static_targets

    return tuple(status.id for status in static_targets(_names(targets), _measure) if status.status != "skipped")


def _measure(target: str) -> Table:
    from portable_tpl.probing.first_use import measured_once

    return measured_once(target)


def _tier(given: Tier | str) -> Tier:
    try:
        return Tier(given)
    except ValueError:
        raise InputError(f"unknown tier {given!r}; known: {', '.join(tier.value for tier in Tier)}") from None


def _settings(
    examples: int | None, seed: int, tier: Tier | str, conversations: Sequence[Conversation]
) -> CompareSettings:
    from portable_tpl.differential.run.settings import DEFAULT_EXAMPLES, CompareSettings

    return CompareSettings(
        examples=DEFAULT_EXAMPLES if examples is None else examples,
        seed=seed,
        tier=_tier(tier),
        conversations=tuple(map(_conversation, conversations)),
    )


def _conversation(given: Conversation) -> Conversation:
    if not isinstance(given, Conversation):
        raise InputError(f"expected a Conversation, not {type(given).__name__}")
    return given
