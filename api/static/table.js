// A sortable table with keyed rows: a cell is written only when its text changed.
//
// A column: {key, label, help, text, value(row), cell(row), first} — `value` sorts, `cell` shows.

import { element } from "./format.js";

const compare = (a, b) => {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "string" ? a.localeCompare(b) : a - b;
};

export class Table {
  constructor(table, columns, { sortBy, key }) {
    this.columns = columns;
    this.key = key;
    this.sort = { key: sortBy, descending: false };
    this.rows = [];
    this.known = new Map();
    this.headers = columns.map((column) => this.header(column));
    this.body = element("tbody");
    table.replaceChildren(element("thead", {}, element("tr", {}, ...this.headers)), this.body);
    this.mark();
  }

  header(column) {
    const button = element("button", { type: "button", title: column.help }, column.label,
      element("span", { class: "arrow", "aria-hidden": "true" }));
    button.addEventListener("click", () => this.sortBy(column));
    return element("th", { scope: "col", class: `${column.text ? "text" : "number"} col-${column.key}` }, button);
  }

  sortBy(column) {
    const again = this.sort.key === column.key;
    this.sort = { key: column.key, descending: again ? !this.sort.descending : !column.text && !column.ascending };
    this.mark();
    this.draw();
  }

  mark() {
    this.columns.forEach((column, index) => {
      const header = this.headers[index];
      if (column.key !== this.sort.key) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
    });
  }

  update(rows) {
    this.rows = rows;
    const keys = new Set(rows.map(this.key));
    for (const [key, row] of this.known) {
      if (!keys.has(key)) {
        row.element.remove();
        this.known.delete(key);
      }
    }
    for (const row of rows) this.fill(row);
    this.draw();
  }

  fill(row) {
    const key = this.key(row);
    if (!this.known.has(key)) {
      const cells = this.columns.map((column) => element(column.header ? "th" : "td",
        { class: `${column.text ? "text" : "number"} col-${column.key}`, scope: column.header ? "row" : null }));
      this.known.set(key, { element: element("tr", {}, ...cells), cells, shown: [] });
    }
    const { cells, shown } = this.known.get(key);
    this.columns.forEach((column, index) => {
      const content = column.cell(row);
      const print = typeof content === "string" ? content : content.outerHTML;
      if (shown[index] === print) return;
      shown[index] = print;
      cells[index].replaceChildren(content);
    });
  }

  draw() {
    const column = this.columns.find((candidate) => candidate.key === this.sort.key);
    const turn = this.sort.descending ? -1 : 1;
    const ordered = [...this.rows].sort((a, b) => {
      const [x, y] = [column.value(a), column.value(b)];
      const missing = (x === null || x === undefined) - (y === null || y === undefined);
      return missing || compare(x, y) * turn || compare(this.key(a), this.key(b));
    });
    ordered.forEach((row, index) => {
      const wanted = this.known.get(this.key(row)).element;
      if (this.body.children[index] !== wanted) this.body.insertBefore(wanted, this.body.children[index] ?? null);
    });
  }
}
