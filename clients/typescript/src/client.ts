/** The client: the calls that every app makes, and `request` for the others. */

import { Http, type HttpOptions } from "./http.js";
import { LivePractice } from "./live.js";
import type { LiveOptions, WatchOptions } from "./live-events.js";
import type { Storage } from "./storage.js";
import type {
  BatchAnswer, HistoryPage, HistoryQuery, KeptHeartbeat, LiveSession, LiveSessions, NewSession, SavedSession, SessionResult, Stats,
  StatsQuery, Warmup, WarmupQuery,
} from "./types.js";
import { unfinished } from "./unfinished.js";
import { LiveWatch } from "./watch.js";

/** Values of a query; undefined and null are left out. */
export type QueryValues = { [name: string]: string | number | boolean | null | undefined };

export interface RequestOptions {
  query?: QueryValues;
  body?: unknown;
  idempotencyKey?: string;
}

/** Calls the service. Every method throws ProblemError or NoAnswerError. */
export class SessionsClient {
  /** For the queue, which shares the token, the time limit and the clock. */
  readonly http: Http;

  constructor(options: HttpOptions) {
    this.http = new Http(options);
  }

  /** Saves a session. To repeat it safely, give it a `session_result_id` or an idempotency key; or use the queue. */
  save(session: NewSession, options: { idempotencyKey?: string } = {}): Promise<SavedSession> {
    return this.request("POST", "/api/sessions/save", { body: session, ...options });
  }

  /** Saves up to 100 sessions; each has its own outcome. */
  saveBatch(sessions: NewSession[], options: { idempotencyKey?: string } = {}): Promise<BatchAnswer> {
    return this.request("POST", "/api/sessions/batch", { body: { sessions }, ...options });
  }

  /** One page of the history, newest first. */
  historyPage(query: HistoryQuery = {}): Promise<HistoryPage> {
    return this.request("GET", "/api/sessions/history", { query: query as QueryValues });
  }

  /** The whole history, newest first, page by page: `for await (const session of client.history())`. */
  history(query: HistoryQuery = {}): History {
    return new History((cursor) => {
      const next: HistoryQuery = cursor === null ? query : { ...query, cursor };
      if (cursor !== null) delete next.offset; // it counts from the first page
      return this.historyPage(next);
    });
  }

  stats(query: StatsQuery = {}): Promise<Stats> {
    return this.request("GET", "/api/sessions/stats", { query: query as QueryValues });
  }

  warmup(query: WarmupQuery = {}): Promise<Warmup> {
    return this.request("GET", "/api/sessions/warmup", { query: query as QueryValues });
  }

  /** The learner's sessions that go on, or can be resumed. */
  async liveSessions(): Promise<LiveSession[]> {
    return (await this.request<LiveSessions>("GET", "/api/sessions/live")).sessions;
  }

  /** Practice that begins now, or goes on: `client.live({ learner, session, totals }).start()`. */
  live(options: LiveOptions): LivePractice {
    return new LivePractice(this.http, options);
  }

  /** What is practised now, on whichever device: `client.watch({ learner, onEvent }).start()`. */
  watch(options: WatchOptions): LiveWatch {
    return new LiveWatch(this.http, options);
  }

  /** What can be carried on after the app was killed, also without a network. Never rejects. */
  unfinished({ learner, storage }: { learner: string; storage: Storage }): Promise<(LiveSession | KeptHeartbeat)[]> {
    return unfinished(this.http, learner, storage);
  }

  /** Any other call: `client.request<Streak>("GET", "/api/sessions/streak", { query: { goal_minutes: 15 } })`. */
  request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const key = options.idempotencyKey;
    const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
    return this.http.json<T>(method, path + queryString(options.query || {}), options.body, headers);
  }
}

/** The sessions of a history, one after the other. Written out, since Hermes has no asynchronous generators. */
export class History implements AsyncIterableIterator<SessionResult> {
  private page: SessionResult[] = [];
  private cursor: string | null = null;
  private ended = false;

  constructor(private readonly fetchPage: (cursor: string | null) => Promise<HistoryPage>) {}

  async next(): Promise<IteratorResult<SessionResult, undefined>> {
    while (!this.page.length && !this.ended) {
      const { sessions, next_cursor: cursor } = await this.fetchPage(this.cursor);
      this.page = (sessions || []).slice();
      this.cursor = cursor || null;
      this.ended = this.cursor === null;
    }
    const value = this.page.shift();
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function queryString(values: QueryValues): string {
  const parts = Object.keys(values)
    .filter((name) => values[name] !== undefined && values[name] !== null)
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(String(values[name]))}`);
  return parts.length ? `?${parts.join("&")}` : "";
}
