// A line to the service: the socket while it is open, and HTTP else. docs/api.md describes both.
// An app uses the library of clients/typescript, which also keeps what has not arrived.

const PATH = "/api/sessions/live";
const REQUESTS = {
  heartbeat: ({ session_result_id: id, ...totals }) => ["PUT", `${PATH}/${id}`, totals],
  finish: ({ session }) => ["POST", "/api/sessions/save", session],
  cancel: ({ session_result_id: id }) => ["DELETE", `${PATH}/${id}`],
};

export class Line {
  #token;
  #tell;
  #socket = null;
  #asked = new Map();
  #refs = 0;
  #failures = 0;
  #isOver = false;

  /** `tell` hears every message of the service, and of the type `line` by which way they come. */
  constructor(token, tell) {
    this.#token = token;
    this.#tell = tell;
    this.#connect();
    setInterval(() => this.isOpen || this.#isOver || document.hidden || this.refresh(), 4000);
  }

  get isOpen() {
    return this.#socket !== null && this.#socket.isReady === true;
  }

  /** Sends a message; resolves with the message that answers it, whichever way it went. */
  async ask(type, members) {
    if (!this.isOpen) return this.#request(type, members);
    const ref = String(++this.#refs);
    const answer = new Promise((resolve) => {
      this.#asked.set(ref, resolve);
      setTimeout(() => resolve(null), 5000);
    });
    this.#socket.send(JSON.stringify({ type, ...members, ref }));
    return (await answer) || this.#request(type, members);
  }

  /** Asks for all that is live, where no socket tells. */
  async refresh() {
    const { status, body } = await this.#fetch("GET", PATH);
    if (status === 200) this.#tell({ type: "state", ...body });
    else this.#tell({ type: "problem", problem: body });
  }

  #connect() {
    const address = `${location.origin.replace(/^http/, "ws")}${PATH}/socket`;
    const socket = (this.#socket = new WebSocket(address, ["vorex.live.v1", `bearer.${this.#token}`]));
    socket.onmessage = ({ data }) => this.#receive(socket, JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #receive(socket, message) {
    if (message.type === "ready") {
      socket.isReady = true;
      this.#failures = 0;
      this.#tell({ type: "line", way: "socket" });
    }
    this.#tell(message);
    const answered = this.#asked.get(message.ref);
    this.#asked.delete(message.ref);
    if (answered) answered(message);
  }

  #closed(code, reason) {
    this.#socket = null;
    this.#asked.forEach((answered) => answered(null));
    this.#asked.clear();
    this.#isOver = code === 4401;
    this.#tell({ type: "line", way: this.#isOver ? "off" : "http", code, reason });
    if (code >= 4400 && code < 4500) return;
    const pause = code === 1012 ? 0 : Math.min(60_000, 1000 * 2 ** this.#failures++);
    setTimeout(() => this.#connect(), pause * (0.5 + Math.random() / 2) + 100 * Math.random());
  }

  async #request(type, members) {
    const { status, body } = await this.#fetch(...REQUESTS[type](members));
    if (status >= 400 || status === 0) return { type: "problem", problem: body };
    if (type === "finish") return { type: "saved", session: body };
    return type === "heartbeat" ? { type: "ack", seq: body.seq, session: body } : { type: "ack", cancelled: true };
  }

  async #fetch(method, path, body) {
    const headers = { Authorization: `Bearer ${this.#token}`, ...(body && { "Content-Type": "application/json" }) };
    try {
      const answer = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return { status: answer.status, body: answer.status === 204 ? {} : await answer.json() };
    } catch {
      return { status: 0, body: { detail: "The service cannot be reached; it is tried again." } };
    }
  }
}
