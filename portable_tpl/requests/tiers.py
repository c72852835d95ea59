"""What each tier of conversations may hold, as data: the contract's table.

The types take from it what can arrive, the generators what to make, the judge what to call a conversation that
somebody else wrote. What all tiers but the hostile one share (the order of turns, wrapped tools and calls, schemas)
is in the modules beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from portable_tpl.model.conversation import Tier


@dataclass(frozen=True)
class TierContents:
    """What conversations of one tier may hold, the milder tiers' contents included.

    ``rare_text``: text with white space of any script at its ends, that is only white space, or that holds the
    template's own markers, zero-width characters or line separators. ``own_roles``: roles that only the template at
    hand knows. ``unread_calls``: calls that the template does not look at, and a single call without an id.
    ``unusual``: what is legal and yet seldom sent: null or no content, arguments as JSON text, floats, turns in any
    order. ``anything``: wrong types, control characters, forged tokens, numbers of any size.
    """

    rare_text: bool = True
    documents: bool = True
    own_roles: bool = True
    unread_calls: bool = True
    unusual: bool = False
    anything: bool = False


CONTENTS: Mapping[Tier, TierContents] = MappingProxyType(
    {
        Tier.ORDINARY: TierContents(rare_text=False, documents=False, own_roles=False, unread_calls=False),
        Tier.EVERYDAY: TierContents(),
        Tier.EXTENDED: TierContents(unusual=True),
        Tier.HOSTILE: TierContents(unusual=True, anything=True),
    }
)

# Whole numbers of well-behaved clients, and those that JavaScript holds exactly.
INT32 = 2**31
EXACT = 2**53
# Floats between these are written without an exponent, by Python at least.
SMALLEST_FLOAT, LARGEST_FLOAT = 1e-7, 1e15
LONGEST_TEXT = 10_000  # characters
DEEPEST_DATA = 12  # lists and objects within one another

_WIDE_SPACE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# Text that people do send and that hardly any request holds. Joiners (U+200C, U+200D) are part of some scripts' words
# and of emoji, so they are none of it between two letters of these. A turn without text is as rare.
_STRAY_JOINER = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
RARE_TEXT = re.compile(
    rf"\A\Z|\A[ \t\n\r{_WIDE_SPACE}]|[ \t\n\r{_WIDE_SPACE}]\Z"
    rf"|[\r\u00ad\u200b\u200e\u200f\u2028\u2029\u2060\ufeff]|{_STRAY_JOINER}"
)
