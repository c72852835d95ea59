"""A worker as an engine's author would write it, in any language: the plug's example.

Its engine knows one construct: ``$name`` prints a variable. It needs nothing of portable-tpl, gathers nothing, and
flushes each reply. Some templates make it misbehave, for the tests.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time


def main() -> None:
    requests = os.fdopen(int(os.environ["PORTABLE_TPL_READ_FD"]), encoding="utf-8")
    replies = os.fdopen(int(os.environ["PORTABLE_TPL_WRITE_FD"]), "w", encoding="utf-8")
    print("engines print", flush=True)
    cases: dict[str, dict] = {}  # type: ignore[type-arg]

    def send(reply: dict) -> None:  # type: ignore[type-arg]
        print(json.dumps(reply), file=replies, flush=True)

    if len(sys.argv) > 1 and sys.argv[1] == "--old":
        send({"protocol": 0, "engine": "dollar", "version": "0"})
        return
    if len(sys.argv) > 1 and sys.argv[1] == "--broken":
        send({"protocol": 1, "error": "the licence has expired"})
        return
    send({"protocol": 1, "engine": "dollar", "version": "1.2"})
    for line in requests:
        request = json.loads(line)
        if request["op"] == "contexts":
            cases.update(request["set"])
            for key in request.get("drop", ()):
                cases.pop(key, None)
            continue
        for number, case in enumerate(request["cases"]):
            reply = render(request["template"], cases[case] if isinstance(case, str) else case)
            send({"id": request["id"], "case": number, **reply})


def render(template: str, case: dict) -> dict:  # type: ignore[type-arg]
    context = {**case["context"], "clock": case["clock"], "environment": sorted(os.environ)}
    text = re.sub(r"\$(\w+)", lambda match: str(context.get(match[1], "")), template)
    if "!hang" in text:
        time.sleep(600)
    if "!die" in text:
        print("a last word", file=sys.stderr, flush=True)
        os._exit(7)
    if "!fill" in text:
        filled = bytearray(300 << 20)
        filled[::4096] = b"x" * len(filled[::4096])
        time.sleep(600)
    if "!nonsense" in text:
        return {"surprise": True}
    if "!refuse" in text:
        return {"refused": "no"}
    if "!fail" in text:
        return {"failed": {"kind": "error", "message": "bad", "line": 4}}
    return {"text": text}


if __name__ == "__main__":
    main()
