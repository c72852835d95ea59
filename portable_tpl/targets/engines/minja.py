"""google/minja as OpenVINO GenAI runs it: the stack with its polyfills, and its engine alone."""

from __future__ import annotations

from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import stack_and_engine
from portable_tpl.targets.processes._contexts import chat_request_with
from portable_tpl.targets.processes._python_engine import PythonEngine

ENGINE = PythonEngine(
    Package("minja", "pip", "openvino-genai"),
    "minja_worker",
    "pip install 'portable-tpl[openvino]'",
    needs=("transformers",),
    environment={"MALLOC_ARENA_MAX": "2", "HF_HUB_OFFLINE": "1"},
    start_seconds=300.0,  # the first start on a machine converts a tokenizer, and imports transformers for it
)
# The polyfills, of which it takes those that it finds a template to need.
STEPS = (
    "tools-empty-to-none",
    "tools-in-system-prompt",
    "arguments-parsed",
    "calls-as-content",
    "answers-as-user",
    "system-to-user",
    "string-to-parts",
    "tools-omitted-when-none",
    "documents-omitted-when-none",
)
ADAPTERS = stack_and_engine(
    ENGINE,
    "minja",
    "google/minja in OpenVINO GenAI, with the polyfills that its users get",
    "google/minja's template engine alone, given the reference's own context",
    context=chat_request_with("bos_token", "eos_token", "pad_token"),
    steps=STEPS,
    steps_vary=True,
    aliases=("openvino",),
)
