"""The frame of the HTML report: its head, its style, the little script it has, and its end.

The page works without the script; with it the matrix can be filtered and sorted, and commands copied. Nothing is
loaded from anywhere, and the content security policy lets no other script run.
"""

from __future__ import annotations

import base64
import hashlib

_STYLE = """\
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --quiet: #59636e; --text: #1f2328; --back: #fff;
  --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; --info: #0969da; --ins: #aceebb; --del: #ffcecb;
  --mark: #fff1a8; --missed: #fbe9d0; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --quiet: #9198a1; --text: #e6edf3;
  --back: #0d1117; --good: #3fb950; --warn: #d29922; --bad: #f85149; --info: #58a6ff; --ins: #1c5a2e; --del: #7a2a2a;
  --mark: #594600; --missed: #3a2a14; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1.5rem; color: var(--text);
  background: var(--back); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 1.5rem 0 .4rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0 0 .25rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.summary { font-size: 1.1rem; } .facts, .note { color: var(--quiet); font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; font-weight: 400;
  vertical-align: top; }
thead th { background: var(--soft); font-weight: 600; white-space: nowrap; }
thead button { all: unset; cursor: pointer; } thead button:focus-visible { outline: 2px solid var(--info); }
thead th[aria-sort=ascending] button::after { content: " ▴"; }
thead th[aria-sort=descending] button::after { content: " ▾"; }
td.state { text-align: center; white-space: nowrap; }
tbody th { overflow-wrap: anywhere; min-width: 11rem; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .6rem; margin: .4rem 0;
  overflow-x: auto; }
.command { white-space: pre-wrap; overflow-wrap: anywhere; }
.again { position: relative; }
.copy { position: absolute; right: 0; top: -.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .4rem 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: .6rem; }
.sides pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 48rem) { body { padding: .75rem; } .sides { grid-template-columns: 1fr; }
  dl { grid-template-columns: 1fr; } dd { margin: 0 0 .3rem; } }
details { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; padding: .5rem .9rem; }
details details { background: none; } summary { cursor: pointer; overflow-wrap: anywhere; }
summary span { font-size: .85rem; margin-left: .6rem; white-space: nowrap; }
section { border-left: 4px solid var(--line); margin: 1rem 0; padding-left: .8rem; }
section.error { border-color: var(--bad); } section.warning { border-color: var(--warn); }
section.note { border-color: var(--info); color: inherit; font-size: inherit; }
.portable { color: var(--good); } .rare { color: var(--warn); } .differs, .fails, p.error { color: var(--bad); }
.unknown { color: var(--quiet); }
.no { display: inline-block; min-width: 2.5em; margin-right: 1em; text-align: right; color: var(--quiet);
  user-select: none; } .gap { margin-left: 2em; color: var(--quiet); } .missed { background: var(--missed); }
mark { background: var(--mark); color: inherit; border-bottom: 2px solid var(--bad); }
ins, del { text-decoration: none; border-radius: 2px; }
ins { background: var(--ins); } del { background: var(--del); }
input, select, .copy { font: inherit; font-size: .9rem; color: inherit; background: var(--soft);
  border: 1px solid var(--line); border-radius: 6px; padding: .15rem .5rem; }
.tools { display: none; gap: .5rem; flex-wrap: wrap; margin: .6rem 0; } .scripted .tools { display: flex; }
.copy { display: none; cursor: pointer; } .scripted .copy { display: block; }
"""

_SCRIPT = """\
document.documentElement.classList.add("scripted");
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const pre = button.parentElement.querySelector("pre");
    try { await navigator.clipboard.writeText(pre.textContent); button.textContent = "copied"; }
    catch { getSelection().selectAllChildren(pre); }
  });
}
const matrix = document.querySelector("table.matrix"), words = document.querySelector("#words");
if (matrix && words) {
  const body = matrix.tBodies[0], rows = [...body.rows], state = document.querySelector("#state");
  const show = () => rows.forEach(row => {
    const cells = [...row.cells].slice(1);
    row.hidden = !row.cells[0].textContent.toLowerCase().includes(words.value.toLowerCase())
      || (state.value && !cells.some(cell => cell.dataset.state === state.value));
  });
  words.addEventListener("input", show);
  state.addEventListener("change", show);
  const value = (row, column) => row.cells[column].dataset.rank ?? row.cells[column].textContent;
  const heads = [...matrix.tHead.rows[0].cells];
  const sort = (head, column) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => (up ? 1 : -1) * value(a, column).localeCompare(value(b, column)));
    body.append(...rows);
  };
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => sort(head, column)));
}
"""

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
