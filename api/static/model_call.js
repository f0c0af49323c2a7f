// What a model was asked and what it said, in a dialog. Read when somebody opens it.
//
// All of it is a stranger's text: it goes into the page as text, never as HTML.

import { element, figure, fullInstant, isKnown, percent, price, timeElement, wholeMoney } from "./format.js";

const PURPOSES = { decide: "to decide", correct: "to correct its answer", preview: "as a preview", replay: "again, as a replay" };
const RULE_STATES = new Map([[true, "passed"], [false, "failed"], [null, "not reached"]]);

const cost = (call) => (isKnown(call.cost) ? `${Number(call.cost)} USD`
  : `unknown${Number(call.known_cost) ? `, ${Number(call.known_cost)} USD known` : ""}`);
const words = (...parts) => parts.filter(Boolean).join(": ");
/** Characters that turn the direction of a line, or show nothing, would let a reply look like another one. */
const plain = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
const said = (text) => element("pre", { class: "said", tabindex: "0" }, plain(text || "(nothing)"));
const saidLine = (text, more = "") => element("p", { class: `said-line ${more}` }, plain(text));
const part = (title, open, ...content) => element("details", { class: "call-part", open }, element("summary", {}, title), ...content);

function facts(call) {
  const other = call.model_used && call.model_used !== call.model_asked ? `, answered by ${call.model_used}` : "";
  const pairs = [
    ["Outcome", words(call.outcome.replaceAll("_", " "), call.reason)],
    ["Model", `${call.model_asked} at ${call.host}${other}`],
    ["Asked", element("span", {}, `${PURPOSES[call.purpose] ?? call.purpose}, for `, timeElement(call.at, fullInstant), ` market time; ${figure(call.seconds, 1)} s`)],
    ["Prompt", `${call.prompt_name} ${call.prompt_version}`],
    ["Cost", `${cost(call)}, ${call.known_tokens} tokens${call.unknown_usages ? " and some that nobody counted" : ""}`],
  ];
  return element("dl", { class: "call-facts" }, ...pairs.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function decision(made, outcomes) {
  const hasDirection = ["buy", "sell"].includes(made.action); // A hold and a close have no result of their own.
  const size = hasDirection ? ` ${wholeMoney(made.allocation_usd)} USDT at ${price(made.reference_price)}` : "";
  const risk = words([made.verdict, made.verdict_code].filter(Boolean).join(", ") || "not judged yet", made.verdict_text);
  const later = outcomes.filter((each) => each.decision_id === made.id)
    .map((each) => `${each.horizon} ${percent(isKnown(each.result_ratio) ? each.result_ratio : each.move_ratio)}`);
  return element("li", {},
    element("p", {}, element("span", { class: "action", "data-action": made.action }, made.action.toUpperCase()), ` ${made.asset}${size}`),
    saidLine(made.rationale || "no reason given"),
    made.exit_plan ? saidLine(`Exit plan: ${made.exit_plan}`, "quiet") : null,
    element("p", { class: "quiet" }, `Risk: ${risk}`),
    later.length ? element("p", { class: "quiet" }, `${hasDirection ? "Result" : "Price since"}: ${later.join(", ")}`) : null);
}

function reading(read) {
  const line = (name, state, sentence) => element("li", {}, element("strong", {}, name), ` ${words(state, sentence)}`);
  return element("ul", { class: "call-rules" },
    ...(read.rules ?? []).map((rule) => line(rule.rule, RULE_STATES.get(rule.passed), rule.sentence)),
    ...(read.verdicts ?? []).map((each) => line(each.asset, each.outcome.replaceAll("_", " "), each.sentence)));
}

/** What it thought: beside the decisions, else as the provider passes it on. */
const reasoning = (call) => call.reading?.reasoning || call.call.rounds.map((round) => round.reply?.reasoning).filter(Boolean).join("\n\n");

function body(call) {
  const thought = reasoning(call);
  return [facts(call),
    ...(call.decisions.length ? [element("ol", { class: "call-decisions" }, ...call.decisions.map((made) => decision(made, call.outcomes)))]
      : [element("p", { class: "quiet" }, "No decision was made of this answer.")]),
    ...(thought ? [part("Reasoning", true, said(thought))] : []),
    part("Reply as received", !thought, said(call.reply_text)),
    ...(call.reading?.rules ? [part("How it was read", false, reading(call.reading))] : []),
    part(`Messages (${call.call.messages.length})`, false,
      ...call.call.messages.flatMap((message) => [element("p", { class: "quiet" }, message.role), said(message.text)]))];
}

export class ModelCallDialog {
  constructor({ dialog, title, content, read }) {
    Object.assign(this, { dialog, title, content, read, wanted: 0 });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  /** Opens at once and fills in what was read; of two that were asked for, the later one stays. */
  async open(item, agent) {
    const wanted = ++this.wanted;
    this.title.textContent = agent;
    this.content.replaceChildren(element("p", { class: "quiet" }, "Reading what was asked and said."));
    if (!this.dialog.open) this.dialog.showModal();
    const nodes = await this.load(item).catch((error) => [element("p", { class: "refusal" }, `It cannot be read: ${error.message}`)]);
    if (wanted === this.wanted) this.content.replaceChildren(...nodes);
  }

  async load(item) {
    const id = item.model_call_id ?? await this.find(item);
    if (!id) return [element("p", {}, "No model was asked for this decision."), said(item.rationale)];
    return body(await this.read(`model-calls/${encodeURIComponent(id)}`));
  }

  /** A decision that came as an event does not name its call; the list does. */
  async find(item) {
    const query = new URLSearchParams({ account_id: item.account_id, asset: item.asset, since: item.decided_at, limit: "100" });
    const found = (await this.read(`decisions?${query}`)).items.find((each) => each.id === item.id);
    return found?.model_call_id ?? null;
  }
}
