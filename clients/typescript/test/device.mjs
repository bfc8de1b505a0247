/** A device of a test: its clock, network and storage can go wrong; behind its network is the real service. */

import { createHmac, randomUUID } from "node:crypto";

import { Clock, MemoryStorage, PracticeQueue, SessionsClient } from "../dist/index.js";

/** Where the service runs, and the secret of its tokens: tests/external/test_clients.py starts it. */
export const SERVICE = process.env.VOREX_URL;
const SECRET = process.env.VOREX_SECRET;
if (!SERVICE || !SECRET) throw new Error("VOREX_URL and VOREX_SECRET must name a running service: use `make clients`");

export const HOUR = 3_600_000;

export function accessToken(learner, secret = SECRET, seconds = 3600) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: learner, aud: "authenticated", role: "authenticated", iat: now - 5, exp: now + seconds };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** What the service has stored of a learner. */
export async function history(learner) {
  const client = new SessionsClient({ url: SERVICE, token: () => accessToken(learner) });
  const sessions = [];
  for await (const session of client.history({ limit: 100 })) sessions.push(session);
  return sessions;
}

export const practice = (overrides = {}) => ({ session_type: "conversation", duration_seconds: 300, ...overrides });

/** A header list that answers null for one name, like another origin's in a browser. */
const hiding = (response, hidden) => ({
  status: response.status,
  text: () => response.text(),
  headers: { get: (name) => (name === hidden ? null : response.headers.get(name)) },
});

/** Faults of the network: each is what `fetch` does instead. */
export const faults = {
  down: async () => { throw new TypeError("Network request failed"); },
  cut: async (url, request) => { await (await fetch(url, request)).text(); throw new TypeError("Network request failed"); },
  hang: () => new Promise(() => {}),
  hideDate: async (url, request) => hiding(await fetch(url, request), "Date"),
  answer: (status, headers = {}, body = "<html>not ours</html>") => async () => new Response(body, { status, headers }),
};

export class Device {
  requests = 0;
  /** Milliseconds by which the wall clock is ahead. */
  ahead = 0;
  /** Milliseconds that have passed without the test waiting. */
  passed = 0;
  events = [];

  /** `network` returns a fault for a request, or nothing. */
  constructor({ network = () => undefined, storage = new MemoryStorage(), token, timeoutMs = 5000, WebSocket = null, ...options } = {}) {
    Object.assign(this, { network, storage, timeoutMs, WebSocket, options });
    this.learner = options.learner || randomUUID();
    this.token = token || (() => accessToken(this.learner));
    this.start();
  }

  /** A new queue on the same storage: the app was killed, and starts again. */
  start() {
    const clock = new Clock(() => Date.now() + this.ahead, () => performance.now() + this.passed);
    this.client = new SessionsClient({
      url: SERVICE,
      token: (options) => this.token(options),
      fetch: (url, request) => {
        this.requests++;
        return (this.network(url, request, this.requests) || fetch)(url, request);
      },
      timeoutMs: this.timeoutMs,
      WebSocket: this.WebSocket,
      clock,
    });
    this.queue = new PracticeQueue({
      client: this.client, learner: this.learner, storage: this.storage, onEvent: (event) => this.events.push(event),
      ...this.options,
    });
  }

  kinds() {
    return this.events.map((event) => event.kind);
  }
}
