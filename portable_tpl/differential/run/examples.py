"""What once showed a mismatch: kept in the user's cache, in an example database of hypothesis's, and tried first.

Whole conversations are kept, not the decisions that drew them, so that they outlive a change of the generators.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from portable_tpl.model.conversation import Conversation, parse_conversation
from portable_tpl.model.errors import ConversationError
from portable_tpl.model.source import Template

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

_MOST = 20  # for one template; the smallest ones


def examples_folder() -> Path:
    """Where the database is: in the user's cache, or where the variable ``PORTABLE_TPL_EXAMPLES`` says."""
    named = os.environ.get("PORTABLE_TPL_EXAMPLES")
    return Path(named) if named else Path(platformdirs.user_cache_dir("portable-tpl")) / "examples"


def remembered(template: Template) -> list[Conversation]:
    """The conversations that showed a mismatch of a template, or of what its file held before; the smallest first."""
    known: dict[str, Conversation] = {}
    for value in _database().fetch(_key(template)):
        with suppress(ValueError, ConversationError):
            conversation = parse_conversation(json.loads(value))
            known[conversation.key] = conversation
    return sorted(known.values(), key=lambda each: (len(each.key), each.key))[:_MOST]


def remember(template: Template, conversations: Iterable[Conversation]) -> None:
    """Keep conversations that show a mismatch; a cache that cannot be written keeps nothing."""
    database, key = _database(), _key(template)
    for conversation in conversations:
        with suppress(OSError):
            database.save(key, conversation.key.encode())


def _database() -> ExampleDatabase:
    from hypothesis.database import DirectoryBasedExampleDatabase

    return DirectoryBasedExampleDatabase(examples_folder())


def _key(template: Template) -> bytes:
    """A file's templates keep their key when they are edited; what is in no file is known by its text."""
    where = template.sha256
    if template.path is not None and Path(template.path).exists():
        where = str(Path(template.path).resolve())
    return hashlib.sha256(f"{where}\n{template.name}".encode("utf-8", "surrogatepass")).digest()
