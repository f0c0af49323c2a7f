// How figures look. Pure functions; text goes into the page through `element` as text only.

const DASH = "–";
const moneyFormat = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const wholeFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const isKnown = (value) => value !== null && value !== undefined && Number.isFinite(Number(value));

const minus = (text) => text.replace("-", "−");
const sign = (value, text) => (value > 0 ? `+${text}` : minus(text));

export const money = (value) => (isKnown(value) ? minus(moneyFormat.format(value)) : DASH);
export const wholeMoney = (value) => (isKnown(value) ? minus(wholeFormat.format(value)) : DASH);
export const signedMoney = (value) => (isKnown(value) ? sign(Number(value), moneyFormat.format(value)) : DASH);

export function percent(ratio, { signed = true, digits = 2 } = {}) {
  if (!isKnown(ratio)) return DASH;
  const value = Number(ratio) * 100;
  const text = `${value.toFixed(digits)} %`;
  const isZero = Number(value.toFixed(digits)) === 0;
  return isZero ? text.replace("-", "") : signed ? sign(value, text) : minus(text);
}

export const figure = (value, digits = 2) => (isKnown(value) ? minus(Number(value).toFixed(digits)) : DASH);

export function price(value) {
  if (!isKnown(value)) return DASH;
  const size = Math.abs(Number(value));
  const digits = size >= 1000 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 5;
  return minus(new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value));
}

const MONEY = { paper: "No real money is traded", testnet: "Live orders on the venue's test network: no real money", live: "Real money is traded" };
/** Whose money an account trades; of a live one its network decides. */
export const moneyKind = ({ mode, network }) => (mode === "live" && network === "testnet" ? "testnet" : mode);
export const moneyBadge = (kind) => element("span", { class: "badge", "data-kind": kind, title: MONEY[kind] }, kind.toUpperCase());

export function age(seconds) {
  if (!isKnown(seconds)) return DASH;
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const instantFormat = new Intl.DateTimeFormat(undefined, {
  day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(undefined, {
  day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const clock = (date) => clockFormat.format(date);
export const instant = (date) => instantFormat.format(date);
export const fullInstant = (date) => dayFormat.format(date);
export const utc = (date) => `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** The viewer's local time as plotly reads it: a date without a zone. */
export function localIso(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 23);
}

export const direction = (value) => (!isKnown(value) || Number(value) === 0 ? "flat" : Number(value) > 0 ? "up" : "down");

/** A DOM element. Attributes are set as attributes, children as text or elements: never as HTML. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A `<time>` in the viewer's zone with UTC as its tooltip. */
export function timeElement(iso, show = instant) {
  const date = new Date(iso);
  return element("time", { datetime: iso, title: utc(date) }, show(date));
}
