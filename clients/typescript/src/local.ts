/** The local copy: the learner's sessions on this device, as the service has them. */

import { Chain, Unreached } from "./chain.js";
import type { CopyOptions, QueueEvent, SyncReport } from "./events.js";
import type { Http } from "./http.js";
import type { Page } from "./pages.js";
import { Pauses } from "./pauses.js";
import { ConflictError, ProblemError, UnknownSessionError } from "./problem.js";
import { askChanges, type Outcome } from "./sending.js";
import type { CorrectedSession, Correction, SessionResult } from "./types.js";

const MOST = 100; // changes; the service sends no more at once

/** Keeps a copy of one learner's sessions. Several tabs may share its storage. */
export class LocalCopy {
  private readonly http: Http;
  private readonly chain: Chain;
  private readonly pauses: Pauses;
  /** Answers to this device's own changes, until the copy has them: sessions; null where deleted. */
  private readonly own = new Map<string, SessionResult | null>();
  private readonly most: number;
  private size: number;
  private stopped: SyncReport["stopped"] = null;
  private syncing: Promise<unknown> = Promise.resolve();
  private using: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CopyOptions) {
    if (!options.learner) throw new TypeError("The copy needs the learner's id.");
    this.http = options.client.http.forLearner(options.learner);
    this.pauses = new Pauses(this.http.clock, options);
    this.chain = new Chain(options.storage, `vorex-sessions-copy/${encodeURIComponent(options.learner)}/`, {
      storageFailed: (operation, error) => this.tell({ kind: "storage-failed", operation, error }),
      unreadable: (key, text) => this.tell({ kind: "unreadable", key, text }),
    });
    this.most = this.size = options.pageSize || MOST;
  }

  /**
   * Fetches what has changed. Never rejects. With `force` it does not wait for the end of a pause. Call it when the
   * app starts, after a flush of the queue and from time to time. Stopped anywhere, the next one goes on from there.
   */
  sync(options: { force?: boolean } = {}): Promise<SyncReport> {
    const pass = this.syncing.then(() => this.pass(options.force === true));
    this.syncing = pass;
    return pass;
  }

  /** All sessions, newest first. */
  async all(): Promise<SessionResult[]> {
    await this.catchUp();
    const sessions: SessionResult[] = [];
    this.chain.sessions.stored.forEach(({ session }, id) => {
      if (!this.own.has(id)) sessions.push(session!);
    });
    this.own.forEach((session) => session && sessions.push(session));
    const key = (one: SessionResult) => `${one.completed_at} ${one.session_result_id}`;
    return sessions.sort((one, other) => (key(one) < key(other) ? 1 : -1));
  }

  /** A session; null if the copy has none with this id. */
  async get(id: string): Promise<SessionResult | null> {
    await this.catchUp();
    return this.known(id);
  }

  /**
   * Changes some members of a session, unless another device has changed it since the copy knows it. Throws
   * ConflictError, UnknownSessionError, ProblemError and NoAnswerError. After no answer the same may be called again.
   */
  async correct(id: string, changes: Correction): Promise<CorrectedSession> {
    const answer = await this.change<CorrectedSession>("PATCH", id, changes);
    const known = this.known(id);
    if (known) {
      const session: Record<string, unknown> = {};
      for (const name of Object.keys(known)) session[name] = (answer as Record<string, unknown>)[name];
      this.answered(id, session as SessionResult);
    }
    return answer;
  }

  /** Deletes a session, unless another device has changed it since. Throws as `correct` does. */
  async remove(id: string): Promise<void> {
    await this.change("DELETE", id);
    this.answered(id, null);
  }

  /** Removes the copy from this device, such as when the learner signs out for good. */
  clear(): Promise<void> {
    const cleared = this.syncing.then(() => this.alone(async () => {
      this.own.clear();
      await this.chain.clear();
    }));
    this.syncing = cleared;
    return cleared;
  }

  private async change<T>(method: string, id: string, body?: unknown): Promise<T> {
    const known = await this.get(id);
    if (!known) throw new UnknownSessionError(id);
    const path = `/api/sessions/${encodeURIComponent(id)}`;
    try {
      return await this.http.json<T>(method, path, body, { "If-Match": `"${known.version}"` });
    } catch (error) {
      if (!(error instanceof ProblemError) || (error.status !== 404 && error.status !== 412)) throw error;
    }
    const newest = await this.newest(path);
    this.answered(id, newest);
    throw new ConflictError(newest);
  }

  private async newest(path: string): Promise<SessionResult | null> {
    try {
      return await this.http.json<SessionResult>("GET", path);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return null;
      throw error;
    }
  }

  /** Shows what an answer says until the copy has it. */
  private answered(id: string, session: SessionResult | null): void {
    const known = this.known(id);
    if (!session || (known && known.version! <= session.version!)) this.own.set(id, session);
  }

  private known(id: string): SessionResult | null {
    const own = this.own.get(id);
    const stored = this.chain.sessions.stored.get(id);
    return own !== undefined ? own : (stored && stored.session) || null;
  }

  private catchUp(): Promise<void> {
    return this.alone(() => this.chain.catchUp()).catch((error) => {
      if (!(error instanceof Unreached)) throw error; // else what is in memory must do
    });
  }

  /** Uses the chain while nobody else does. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.using.then(work);
    this.using = done.catch(() => undefined);
    return done;
  }

  private async pass(force: boolean): Promise<SyncReport> {
    let complete = false;
    try {
      complete = (await this.maySend(force)) && (await this.fetchAll());
    } catch {
      this.pauses.failed(null); // the storage cannot be read
    }
    const { stopped, chain } = this;
    return { complete, durable: chain.isDurable, retryInMs: this.pauses.remaining(), stopped };
  }

  private async maySend(force: boolean): Promise<boolean> {
    const isRefused = this.stopped !== null && this.stopped.status === 401 && this.pauses.remaining();
    if (force || (isRefused && (await this.http.hasNewToken()))) this.pauses.end();
    return !this.pauses.remaining();
  }

  /** Fetches page after page. Returns whether the end was reached. */
  private async fetchAll(): Promise<boolean> {
    for (let anew = false; ; ) {
      await this.alone(() => this.chain.catchUp());
      const start = anew ? null : this.chain.place;
      const outcome = await askChanges(this.http, start, this.size);
      if ("kind" in outcome && outcome.kind === "refused" && outcome.status === 422 && start !== null) {
        anew = true; // a place that the service does not know any more
        continue;
      }
      if ("kind" in outcome || (outcome.has_more && outcome.next === start)) {
        this.fail("kind" in outcome ? outcome : { kind: "later", status: null, retryAfterMs: null });
        return false;
      }
      this.size = Math.min(this.most, this.size * 2);
      this.stopped = null;
      this.pauses.succeeded();
      const isKept = await this.alone(() => this.keep(start, outcome, anew));
      if (isKept && !outcome.has_more) return true;
      anew = false;
    }
  }

  /** Adds a page to the chain, unless another tab has led it on meanwhile. */
  private async keep(start: string | null, page: Page, anew: boolean): Promise<boolean> {
    await this.chain.catchUp();
    if (!anew && this.chain.place !== start) return false;
    await this.chain.append({ start, page });
    const changes = new Map(page.changes.map((change) => [change.session_result_id, change]));
    this.own.forEach((session, id) => {
      const change = changes.get(id);
      const isPurged = page.kept_since && session && session.completed_at! < page.kept_since;
      const isNewer = change && (change.deleted || (session && change.version >= session.version!));
      if (page.reset || isPurged || isNewer) this.own.delete(id);
    });
    if (!page.has_more) await this.chain.tidy();
    return true;
  }

  private fail(outcome: Outcome): void {
    if (outcome.kind === "later") {
      const isBusy = outcome.status === 429 || outcome.status === 503;
      if (!isBusy) this.size = Math.max(1, Math.floor(this.size / 2)); // a slow connection may get less through
      this.stopped = null;
      this.pauses.failed(outcome.retryAfterMs);
      this.tell({ kind: "postponed", status: outcome.status, retryInMs: this.pauses.remaining() || 0 });
    } else if (outcome.kind === "refused" || outcome.kind === "too-large") {
      this.stopped = { status: outcome.kind === "refused" ? outcome.status : 413, problem: outcome.problem };
      this.pauses.refused();
      this.tell({ kind: "stopped", ...this.stopped });
    }
  }

  private tell(event: QueueEvent): void {
    try {
      if (this.options.onEvent) this.options.onEvent(event);
    } catch {
      // The app's own error must not cost a page.
    }
  }
}
