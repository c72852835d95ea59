"""A model on the Hugging Face hub, through ``huggingface_hub``: the only code here that uses the network."""

from __future__ import annotations

import re
from typing import Any

from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.sources import model_folder
from portable_tpl.sources._container import Container
from portable_tpl.sources.special_tokens import LEGACY_MAP, MODEL
from portable_tpl.sources.tokenizer_files import ADDED, GENERATION

_ID = re.compile(r"(?P<repo>[\w][\w.-]*/[\w][\w.-]*)(?:@(?P<revision>[\w][\w./-]*))?", re.ASCII)
_REMEDY = "pip install 'portable-tpl[hub]'"
_LOCKED = "a model on the hub cannot be changed in place"


def is_hub_id(text: str) -> bool:
    """Whether a text has the form ``org/name`` or ``org/name@revision``."""
    return _ID.fullmatch(text) is not None


def open_hub(model: str) -> Container:
    """Fetch the template files of a model (a few hundred kB, kept in the hub's own cache) and open them.

    Raises :class:`SourceError` in one line where the ``hub`` extra is not installed, the hub cannot be reached, or
    the model does not exist, is gated or has no template.
    """
    match = _ID.fullmatch(model)
    if match is None:
        raise SourceError(f"{model}: not a hub id; write org/name or org/name@revision")
    try:
        import huggingface_hub.errors
        import huggingface_hub.utils
    except ImportError:
        raise SourceError(
            f"{model}: no such file or folder, and reading a model from the hub needs an extra: {_REMEDY}"
        ) from None
    folder = _fetch(huggingface_hub, model, match["repo"], match["revision"])
    container = model_folder.open_model(folder, path=model, locked=_LOCKED)
    if container is None:
        raise NoTemplate(f"{model}: this model has no chat template on the hub")
    return container


def _fetch(client: Any, model: str, repo: str, revision: str | None) -> str:
    """The local folder with the model's template files."""
    patterns = [*model_folder.FILES, f"{model_folder.ADDITIONAL}/*.jinja", LEGACY_MAP, MODEL]
    patterns += [ADDED, GENERATION]
    client.utils.disable_progress_bars()
    try:
        return str(client.snapshot_download(repo, revision=revision, allow_patterns=patterns))
    except Exception as error:  # the client lets errors of several HTTP libraries through
        raise SourceError(f"{model}: {_reason(client, error, revision)}") from None


def _reason(client: Any, error: Exception, revision: str | None) -> str:
    errors = client.errors
    if isinstance(error, errors.GatedRepoError):
        return "this model is gated: accept its terms on the hub and log in with `hf auth login`"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "no such file or folder, and no such public model on the hub"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"this model has no revision {revision!r} on the hub"
    if isinstance(error, errors.HFValidationError):
        return "no such file or folder, and not a valid hub id"
    if isinstance(error, PermissionError):
        return f"the hub's cache cannot be written: {error.strerror}"
    return "no such file or folder, and the hub cannot be reached and its cache does not hold this model"
