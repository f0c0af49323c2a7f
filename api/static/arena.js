// The arena page: loads the figures by REST, keeps them moving by WebSocket, says when it cannot.

import { age, clock, direction, element, figure, fullInstant, isKnown, money, moneyBadge, moneyKind, percent, signedMoney, timeElement, utc,
  wholeMoney } from "./format.js";
import { EquityChart, lineColor } from "./chart.js";
import { DecisionFeed } from "./feed.js";
import { MoreFigures } from "./figures.js";
import { Live } from "./live.js";
import { ModelCallDialog } from "./model_call.js";
import { Pairs } from "./pairs.js";
import { Table } from "./table.js";

const byId = (id) => document.getElementById(id);
const state = { status: null, board: null, range: "all", connection: "connecting", heard: null, loadedAt: null, failed: null };

// --- reading ------------------------------------------------------------------------------------

async function read(path) {
  const response = await fetch(`/api/v1/${path}`, { cache: "no-cache", headers: { Accept: "application/json" } });
  if (response.status === 401) await askForToken(null);
  const document = await response.json();
  if (!response.ok) throw new Error(document.detail ?? document.title);
  return document;
}

async function openSession(token) {
  const response = await fetch("/api/v1/session", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
  return response.ok ? null : (await response.json()).detail;
}

let asking = null;
function askForToken(refusal) {
  const dialog = byId("token-dialog");
  byId("token-refusal").hidden = !refusal;
  byId("token-refusal").textContent = refusal ?? "";
  if (!dialog.open) dialog.showModal();
  asking ??= new Promise(() => {
    byId("token-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = await openSession(byId("token-input").value.trim());
      if (problem) askForToken(problem);
      else location.reload();
    });
  });
  return asking;
}

async function useTokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  const problem = await openSession(token);
  if (problem) await askForToken(problem);
}

// --- parts of the page --------------------------------------------------------------------------

const signedSpan = (value, text) => element("span", { class: `signed ${direction(value)}` }, text);
const agentCell = (row) => {
  const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.setProperty("--line", lineColor(row.index));
  return element("span", { class: "agent" }, swatch, element("span", {}, row.name), row.too_early
    ? element("span", { class: "early", title: `${row.trades} of 30 trades, ${Math.floor(row.days)} of 30 days: not distinguishable from luck` }, "too early")
    : null);
};
const statusCell = (row) => element("span", { class: "state", "data-state": row.state, title: row.state_reason }, row.state);
const KINDS = { rule: "rule", llm: "LLM", benchmark: "benchmark" };
const ratio = (key, label, help, show) => ({ key, label, help, value: (row) => row[key],
  cell: (row) => (show ? show(row[key]) : signedSpan(row[key], percent(row[key]))) });

const COLUMNS = [
  { key: "rank", label: "#", help: "Rank by total return.", ascending: true, value: (r) => r.rank, cell: (r) => String(r.rank) },
  { key: "name", label: "Agent", help: "The agent that decides for this account.", text: true, header: true, value: (r) => r.name, cell: agentCell },
  { key: "kind", label: "Kind", help: "Who decides: a rule strategy, a language model (LLM), or a benchmark that only holds.", text: true, value: (r) => r.kind, cell: (r) => KINDS[r.kind] ?? r.kind },
  { key: "mode", label: "Mode", help: "PAPER trades simulated money, TESTNET the venue's test money, LIVE real money.", text: true, value: moneyKind, cell: (r) => moneyBadge(moneyKind(r)) },
  { key: "equity", label: "Equity", help: "Wallet plus unrealised profit at the mark price, in USDT.", value: (r) => r.equity, cell: (r) => money(r.equity) },
  ratio("total_return", "Return", "Equity over starting equity minus one, after fees and funding."),
  ratio("change_24h", "24 h", "Change of equity over the last 24 hours of market time."),
  ratio("vs_btc_hold", "vs BTC", "Return minus the return of BTC bought at the agent's start and held, without costs."),
  ratio("sharpe", "Sharpe", "Mean over standard deviation of daily returns, times the square root of 252. Needs two daily returns.", (v) => figure(v)),
  ratio("sortino", "Sortino", "Mean over downside deviation of daily returns, times the square root of 252.", (v) => figure(v)),
  ratio("max_drawdown", "Max DD", "Deepest fall of equity from an earlier peak.", (v) => (isKnown(v) ? percent(-Math.abs(v)) : "–")),
  ratio("win_rate", "Win rate", "Closed trades with a net profit over all closed trades.", (v) => percent(v, { signed: false, digits: 0 })),
  { key: "trades", label: "Trades", help: "Closed trades, flat to flat.", value: (r) => r.trades, cell: (r) => String(r.trades) },
  ratio("exposure_ratio", "Exposure", "Sum of all position values over equity; 1.00x means as much as the equity.", (v) => (isKnown(v) ? `${figure(v)}x` : "–")),
  { key: "state", label: "Status", help: "active, paused or stopped by the operator; reducing or halted by risk; failed when the last cycle failed.", text: true, value: (r) => r.state, cell: statusCell },
];

function drawTiles({ totals }, status) {
  const last = status.accounts.map((account) => account.last_done).filter(Boolean).map((cycle) => new Date(cycle.real_finished_at))
    .sort((a, b) => b - a)[0];
  const tile = (label, value, note, help) => element("div", { class: "tile", title: help },
    element("p", { class: "tile-label" }, label), element("p", { class: "tile-value" }, value), element("p", { class: "tile-note" }, note));
  byId("tiles").replaceChildren(
    tile("Total equity", money(totals.equity), isKnown(totals.profit) ? signedSpan(totals.profit, `${signedMoney(totals.profit)}  (${percent(totals.total_return)}) since start`) : "no snapshot yet", "Sum over all accounts, USDT"),
    tile("24 h change", signedSpan(totals.change_24h, percent(totals.change_24h)), isKnown(totals.profit_24h) ? `${signedMoney(totals.profit_24h)} USDT` : "after 24 h of market time", "Over the last 24 hours of market time, over the accounts that are that old"),
    tile("Against BTC hold", signedSpan(totals.vs_btc_hold, percent(totals.vs_btc_hold)), isKnown(totals.btc_hold) ? `BTC hold ${percent(totals.btc_hold)}` : "no stored BTC candles yet", "Return of all accounts minus the return of BTC bought at the start"),
    tile("Open positions", String(totals.open_positions), totals.open_positions ? `${wholeMoney(totals.gross_exposure)} USDT exposed, ${figure(totals.exposure_ratio)}x` : "no exposure", "Sum of position values, and its ratio to equity"),
    tile("Last cycle", last ? element("time", { datetime: last.toISOString(), title: utc(last) }, clock(last)) : "–",
      `${status.accounts.filter((account) => account.last_done).length} of ${status.accounts.length} agents have decided`, "When an agent last finished a cycle, your time"));
}

const WORDS = { critical: "Act now", warning: "Look", info: "Note", ok: "All well" };
function drawBanner() {
  const problems = [...(state.status?.problems ?? [])];
  if (state.failed) problems.unshift({ severity: "warning", title: state.failed, detail: staleNote(), remedy: "" });
  else if (["reconnecting", "polling"].includes(state.connection)) {
    problems.unshift({ severity: "warning", title: "The live feed is lost", detail: staleNote(),
      remedy: state.connection === "polling" ? "Reading every 10 seconds instead." : "Connecting again by itself." });
  }
  const severity = problems.length ? ["critical", "warning", "info"].find((s) => problems.some((p) => p.severity === s)) : "ok";
  byId("banner").dataset.severity = severity;
  byId("banner-word").textContent = WORDS[severity];
  const line = (problem) => element("p", {}, element("strong", {}, problem.title), problem.detail ? ` ${problem.detail}` : "",
    problem.remedy ? element("span", { class: "remedy" }, ` ${problem.remedy}`) : null);
  const [first, ...more] = problems;
  byId("banner-text").replaceChildren(first ? line(first) : line({ title: state.status ? `${state.status.accounts.length} agents on schedule.` : "Reading the arena." }),
    ...(more.length ? [element("details", { open: state.moreOpen }, element("summary", {}, `${more.length} more`), ...more.map(line))] : []));
  byId("banner-text").querySelector("details")?.addEventListener("toggle", (event) => { state.moreOpen = event.target.open; });
}
const staleNote = () => (state.loadedAt ? `Numbers are from ${clock(state.loadedAt)}.` : "No numbers have been read yet.");

function drawHeader(status) {
  const { market } = status;
  byId("badges").replaceChildren(
    ...(market ? [element("span", { class: "badge", "data-kind": market.source, title: `Market ${market.name}` }, `${market.label} MARKET`)] : []),
    ...["live", "testnet", "paper"].filter((kind) => status.accounts.some((account) => moneyKind(account) === kind)).map(moneyBadge));
  byId("speed").textContent = status.market ? `${status.market.speed}x` : "–";
  const link = byId("prefect-link");
  link.hidden = !status.links.prefect_ui;
  if (status.links.prefect_ui) link.href = status.links.prefect_ui;
}

function tick() {
  const { status } = state;
  if (!status) return;
  const passed = (Date.now() - state.statusAt) / 1000;
  if (isKnown(status.data_age_s)) byId("data-age").textContent = age(status.data_age_s + passed);
  if (!status.market) return;
  const market = new Date(new Date(status.market.time).getTime() + (status.market.is_running ? passed * status.market.speed * 1000 : 0));
  byId("market-time").textContent = fullInstant(market);
  byId("market-time").title = utc(market);
}

// --- keeping it moving --------------------------------------------------------------------------

const chart = new EquityChart(byId("chart"), byId("legend"));
const table = new Table(byId("board"), COLUMNS, { sortBy: "rank", key: (row) => row.account_id });
const more = new MoreFigures({ details: byId("more"), table: byId("figures"), definitions: byId("figure-definitions"),
  meanings: byId("figure-meanings"), note: byId("figures-note"), read });
byId("more").addEventListener("toggle", () => guarded(() => more.load()));
const pairs = new Pairs({ page: document.querySelector("main"), card: byId("pairs-card"), list: byId("pairs"),
  definitions: byId("pair-definitions"), meanings: byId("pair-meanings"), read });
const modelCall = new ModelCallDialog({ dialog: byId("call-dialog"), title: byId("call-title"), content: byId("call-content"), read });
const feed = new DecisionFeed({ list: byId("feed"), empty: byId("feed-empty"), agentFilter: byId("feed-agent"), kindFilter: byId("feed-kind"),
  onFilter: () => guarded(loadFeed), onOpen: (item, agent) => modelCall.open(item, agent) });
byId("definitions").append(...COLUMNS.flatMap((column) => [element("dt", {}, column.label === "#" ? "Rank" : column.label), element("dd", {}, column.help)]));

async function loadFigures() {
  const [status, board] = await Promise.all([read("status"), read("leaderboard")]);
  const order = new Map(status.accounts.map((account, index) => [account.account_id, index]));
  Object.assign(state, { status, board, statusAt: Date.now(), loadedAt: new Date() });
  drawHeader(status);
  drawTiles(board, status);
  table.update(board.items.map((row) => ({ ...row, index: order.get(row.account_id) ?? 7 })));
  feed.setAgents(status.accounts);
  byId("board-note").textContent = board.items.length ? `Sharpe and Sortino annualised with ${board.annualisation} days` : "";
  emptyNote("board-empty", board.items.length, "No account yet. Start the arena with: perpflow up");
  tick();
  await Promise.all([more.load(), pairs.load(status.accounts)]);
}

async function loadChart() {
  const answer = await read(`equity?range=${state.range}`);
  const points = answer.lines.reduce((sum, line) => sum + line.at.length, 0);
  emptyNote("chart-empty", points, state.range === "all"
    ? "No equity yet: the first point comes with the first cycle. Start the arena with: perpflow up"
    : "No equity in this range. Choose All.");
  byId("chart").hidden = points === 0;
  if (points) chart.load(answer);
}

async function loadFeed() {
  feed.load((await read(`decisions?${feed.query()}`)).items);
}

function emptyNote(id, count, text) {
  byId(id).hidden = count > 0;
  byId(id).textContent = text;
}

async function guarded(work) {
  try {
    await work();
    state.failed = null;
  } catch (error) {
    state.failed = `The arena cannot be read: ${error.message}`;
  }
  drawBanner();
}

const reload = () => guarded(() => Promise.all([loadFigures(), loadChart(), loadFeed()]));

let soon = null;
function figuresSoon() {
  soon ??= setTimeout(() => { soon = null; guarded(loadFigures); }, 1500);
}

function onMessage(message) {
  if (message.type === "equity.updated") {
    chart.append(message.account_id, new Date(message.market_time), Number(message.data.equity));
    if (byId("chart").hidden) guarded(loadChart);
  } else if (message.type.startsWith("decision.") && !feed.hear(message)) {
    guarded(loadFeed);
  }
  figuresSoon();
}

const STATE_TEXT = { connecting: "connecting", live: "live", reconnecting: "reconnecting", polling: "polling" };
function onState(name, heard) {
  Object.assign(state, { connection: name, heard });
  byId("connection").dataset.state = name;
  byId("connection").textContent = STATE_TEXT[name];
  byId("connection").title = heard ? `last heard ${clock(heard)}` : "";
  drawBanner();
}

function bindSwitch(id, onChoose) {
  byId(id).addEventListener("click", (event) => {
    const chosen = event.target.closest("button");
    if (!chosen) return;
    for (const button of byId(id).children) button.setAttribute("aria-pressed", String(button === chosen));
    onChoose(chosen.dataset.value);
  });
}

bindSwitch("unit", (unit) => chart.setUnit(unit));
bindSwitch("range", (range) => { state.range = range; guarded(loadChart); });
setInterval(tick, 1000);
// What no event tells: age of data, cycles that did not come. Also thins the chart again.
setInterval(() => document.hidden || guarded(loadFigures), 15000);
setInterval(() => document.hidden || guarded(loadChart), 60000);

await useTokenOfAddress();
await reload();
new Live({ path: "/ws?channels=trading-events,positions", onMessage, onReload: reload, onState }).start();
