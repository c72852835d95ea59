"""mistral.rs's Runner on a model without weights: one JSON line in, one out.

``python runner_worker.py FOLDER`` in an environment with the package mistralrs; FOLDER holds the model. A line is
``{"text": …, "calls": [{"messages": …, "tools": …, "enable_thinking": …}]}``; the answer a list of what each call raised.
The template raises what it prints, as nothing else tells the prompt.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import mistralrs  # type: ignore[import-not-found]


def raised(runner: Any, call: dict[str, Any]) -> str:
    """What a request raised, in words."""
    given = {name: call[name] for name in ("enable_thinking",) if name in call}
    if call.get("tools"):
        given["tool_schemas"] = [json.dumps(tool) for tool in call["tools"]]
    try:
        request = mistralrs.ChatCompletionRequest(messages=call["messages"], model="m", max_tokens=1, **given)
        runner.send_chat_completion_request(request)
    except Exception as error:
        return str(error)
    return ""


def answers(folder: Path, job: dict[str, Any]) -> list[str]:
    """The words of each call; those of the load, where a template does not load."""
    path = folder / "template.jinja"
    path.write_text(job["text"], "utf-8")
    which = mistralrs.Which.Plain(model_id=str(folder), arch=mistralrs.Architecture.Llama)
    runner = mistralrs.Runner(which=which, jinja_explicit=str(path), token_source="none", max_seqs=1)
    return [raised(runner, call) for call in job["calls"]]


def main(folder: Path) -> None:
    """Answer until the input ends; what the package itself prints goes nowhere."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        for line in sys.stdin:
            print(json.dumps(answers(folder, json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
