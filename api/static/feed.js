// The decision feed: newest first, filtered by agent and kind, holds of one cycle folded into one line.
//
// Everything a model wrote is put into the page as text.

import { element, isKnown, percent, timeElement, wholeMoney } from "./format.js";
import { lineColor } from "./chart.js";

const KEPT = 250;
const SHOWN = 60;

export class DecisionFeed {
  constructor({ list, empty, agentFilter, kindFilter, onFilter, onOpen }) {
    Object.assign(this, { list, empty, agentFilter, kindFilter, onOpen });
    this.decisions = new Map();
    this.agents = new Map();
    for (const filter of [agentFilter, kindFilter]) filter.addEventListener("change", () => { this.draw(); onFilter(); });
  }

  /** Query for the REST backfill of what the filters show. */
  query() {
    const query = new URLSearchParams({ limit: "120" });
    if (this.agentFilter.value) query.set("account_id", this.agentFilter.value);
    if (this.kindFilter.value === "trades") for (const action of ["buy", "sell", "close"]) query.append("action", action);
    return query;
  }

  setAgents(accounts) {
    const before = [...this.agents.keys()].join();
    this.agents = new Map(accounts.map((account, index) => [account.account_id, { name: account.name, kind: account.kind, index }]));
    if ([...this.agents.keys()].join() === before) return;
    const chosen = this.agentFilter.value;
    this.agentFilter.replaceChildren(element("option", { value: "" }, "All"),
      ...accounts.map((account) => element("option", { value: account.account_id }, account.name)));
    this.agentFilter.value = this.agents.has(chosen) ? chosen : "";
    this.draw();
  }

  load(items) {
    for (const item of items) this.decisions.set(item.id, item);
    this.trim();
    this.draw();
  }

  /** A decision.made or decision.rejected message; false when it lacks what a line needs. */
  hear(message) {
    const data = message.data;
    if (!data.decision_id || !data.asset || !data.action) return false;
    this.decisions.set(data.decision_id, {
      ...data, id: data.decision_id, account_id: message.account_id, decided_at: message.market_time,
      verdict: (data.verdict ?? "").split(/[\s:]/)[0] || null,
      verdict_text: (data.verdict ?? "").replace(/^\w+:?\s*/, "") || null,
    });
    this.trim();
    this.draw();
    return true;
  }

  trim() {
    if (this.decisions.size <= KEPT) return;
    this.decisions = new Map(this.sorted().slice(0, KEPT).map((item) => [item.id, item]));
  }

  sorted() {
    return [...this.decisions.values()].sort((a, b) => new Date(b.decided_at) - new Date(a.decided_at)
      || (a.account_id + a.asset).localeCompare(b.account_id + b.asset));
  }

  lines() {
    const folded = new Map();
    const lines = [];
    for (const item of this.sorted()) {
      if (this.agentFilter.value && item.account_id !== this.agentFilter.value) continue;
      if (this.kindFilter.value === "trades" && item.action === "hold") continue;
      const key = `${item.account_id} ${item.decided_at}`;
      if (item.action === "hold" && folded.has(key)) {
        folded.get(key).assets.push(item.asset);
        continue;
      }
      const line = { ...item, assets: [item.asset] };
      if (item.action === "hold") folded.set(key, line);
      lines.push(line);
    }
    return lines.slice(0, SHOWN);
  }

  draw() {
    const lines = this.lines();
    this.list.replaceChildren(...lines.map((line) => this.line(line)));
    this.empty.hidden = lines.length > 0;
    this.empty.textContent = this.decisions.size
      ? "No decision matches the filter."
      : "No decision yet. Agents decide once per interval; start them with: perpflow up";
  }

  line(item) {
    const agent = this.agents.get(item.account_id) ?? { name: item.account_id, index: 7 };
    const dot = element("span", { class: "dot", "aria-hidden": "true" });
    dot.style.setProperty("--line", lineColor(agent.index));
    const head = element("div", { class: "feed-head" }, dot, element("span", { class: "feed-agent" }, agent.name),
      element("span", { class: "action", "data-action": item.action }, item.action.toUpperCase()),
      element("span", { class: "feed-asset" }, item.assets.join(", ")), timeElement(item.decided_at));
    const facts = element("div", { class: "feed-facts" }, ...this.facts(item));
    const reason = element("p", { class: "feed-reason", title: item.rationale || null }, item.rationale || "no reason given");
    if (agent.kind === "llm" || item.model_call_id) head.lastChild.before(this.opener(item, agent));
    return element("li", {}, head, ...(facts.childElementCount ? [facts] : []), reason);
  }

  /** The way to what the model was asked and said. */
  opener(item, agent) {
    const button = element("button", { type: "button", class: "opener", "aria-haspopup": "dialog",
      "aria-label": `What the model said: ${agent.name}, ${item.action} ${item.assets.join(", ")}` }, "why");
    button.addEventListener("click", () => this.onOpen(item, agent.name));
    return button;
  }

  facts(item) {
    const facts = [];
    const size = isKnown(item.approved_notional) ? item.approved_notional : item.allocation_usd;
    if (["buy", "sell"].includes(item.action) && Number(size) > 0) facts.push(`${wholeMoney(size)} USDT`);
    if (isKnown(item.confidence) && item.action !== "hold") facts.push(`confidence ${percent(item.confidence, { signed: false, digits: 0 })}`);
    const nodes = facts.map((fact) => element("span", {}, fact));
    if (["denied", "shrunk"].includes(item.verdict)) {
      nodes.push(element("span", { class: "verdict", "data-verdict": item.verdict },
        `${item.verdict} by risk${item.verdict_text ? `: ${item.verdict_text}` : ""}`));
    }
    return nodes;
  }
}
