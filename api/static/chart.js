// All equity curves on one chart: plotly draws, this module chooses colours, labels and units.
//
// Colours keep their distance for all common forms of colour blindness (after Okabe and Ito); beyond
// eight lines the dash changes too, and every line carries its name at its end.

import { element, fullInstant, localIso, money, percent } from "./format.js";

const LIGHT = ["#0063b2", "#c24a00", "#00805c", "#a83d88", "#8a6400", "#2b8fc7", "#5b4bc4", "#5f6b7a"];
const DARK = ["#5eb1ff", "#ff9a4d", "#3ecf9b", "#f08fd0", "#e8c547", "#8be0f2", "#b3a5ff", "#aab4c2"];
const DASHES = ["solid", "dot", "dashdot"];
const LABEL_PX = 17;
const NARROW_PX = 620;
const HOLD = "hold";
const HOLD_NAME = "BTC buy & hold";

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colour of a line by its place in the list of accounts. */
export function lineColor(index) {
  const palette = darkScheme.matches ? DARK : LIGHT;
  return palette[index % palette.length];
}

export class EquityChart {
  constructor(root, legend) {
    Object.assign(this, { root, legend, unit: "percent", lines: [], hidden: new Set(), isDrawn: false });
    darkScheme.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.schedule()).observe(root);
  }

  /** Replace all lines by an answer of /api/v1/equity. */
  load(answer) {
    this.lines = answer.lines.map((line, index) => ({
      id: line.account_id, name: line.name, index, initial: Number(line.initial_equity),
      at: line.at.map((text) => new Date(text)), equity: line.equity.map(Number), returns: line.returns.map(Number),
    }));
    if (answer.benchmark && answer.benchmark.at.length) {
      const { at, returns } = answer.benchmark;
      this.lines.push({
        id: HOLD, name: HOLD_NAME, index: -1, at: at.map((text) => new Date(text)), returns: returns.map(Number),
        equity: returns.map((value) => Number(answer.baseline) * (1 + Number(value))),
      });
    }
    this.draw();
  }

  /** One new point of an account, from a live message; ignored when it is not newer. */
  append(accountId, at, equity) {
    const line = this.lines.find((candidate) => candidate.id === accountId);
    if (!line || !line.at.length || at <= line.at.at(-1)) return;
    line.at.push(at);
    line.equity.push(equity);
    line.returns.push(line.returns.at(-1) + (equity - line.equity.at(-2)) / line.initial);
    this.schedule(1000);
  }

  setUnit(unit) {
    this.unit = unit;
    this.draw();
  }

  schedule(pause = 80) {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.draw();
    }, pause);
  }

  color(line) {
    return line.index < 0 ? css("--hold") : lineColor(line.index);
  }

  values(line) {
    return this.unit === "money" ? line.equity : line.returns.map((value) => value * 100);
  }

  draw() {
    if (!window.Plotly || !this.lines.length || !this.root.clientWidth) return;
    const shown = this.lines.filter((line) => line.at.length && !this.hidden.has(line.id));
    const narrow = this.root.clientWidth < NARROW_PX;
    const range = this.yRange(shown);
    const traces = shown.map((line) => this.trace(line));
    const layout = this.layout(range, narrow);
    layout.annotations = narrow ? [] : this.labels(shown, range, layout);
    window.Plotly.react(this.root, traces, layout, { displayModeBar: false, responsive: false, scrollZoom: false });
    this.drawLegend();
    this.isDrawn = true;
  }

  trace(line) {
    const isHold = line.index < 0;
    return {
      type: "scatter", mode: "lines", name: plain(line.name),
      x: line.at.map(localIso), y: this.values(line),
      line: {
        color: this.color(line), width: isHold ? 1.75 : 2.25,
        dash: isHold ? "dash" : DASHES[Math.floor(line.index / LIGHT.length) % DASHES.length],
      },
      hovertemplate: this.unit === "money" ? "%{y:,.2f}" : "%{y:+.2f} %",
    };
  }

  layout([low, high], narrow) {
    const axis = { gridcolor: css("--grid"), linecolor: css("--border"), tickfont: { color: css("--muted"), size: 12 },
      zeroline: false, fixedrange: true };
    return {
      height: this.root.clientHeight, autosize: true,
      margin: { l: narrow ? 48 : 58, r: narrow ? 10 : this.labelWidth(), t: 10, b: 34 },
      paper_bgcolor: css("--surface"), plot_bgcolor: css("--surface"),
      font: { family: css("--font"), color: css("--text"), size: 13 },
      showlegend: false, hovermode: "x unified", dragmode: false,
      hoverlabel: { bgcolor: css("--surface"), bordercolor: css("--border"), font: { color: css("--text"), size: 12 }, align: "left" },
      xaxis: { ...axis, type: "date", showgrid: false, nticks: narrow ? 4 : 8, hoverformat: "%d %b %H:%M", showspikes: true,
        spikethickness: 1, spikedash: "solid", spikecolor: css("--muted"), spikemode: "across" },
      yaxis: { ...axis, range: [low, high], tickformat: this.unit === "money" ? ",.0f" : ".2~f",
        ticksuffix: this.unit === "money" ? "" : " %", nticks: 7 },
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", layer: "below",
        y0: this.start(), y1: this.start(), line: { color: css("--muted"), width: 1, dash: "dot" } }],
    };
  }

  labelWidth() {
    const longest = Math.max(...this.lines.map((line) => Math.min(line.name.length, 24) + this.valueText(line).length));
    return 40 + longest * 7.4;
  }

  start() {
    const agent = this.lines.find((line) => line.index >= 0);
    return this.unit === "money" && agent ? agent.initial : 0;
  }

  yRange(lines) {
    let [low, high] = [Infinity, -Infinity];
    for (const line of lines) {
      for (const value of this.values(line)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (low > high) return [-1, 1];
    const least = this.unit === "money" ? Math.abs(this.start()) * 0.002 : 0.2;
    const pad = Math.max((high - low) * 0.08, least);
    return [low - pad, high + pad];
  }

  /** Names and values at the line ends, pushed apart so that none covers another. */
  labels(lines, [low, high], layout) {
    const height = layout.height - layout.margin.t - layout.margin.b;
    const ends = lines.map((line) => {
      const value = this.values(line).at(-1);
      return { line, value, wanted: ((high - value) / (high - low)) * height };
    }).sort((a, b) => a.wanted - b.wanted);
    ends.forEach((end, index) => {
      end.placed = index ? Math.max(end.wanted, ends[index - 1].placed + LABEL_PX) : Math.max(end.wanted, 6);
    });
    let floor = height;
    for (const end of [...ends].reverse()) {
      end.placed = Math.min(end.placed, floor);
      floor = end.placed - LABEL_PX;
    }
    return ends.map(({ line, value, wanted, placed }) => ({
      xref: "paper", x: 1, xanchor: "left", xshift: 8, yref: "y", y: value, yanchor: "middle", yshift: wanted - placed,
      showarrow: false, align: "left", font: { color: this.color(line), size: 12.5 },
      text: `${plain(line.name)}  <b>${this.valueText(line)}</b>`,
    }));
  }

  valueText(line) {
    if (!line.at.length) return "–";
    return this.unit === "money" ? money(line.equity.at(-1)) : percent(line.returns.at(-1));
  }

  drawLegend() {
    this.legend.replaceChildren(...this.lines.map((line) => {
      const swatch = element("span", { class: line.index < 0 ? "swatch dashed" : "swatch", "aria-hidden": "true" });
      swatch.style.setProperty("--line", this.color(line));
      const title = line.at.length ? `newest point ${fullInstant(line.at.at(-1))}` : "no point yet";
      const button = element("button", { type: "button", "aria-pressed": String(!this.hidden.has(line.id)), title },
        swatch, line.name, element("span", { class: "number" }, this.valueText(line)));
      button.addEventListener("click", () => this.toggle(line.id));
      return button;
    }));
  }

  toggle(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    if (this.hidden.size === this.lines.length) this.hidden.clear();
    const focus = [...this.legend.children].indexOf(document.activeElement);
    this.draw();
    if (focus >= 0) this.legend.children[focus].focus();
  }
}

/** Plotly reads a few tags in labels: a name is only ever text. */
const plain = (text) => text.slice(0, 24).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
