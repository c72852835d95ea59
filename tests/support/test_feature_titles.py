"""What features are called in the middle of a sentence."""

from __future__ import annotations

import pytest

from portable_tpl.support.feature_titles import feature_title
from portable_tpl.support.features import load_features

_SAID_OTHERWISE = (
    ("ASCII text", "text"),
    ("an undefined name", "an undefined value"),
    ("a word of small ASCII letters, such as a role", "a word"),
    ("for over", "a loop over"),
)


def _plain(title: str) -> str:
    for known, said in _SAID_OTHERWISE:
        title = title.replace(known, said)
    return title.replace("`", "").replace("|", "").removesuffix(".")


def test_every_feature_has_the_title_of_the_list() -> None:
    for feature in load_features().values():
        said = feature_title(feature.id)
        assert said is not None, feature.id
        assert _plain(said).startswith(_plain(feature.title)), feature.id


@pytest.mark.parametrize(
    ("feature", "title"),
    [
        ("filter.upper@undefined", "`|upper` of an undefined value"),
        ("filter.map.filter", "`|map('filter')`"),
        ("method.str.rstrip.newline@spaced", r"`str.rstrip('\n')` of text with white space at its ends"),
        ("mul@plain,zero", "text * 0"),
        ("mul@int,empty", "a whole number * ''"),
        ("statement.generation", "`{% generation %}`"),
        ("filter.upper", "`|upper`"),
        ("filter.nowhere", None),
        ("add@plain", None),
        ("add@plain,nothing", None),
    ],
)
def test_code_stands_in_backticks_and_kinds_in_words(feature: str, title: str | None) -> None:
    assert feature_title(feature) == title
