"""Which programs load which of a model's templates.

``M`` in a source names a project's own repository. Facts as of November 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portable_tpl.sources._container import Slot

Named = dict[str, Slot]


@dataclass(frozen=True)
class Files:
    """The templates of a model's folder, file by file and by name."""

    jinja: Named
    additional: Named
    config: Named
    legacy: Named
    processor: Named

    def all(self) -> list[Slot]:
        """Every slot, in the order in which people look at the files."""
        groups = (self.jinja, self.additional, self.config, self.legacy, self.processor)
        return [slot for group in groups for slot in group.values()]


@dataclass(frozen=True)
class Loader:
    """A program, the templates that it takes of a folder by name, and where that is written."""

    name: str
    choose: Callable[[Files], Named]
    source: str


def by_tokenizer(files: Files) -> Named:
    """What transformers' tokenizer loads.

    Any template file replaces what the configuration says; additional_chat_templates/default.jinja comes last.
    """
    return {**files.jinja, **files.additional} or files.config


def by_processor(files: Files) -> Named:
    """What transformers' processor loads."""
    return files.processor or files.legacy or {**files.additional, **files.jinja}


def _vllm(files: Files) -> Named:
    return files.processor or files.legacy or by_tokenizer(files)


def _gguf(files: Files) -> Named:
    # The converter prefers the configuration, the opposite of transformers.
    standalone = {**files.additional, **files.jinja} if files.jinja else files.legacy
    return files.config or standalone


def _tgi(files: Files) -> Named:
    return files.legacy or files.config or files.processor


def _mistral_rs(files: Files) -> Named:
    return files.jinja or files.config


LOADERS = (
    Loader("transformers", by_tokenizer, "M transformers 5.24, tokenization_utils_base.py, L1812"),
    Loader("transformers (processor)", by_processor, "M transformers 5.24, processing_utils.py, L1514"),
    Loader("vLLM", _vllm, "M vllm, entrypoints/chat_utils.py: the processor's without tools, else the tokenizer's"),
    Loader("GGUF conversion", _gguf, "M llama.cpp, gguf-py 0.19, vocab.py, L275"),
    Loader("text-generation-inference", _tgi, "M text-generation-inference, the router's tokenizer loading"),
    Loader("mistral.rs", _mistral_rs, "M mistral.rs, chat template lookup"),
)
LOADS_GGUF = Loader(
    "llama.cpp", lambda _: {}, "M llama.cpp: what the GGUF file holds, unless --chat-template says else"
)
