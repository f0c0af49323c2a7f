// The live line: one WebSocket that resumes where it stopped, notices silence, and gives way to polling.
//
// States: connecting, live, reconnecting, polling. `seq` moves only with what was really received.

const SILENCE_MS = 65000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30000;
const FAILURES_BEFORE_POLLING = 5;
const POLL_MS = 10000;

export class Live {
  constructor({ path, onMessage, onReload, onState }) {
    Object.assign(this, { path, onMessage, onReload, onState });
    this.stream = null;
    this.seq = null;
    this.failures = 0;
    this.lastHeard = null;
    this.socket = null;
    window.addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  start() {
    this.state("connecting");
    this.open();
  }

  state(name) {
    this.name = name;
    this.onState(name, this.lastHeard);
  }

  open() {
    clearTimeout(this.retry);
    const url = new URL(this.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.stream !== null) {
      url.searchParams.set("stream", this.stream);
      url.searchParams.set("since", this.seq);
    }
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = (event) => this.socket === socket && this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.lose(event.code);
    this.watch();
  }

  hear(message) {
    this.lastHeard = new Date();
    this.watch();
    if (message.type === "hello") {
      const isNew = this.stream === null;
      if (isNew) this.seq = message.seq;
      if (isNew || message.stream === this.stream) this.stream = message.stream;
      this.failures = 0;
      clearInterval(this.polling);
      this.polling = null;
      this.state("live");
      if (isNew) this.onReload("start");
    } else if (message.type === "resync_required") {
      this.stream = message.stream;
      this.seq = message.seq;
      this.onReload(message.reason);
    } else {
      this.seq = message.seq;
      if (message.type !== "heartbeat") this.onMessage(message);
    }
  }

  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket && this.socket.close(), SILENCE_MS);
  }

  lose(code) {
    clearTimeout(this.silence);
    this.socket = null;
    this.failures += 1;
    if (this.failures >= FAILURES_BEFORE_POLLING && !this.polling) {
      this.polling = setInterval(() => this.onReload("poll"), POLL_MS);
    }
    this.state(this.polling ? "polling" : "reconnecting");
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    const pause = FIRST_PAUSE_MS + Math.random() * (ceiling - FIRST_PAUSE_MS);
    this.retry = setTimeout(() => this.open(), code === 4401 ? LONGEST_PAUSE_MS : pause);
  }

  hurry() {
    if (this.socket === null && this.retry) this.open();
  }
}
