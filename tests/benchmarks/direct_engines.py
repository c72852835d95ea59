"""Engines outside Python called directly, for :mod:`bench_runtimes`: no worker, no protocol, nothing but renders."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.source import Template
from portable_tpl.targets import installs
from portable_tpl.targets.engines.hf_jinja import ENGINE
from portable_tpl.targets.processes._contexts import chat_request
from portable_tpl.targets.steps.reference import reference_context

Work = tuple[list[Template], list[Conversation]]

_NODE_LOOP = """
const { readFileSync } = require("node:fs");
const { Template } = require(process.argv[2]);
const { templates, contexts, seconds } = JSON.parse(readFileSync(process.argv[3], "utf8"));
const ready = [];
for (const text of templates) {
  const template = new Template(text);
  for (const context of contexts) {
    try { template.render(context); ready.push([template, context]); } catch {}
  }
}
const run = () => { for (const [template, context] of ready) template.render(context); return ready.length; };
run();
const started = performance.now();
let count = 0;
while (performance.now() - started < 1000 * seconds) count += run();
console.log(JSON.stringify(count / ((performance.now() - started) / 1000)));
"""


def node(work: Work, seconds: float) -> float:
    """@huggingface/jinja in a Node.js program of its own."""
    templates, conversations = work
    folder = installs.npm_package(
        installs.engine_folder(ENGINE.package, ENGINE.default_version()), ENGINE.package.name
    )
    data = {
        "templates": [template.text for template in templates],
        "contexts": [reference_context(conversation, {}) for conversation in conversations],
        "seconds": seconds,
    }
    with tempfile.TemporaryDirectory() as temporary:
        script, input_ = Path(temporary, "loop.cjs"), Path(temporary, "data.json")
        script.write_text(_NODE_LOOP)
        input_.write_text(json.dumps(data))
        command = [str(installs.node_command()), str(script), str(folder), str(input_)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def llamacpp(work: Work, seconds: float, engine: bool) -> float:
    """llama.cpp's server, one a template and all of them running, asked over one connection each."""
    from portable_tpl.targets.workers._llama_server import Server
    from portable_tpl.targets.workers._tiny_gguf import tiny_model
    from portable_tpl.targets.workers.llamacpp_worker import _MODELS

    templates, conversations = work
    model = tiny_model(_MODELS, "<s>", "</s>", False)
    servers, ready = [], []
    for template in templates:
        server = Server(template.text, model, pure=engine)
        servers.append(server)
        connection = http.client.HTTPConnection(*server.address)
        bodies = [json.dumps(chat_request(conversation)).encode() for conversation in conversations]
        ready += [(connection, body) for body in bodies if _asked(connection, body) == 200]

    def run() -> int:
        for connection, body in ready:
            _asked(connection, body)
        return len(ready)

    return _rate(run, seconds)


def minja(work: Work, seconds: float, engine: bool) -> float:
    """OpenVINO GenAI's tokenizer with histories that are built once; ``engine``: with the context passed as it is.

    A tokenizer for each template: one keeps only its first three compiled.
    """
    import openvino_genai

    from portable_tpl.targets.workers._tiny_tokenizer import tokenizer_folder
    from portable_tpl.targets.workers.minja_worker import _ANY_TOKENS, _TOKENIZERS, _engine_case, alone

    templates, conversations = work
    tokens = dict(_ANY_TOKENS)
    folder = str(tokenizer_folder(_TOKENIZERS, tokens))
    ready = []
    for template in templates:
        ask: Any = openvino_genai.Tokenizer(folder).apply_chat_template
        text = alone(template.text) if engine else template.text
        for conversation in conversations:
            if engine:
                history: Any = _engine_case(reference_context(conversation, tokens), "").history
                prompt = False
            else:
                history = openvino_genai.ChatHistory(conversation.messages)
                prompt = bool(conversation.add_generation_prompt)
            with contextlib.suppress(RuntimeError):
                ask(history, prompt, text)
                ready.append((ask, history, prompt, text))

    def run() -> int:
        for ask, history, prompt, text in ready:
            ask(history, prompt, text)
        return len(ready)

    return _rate(run, seconds)


def _asked(connection: http.client.HTTPConnection, body: bytes) -> int:
    try:
        connection.request("POST", "/apply-template", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
    except ConnectionError:  # idle for some seconds, while the others had their turn
        connection.close()
        return _asked(connection, body)
    json.loads(response.read())
    return response.status


def _rate(run: Callable[[], int], seconds: float) -> float:
    run()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        count += run()
    return count / (time.perf_counter() - started)
