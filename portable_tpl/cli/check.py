"""``portable-tpl check``: static findings."""

from __future__ import annotations

import click

from portable_tpl.cli.work.options import Common, common_options


@click.command("check", short_help="Find what is not portable, without rendering.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@common_options
def command(paths: tuple[str, ...], common: Common) -> int:
    """Find what is not portable, without rendering.

    PATH is a .jinja file, tokenizer_config.json, chat_template.json, processor_config.json, a .gguf file, a model
    folder, a folder of templates, - for standard input, or a hub id. The exit status is 1 where something was found
    and 2 where the request could not be carried out.
    """
    from portable_tpl.auditing.static import check
    from portable_tpl.cli.work.emit import emit
    from portable_tpl.cli.work.session import measure_first, open_session
    from portable_tpl.targets.catalogue import static_targets

    session = open_session(common, paths)
    statuses = static_targets(session.asked_targets, measure_first(common))
    errors = (*session.errors, *session.missing(statuses))
    report = check(session.containers, statuses, common.tier, session.choice, session.seed, errors)
    return emit(session.with_baseline(report), session)
