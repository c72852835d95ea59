"""The frame of the HTML report: its head, its style and its end."""

from __future__ import annotations

_STYLE = """\
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --quiet: #59636e; --text: #1f2328; --back: #fff;
  --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; --info: #0969da; --ins: #dafbe1; --del: #ffebe9;
  --mark: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --quiet: #9198a1; --text: #e6edf3;
  --back: #0d1117; --good: #3fb950; --warn: #d29922; --bad: #f85149; --info: #58a6ff; --ins: #12361f; --del: #4a1c20;
  --mark: #4d3d00; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; color: var(--text);
  background: var(--back); }
h1 { font-size: 1.5rem; margin: 0; } h3 { font-size: 1rem; font-weight: 500; margin: 0 0 .25rem; }
p { margin: .25rem 0; } .summary { font-size: 1.1rem; } .facts, .note { color: var(--quiet); font-size: .9rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; white-space: nowrap; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; font-weight: 400;
  vertical-align: top; }
thead th { background: var(--soft); font-weight: 600; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .6rem; margin: .4rem 0;
  overflow-x: auto; }
.command { white-space: pre-wrap; overflow-wrap: anywhere; }
td code { white-space: pre-wrap; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; padding: .5rem .9rem; }
summary { cursor: pointer; } summary span { font-size: .85rem; margin-left: .6rem; }
section { border-left: 4px solid var(--line); margin: 1rem 0; padding-left: .8rem; }
section.error { border-color: var(--bad); } section.warning { border-color: var(--warn); }
section.info { border-color: var(--info); }
.portable { color: var(--good); } .differs { color: var(--warn); } .fails { color: var(--bad); }
.unknown { color: var(--quiet); } p.error { color: var(--bad); }
.no { display: inline-block; min-width: 2.5em; margin-right: 1em; text-align: right; color: var(--quiet);
  user-select: none; } .gap { margin-left: 2em; color: var(--quiet); }
mark { background: var(--mark); color: inherit; border-bottom: 2px solid var(--bad); }
ins, del { text-decoration: none; } ins { background: var(--ins); } del { background: var(--del); }
"""

OPENING = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>portable-tpl</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>"""

CLOSING = "</main>\n</body>\n</html>"
