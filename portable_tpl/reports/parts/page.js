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
