"""The frame of the HTML report: its head, its style, the little script it has, and its end.

The page works without the script; with it the matrix can be filtered and sorted, and commands copied. Nothing is
loaded from anywhere, and the content security policy lets no other script run.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_STYLE, _SCRIPT = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".css", ".js"))
_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()

OPENING = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'sha256-{_DIGEST}'">
<title>portable-tpl</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>"""

CLOSING = f"</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>"
