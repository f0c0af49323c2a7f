// "Live and paper": each live account beside its paper twin. Hidden until there is a pair.
//
// What a figure means comes from the server's catalogue (the page's template), never from here.

import { clock, direction, element, figure, fullInstant, isKnown, money, moneyBadge, moneyKind, percent, price, signedMoney, timeElement } from "./format.js";

const DASH = "–";
const bps = (value) => (isKnown(value) ? `${Number(value) > 0 ? "+" : ""}${figure(value, 1)} bps` : DASH);
const share = (value) => percent(value, { signed: false, digits: 1 });
const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
const signedSpan = (value, text) => element("span", { class: `signed ${direction(value)}` }, text);
/** Basis points are a cost: more of them is worse. */
const cost = (value) => element("span", { class: `signed ${direction(isKnown(value) ? -value : value)}` }, bps(value));

function sync(pair) {
  if (pair.frozen === null) return ["not compared yet", ""];
  const checked = `compared ${clock(new Date(pair.real_reconciled_at))}`;
  if (pair.frozen.length) return [`${pair.frozen.join(", ")} frozen`, checked];
  if (pair.differences_24h === null) return ["not compared for a day", `last ${fullInstant(new Date(pair.real_reconciled_at))}`];
  return pair.differences_24h ? [count(pair.differences_24h, "difference"), `in 24 h, ${checked}`] : ["in sync", `no difference in 24 h, ${checked}`];
}

const FIGURES = [
  { key: "equity", label: "Equity", help: "Newest reading of the live account and of its twin, USDT.",
    show: (p) => money(p.live.equity), note: (p) => `paper ${money(p.paper.equity)}` },
  { key: "total_return", label: "Return",
    show: (p) => signedSpan(p.live.total_return, percent(p.live.total_return)), note: (p) => `paper ${percent(p.paper.total_return)}` },
  { key: "divergence", label: "Live minus paper",
    show: (p) => signedSpan(p.divergence, percent(p.divergence)), note: (p) => (p.since ? element("span", {}, "since ", timeElement(p.since)) : "not both have run yet") },
  { key: "tracking_bps", label: "Fills against paper",
    show: (p) => cost(p.tracking_bps), note: (p) => (isKnown(p.tracking_cost) ? `${signedMoney(p.tracking_cost)} USDT on ${count(p.both_filled, "entry", "entries")}` : "no entry filled in both") },
  { key: "slippage_bps", label: "Slippage",
    show: (p) => cost(p.slippage_bps), note: (p) => `paper ${bps(p.paper_slippage_bps)}` },
  { key: "execution_success", label: "Orders filled",
    show: (p) => share(p.execution_success), note: (p) => (p.wanted_sent ? `${p.wanted_filled} of ${p.wanted_sent} entries and exits` : "none sent yet") },
  { key: "error_rate", label: "Venue errors",
    show: (p) => share(p.error_rate), note: (p) => `${p.orders_refused} refused, ${p.orders_unknown} unknown, ${p.orders_unreached} unreached` },
  { key: "differences_24h", label: "Position sync", help: "How our record agrees with the venue, and what is frozen until it does.",
    show: (p) => sync(p)[0], note: (p) => sync(p)[1] },
];

const ENTRY_HEADS = [["Decided", "text"], ["Entry", "text"], ["Live price", "number"], ["Paper price", "number"], ["Fill against paper", "number"]];

function entryRow(entry) {
  const cell = (kind, content) => element("td", { class: kind }, content);
  return element("tr", {}, cell("text", timeElement(entry.decided_at)), cell("text", `${entry.side} ${entry.asset}`),
    cell("number", price(entry.live_price)), cell("number", price(entry.paper_price)), cell("number", cost(entry.tracking_bps)));
}

function entries(pair) {
  const name = `Newest entries of ${pair.live.name}`;
  const head = element("tr", {}, ...ENTRY_HEADS.map(([label, kind]) => element("th", { scope: "col", class: kind }, label)));
  return element("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": name },
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...pair.newest_entries.slice(0, 10).map(entryRow))));
}

export class Pairs {
  constructor({ page, card, list, definitions, meanings, read }) {
    Object.assign(this, { page, card, list, read, open: new Set() });
    const means = (each) => meanings.content.querySelector(`[data-figure="${each.key}"]`)?.textContent ?? "";
    this.figures = FIGURES.map((each) => ({ ...each, help: each.help ?? means(each) }));
    definitions.append(...this.figures.flatMap(({ label, help }) => [element("dt", {}, label), element("dd", {}, help)]));
  }

  async load(accounts) {
    const ids = new Set(accounts.map((account) => account.account_id));
    const twins = accounts.filter((account) => account.twin_of && ids.has(account.twin_of));
    const pairs = await Promise.all(twins.map((twin) => this.read(`accounts/${encodeURIComponent(twin.account_id)}/twin`)));
    const kinds = new Map(accounts.map((account) => [account.account_id, moneyKind(account)]));
    this.list.replaceChildren(...pairs.map((pair) => this.draw(pair, kinds.get(pair.live.account_id))));
    this.card.hidden = pairs.length === 0;
    this.page.classList.toggle("has-pairs", pairs.length > 0);
  }

  draw(pair, kind) {
    const side = (account, kind) => element("span", { class: "pair-side" }, moneyBadge(kind), element("span", {}, account.name),
      account.state === "active" ? null : element("span", { class: "state", "data-state": account.state }, account.state));
    const facts = this.figures.map((each) => element("div", { title: each.help }, element("dt", {}, each.label),
      element("dd", {}, each.show(pair)), element("dd", { class: "quiet" }, each.note(pair))));
    return element("article", { class: "pair" }, element("h3", {}, side(pair.live, kind), side(pair.paper, "paper")),
      element("dl", { class: "pair-facts" }, ...facts), this.details(pair));
  }

  details(pair) {
    if (!pair.newest_entries.length) return null;
    const id = pair.live.account_id;
    const details = element("details", { class: "pair-entries", open: this.open.has(id) }, element("summary", {}, "Newest entries, side by side"), entries(pair));
    details.addEventListener("toggle", () => (details.open ? this.open.add(id) : this.open.delete(id)));
    return details;
  }
}
