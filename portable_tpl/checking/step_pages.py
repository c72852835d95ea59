"""The pages of steps, and of what else keeps a conversation from a template: the causes of origin ``stack``."""

from __future__ import annotations

from portable_tpl.targets.registry import targets_with_step
from portable_tpl.targets.steps import all_steps
from portable_tpl.targets.steps._base import Step
from portable_tpl.targets.steps.refusals import REFUSALS

_PLACES = (
    ("changes_request", "It changes the request: the template is given other messages, tools or variables."),
    ("objects", "It turns conversations down: no template is run."),
    ("changes_context", "It changes the variables that the template is given."),
    ("changes_template", "It changes the template's source before the engine loads it."),
    ("changes_prompt", "It changes the prompt that the template printed."),
)
_BY_LEAVING_OUT = (
    "Its words are not modelled. It is named where the target prints what the reference prints once what the step "
    "concerns is left out of the conversation, and the engine alone is not what differs."
)
_MEANING = (
    "A mismatch with this cause is of origin `stack`: the engine prints what the reference prints once the "
    "step is taken "
    "away. It does not decide a verdict, as no change of the template's expressions mends it."
)


def step_names() -> list[str]:
    """Everything that has a page here."""
    return [step.name for step in _all()]


def steps_page(cause: str) -> str | None:
    """The page of a step, by name, or those of a cause of several, ``one+another``; ``None`` where there is none."""
    steps = {step.name: step for step in _all()}
    names = [name.strip() for name in cause.split("+")]
    return "\n".join(_page(steps[name]) for name in names) if all(name in steps for name in names) else None


def _all() -> tuple[Step, ...]:
    return (*all_steps(), *REFUSALS)


def _page(step: Step) -> str:
    lines = [f"# {step.name}", "", step.summary, ""]
    lines += [step.details, ""] if step.details else []
    places = [text for changes, text in _PLACES if getattr(step, changes)]
    lines += [*places, ""] if places else []
    lines += [_BY_LEAVING_OUT, ""] if step.without is not None else []
    targets = targets_with_step(step)
    lines += ["## Targets", "", ", ".join(targets) if targets else "any server", "", "## What it means", "", _MEANING]
    if step.changes_request:
        lines += [
            "",
            f"`portable-tpl render PATH --messages FILE --as {step.name}` shows what that makes of a prompt.",
        ]
    lines += ["", "## Source", "", step.source]
    return "\n".join(lines) + "\n"
