"""llama-cpp-python: jinja2 with its own settings, around llama.cpp's library."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.processes._bundled_engine import BundledEngine

_FORMATTER = "llama-cpp-python 0.3.36, llama_cpp/llama_chat_format.py, Jinja2ChatFormatter"
_LLAMA = "llama-cpp-python 0.3.36, llama_cpp/llama.py"
ENGINE = BundledEngine("llama-cpp-python", "0.3.36", "llama_cpp_python_worker")

DEPLOYMENT = Deployment(
    id="llama-cpp-python",
    summary="llama-cpp-python: jinja2 with its own settings, always asked for an answer",
    build=Build(engine=ENGINE),
    steps=(
        "variables-not-passed",
        "messages-as-sent",
        "documents-not-passed",
        "tokens-bos-and-eos-or-empty",
        "generation-prompt-always",
        "function-variables-added",
    ),
    facts=(
        Fact(
            "jinja2, sandboxed, with trim_blocks, lstrip_blocks, loop controls and tojson as json.dumps", _FORMATTER
        ),
        Fact("generation blocks are taken out, and what is set in one is known behind it", _FORMATTER),
        Fact("dict and namespace are jinja2's own", _FORMATTER),
    ),
    limits=(
        Fact(
            "a template that is known to it, of ChatML, Mistral and Llama 3, is not run: code of its own stands in",
            "llama-cpp-python 0.3.36, guess_chat_format_from_gguf_metadata",
        ),
        Fact("tool_choice and functions of a request are taken as not given", _LLAMA),
        Fact("a handler of its own for models with images", "llama-cpp-python 0.3.36, MTMDChatHandler"),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
