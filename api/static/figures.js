// "More figures": every agent's other figures, read only while the reader has opened them.
//
// What a figure means comes from the server's catalogue (the page's template), never from here.

import { element, figure, isKnown, money, percent, signedMoney, utc } from "./format.js";
import { Table } from "./table.js";

const share = (value) => percent(value, { signed: false });
const times = (value) => (isKnown(value) ? `${figure(value)}x` : "–");
const count = (value) => String(value);

function span(seconds) {
  if (!isKnown(seconds)) return "–";
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${figure(seconds / 3600, 1)} h` : `${figure(seconds / 86400, 1)} d`;
}

function drawdownSpan(row) {
  if (!row.max_drawdown_peak_at) return "no drawdown";
  const day = (at) => utc(new Date(at));
  const back = row.max_drawdown_recovered_at ? `back at it ${day(row.max_drawdown_recovered_at)}` : "not back at it yet";
  return `From its peak ${day(row.max_drawdown_peak_at)} to ${day(row.max_drawdown_bottom_at)}, ${back}`;
}

function agent(row) {
  const early = row.too_early ? element("span", { class: "early", title: "Figures per year of a few days or trades are not distinguishable from luck" }, "too early") : null;
  return element("span", { class: "agent" }, element("span", {}, row.name), early);
}

const column = (key, label, show, more = {}) => ({ key, label, value: (row) => row[key], cell: (row) => show(row[key]), ...more });
const COLUMNS = [
  column("name", "Agent", String, { text: true, header: true, help: "The agent that decides for this account.", cell: agent }),
  column("annual_return", "Return/year", percent),
  column("volatility", "Volatility", share),
  column("calmar", "Calmar", figure),
  column("max_drawdown", "Max DD", share, { cell: (row) => element("span", { title: drawdownSpan(row) }, share(row.max_drawdown)) }),
  column("current_drawdown", "DD now", share),
  column("value_at_risk", "VaR", share),
  column("conditional_value_at_risk", "CVaR", share),
  column("profit_factor", "Profit factor", figure),
  column("expectancy", "Per trade", signedMoney),
  column("average_win", "Avg win", signedMoney),
  column("average_loss", "Avg loss", signedMoney),
  column("longest_losing_streak", "Losing streak", count),
  column("mean_holding_seconds", "Held", span),
  column("trades_per_day", "Trades/day", figure),
  column("time_in_market", "In market", share),
  column("mean_exposure", "Mean exposure", times),
  column("turnover_per_day", "Turnover/day", times),
  column("fees", "Fees", money),
  column("fee_share", "Fee share", share),
  column("funding_share", "Funding share", percent),
  column("slippage", "Slippage", (value) => percent(value, { digits: 3 })),
  column("gaps", "Gaps", count),
];

export class MoreFigures {
  constructor({ details, table, definitions, meanings, note, read }) {
    Object.assign(this, { details, note, read });
    const means = (key) => meanings.content.querySelector(`[data-figure="${key}"]`)?.textContent ?? "";
    const columns = COLUMNS.map((each) => ({ help: means(each.key), ...each }));
    this.table = new Table(table, columns, { sortBy: "name", key: (row) => row.account_id });
    definitions.append(...columns.flatMap(({ label, help }) => [element("dt", {}, label), element("dd", {}, help)]));
  }

  async load() {
    if (!this.details.open) return;
    const { items } = await this.read("performance");
    this.table.update(items);
    this.note.textContent = items.length
      ? `${items[0].annualisation} days a year; VaR and CVaR of one day at ${Math.round(items[0].risk_level * 1000) / 10} %` : "";
  }
}
