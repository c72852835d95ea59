"""Whether smg's own gateway and the profile of it give the same prompts, conversation by conversation.

``python -m tests.sweeps.gateway PYTHON [--limit N] [--examples N] [--tier T]``: PYTHON is one of an environment with the
packages smg and smg-grpc-proto. The gateway runs the templates of ``tests.sweeps.deployments`` before schedulers that
keep the token ids that they are sent, which are the prompt's bytes. Left out are templates that ask for the time, which
cannot be set there. Arguments of calls are sent as JSON text, as clients send them.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import DEFAULT_SPECIAL_TOKENS, Conversation, Tier
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._contexts import chat_request
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.workers._byte_tokenizer import write_model
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from tests.sweeps.deployments import portable, spread

_PORT, _GATEWAY_PORT = 21000, 21900  # below those that systems hand out; a port a template between them
_START_SECONDS = 60


class Gateway:
    """A running gateway before a scheduler for each of some templates."""

    def __init__(self, python: str, templates: Sequence[Template], folder: Path) -> None:
        for number, template in enumerate(templates):
            tokens = dict(template.special_tokens or DEFAULT_SPECIAL_TOKENS)
            write_model(folder / f"m{number}", template.text, tokens)
        # Isolated: the modules beside it have names of the standard library's.
        scheduler = [python, "-I", str(Path(__file__).with_name("scheduler.py")), str(len(templates)), str(_PORT)]
        self._schedulers = subprocess.Popen([*scheduler, str(folder)], stdout=subprocess.PIPE, start_new_session=True)
        assert self._schedulers.stdout is not None
        self._schedulers.stdout.readline()
        urls = [f"grpc://127.0.0.1:{_PORT + 1 + number}" for number in range(len(templates))]
        options = ["--host", "127.0.0.1", "--port", str(_GATEWAY_PORT), "--log-level", "warn", "--disable-retries"]
        command = [python, "-m", "smg.launch_router", *options, "--disable-circuit-breaker", "--worker-urls", *urls]
        silent = subprocess.DEVNULL
        self._gateway = subprocess.Popen(command, stdout=silent, stderr=silent, start_new_session=True)

    def wait_for(self, models: int) -> None:
        """Until so many models can be asked for; raises ``RuntimeError`` after a minute."""
        for _ in range(_START_SECONDS):
            time.sleep(1)
            try:
                if len(_answer(_GATEWAY_PORT, "v1/models")["data"]) >= models:
                    return
            except OSError:
                continue
        raise RuntimeError("the gateway did not start")

    def render(self, number: int, conversation: Conversation) -> Rendering:
        """The prompt that the scheduler of a template was sent, or how the request was refused."""
        _answer(_PORT, str(number))
        body = {**_as_sent(chat_request(conversation)), "model": f"m{number}", "max_tokens": 1}
        try:
            _answer(_GATEWAY_PORT, "v1/chat/completions", body)
        except urllib.error.HTTPError as error:
            return Failed("error", error.read().decode("utf-8", "replace"))
        sent = _answer(_PORT, str(number))
        return Failed("error", "nothing was sent") if sent is None else Rendered(bytes(sent).decode("utf-8"))

    def close(self) -> None:
        """End both, and what they started."""
        for process in (self._gateway, self._schedulers):
            # The gateway renames itself; by its group it is found whatever it is called.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answer(port: int, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode("ascii")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def _as_sent(body: dict[str, Any]) -> dict[str, Any]:
    """The request with arguments as text."""
    return {**body, "messages": [_message_sent(message) for message in body["messages"]]}


def _message_sent(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    return {**message, "tool_calls": list(map(_call_sent, calls))} if isinstance(calls, list) else message


def _call_sent(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), (dict, list)):
        return call
    return {**call, "function": {**function, "arguments": json.dumps(function["arguments"], ensure_ascii=False)}}


@contextmanager
def running(python: str, templates: Sequence[Template]) -> Iterator[Gateway]:
    """A gateway for some templates, which is ended."""
    with tempfile.TemporaryDirectory() as folder, closing(Gateway(python, templates, Path(folder))) as gateway:
        gateway.wait_for(len(templates))
        yield gateway


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; 1 where any prompt differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.gateway")
    parser.add_argument("python")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--tier", type=Tier, default=Tier.ORDINARY)
    options = parser.parse_args(arguments)
    parsed = list(parsed_templates([*portable(), *spread(options.limit)]))
    settings = CompareSettings(examples=options.examples, tier=options.tier)
    total, differing = 0, 0
    with (
        running(options.python, [each.template for each in parsed]) as gateway,
        open_runtime("smg") as model,
        closing(Tracer()) as tracer,
    ):
        for number, each in enumerate(parsed):
            run = explore(each, tracer, settings, lambda: False)
            conversations = [run.conversations[chosen] for chosen in run.chosen]
            total += len(conversations)
            for conversation, modelled in zip(
                conversations, model.render_all(each.template, conversations), strict=True
            ):
                real = gateway.render(number, conversation)
                if _text(real) != _text(modelled):
                    differing += 1
                    print(f"{each.template.path}: {real!r:.200} / {modelled!r:.200} / {conversation.key:.400}")
    print(f"{len(parsed)} templates, {total} conversations, {differing} differences")
    return 1 if differing else 0


def _text(rendering: Rendering) -> str | None:
    return rendering.text if isinstance(rendering, Rendered) else None


def parsed_templates(templates: Sequence[Template]) -> Iterator[ParsedTemplate]:
    """Those that parse and do not ask for the time."""
    for template in templates:
        if "strftime_now" not in template.text:
            try:
                yield parse(template)
            except TemplateSyntaxError:
                continue


if __name__ == "__main__":
    sys.exit(main())
