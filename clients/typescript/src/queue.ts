/** The offline queue: what is added to it is kept until the service has stored it or refused it for good. */

import { BatchSize } from "./batches.js";
import type { Clock } from "./clock.js";
import { complete } from "./corrections.js";
import { Entries, idOf, prefixOf, type Entry, type QueuedSession } from "./entries.js";
import type { Added, FlushReport, QueueEvent, QueueOptions } from "./events.js";
import type { Http } from "./http.js";
import { Pauses } from "./pauses.js";
import { platform, randomUuid } from "./platform.js";
import type { Problem } from "./problem.js";
import { sendBatch, type Outcome } from "./sending.js";
import { Settling } from "./settling.js";
import { Timing } from "./timing.js";
import type { NewSession } from "./types.js";

export class PracticeQueue {
  private readonly http: Http;
  private readonly clock: Clock;
  private readonly entries: Entries;
  private readonly pauses: Pauses;
  private readonly settling: Settling;
  private readonly timing: Timing;
  private readonly size = new BatchSize();
  private stopped: FlushReport["stopped"] = null;
  private flushing: Promise<FlushReport> | null = null;
  private following: Promise<FlushReport> | null = null;
  private timer: unknown = null;
  /** Whether one of those who wait for the next pass asked for `force`. */
  private forced = false;
  private running = false;
  /** Whether `stop` was called after the last `flush`. */
  private halted = false;
  /** In how many failed requests an entry was: the others go first, so that none can block them. */
  private readonly failures = new Map<string, number>();

  constructor(private readonly options: QueueOptions) {
    if (!options.learner) throw new TypeError("The queue needs the learner's id.");
    this.http = options.client.http.forLearner(options.learner);
    this.clock = this.http.clock;
    this.pauses = new Pauses(this.clock, options);
    this.entries = new Entries(options.storage, prefixOf(options.learner), {
      storageFailed: (operation, error) => this.tell({ kind: "storage-failed", operation, error }),
      unreadable: (key, text) => this.tell({ kind: "unreadable", key, text }),
    });
    this.settling = new Settling(this.entries, this.clock, (event) => this.tell(event));
    this.timing = new Timing(this.http, this.entries, this.settling);
  }

  /**
   * Call when a session ends. Once this resolves with `durable`, the session survives the end of the app.
   * It gets an id, the time and the time zone, where it has none. To add it twice with its id adds it once.
   * Rejects with a TypeError what cannot be written as JSON.
   */
  async add(given: NewSession): Promise<Added> {
    const session = JSON.parse(JSON.stringify(given)) as NewSession; // also, the app may change its own later
    const id = session.session_result_id || (this.options.uuid || randomUuid)();
    const before = session.session_result_id ? await this.entries.find(id) : null;
    const known = before && !before.problem ? before : null;
    const at = this.clock.mark();
    const entry = known || { session: complete(session, id, this.clock.now()), added: at.wall };
    const isUntimed = !known && !session.completed_at && this.clock.skew() === null;
    if (isUntimed) this.timing.doubt(entry, at);
    const durable = await this.entries.put(entry);
    if (this.running) void this.flush();
    return { session_result_id: id, durable };
  }

  /**
   * Call when the app starts, when the network returns and after `add`, as often as you like: it keeps the
   * pauses that the service asks for. Never rejects. With `force` it tries at once.
   */
  flush(options: { force?: boolean } = {}): Promise<FlushReport> {
    this.halted = false;
    this.forced = this.forced || options.force === true;
    return this.next();
  }

  /** Begins a pass; while one runs, one more follows it for all who call meanwhile. */
  private next(): Promise<FlushReport> {
    if (!this.flushing) {
      this.flushing = this.pass(this.forced).finally(() => (this.flushing = null));
      this.forced = false;
      return this.flushing;
    }
    if (!this.following) {
      const follow = () => {
        this.following = null;
        return this.next();
      };
      this.following = this.flushing.then(follow, follow);
    }
    return this.following;
  }

  /** Flushes now, after each `add`, and by itself when a pause ends. */
  start(): void {
    this.running = true;
    void this.flush();
  }

  /**
   * Ends what `start` began, such as when the learner signs out: no request is sent any more until the next
   * `flush`. What waits stays.
   */
  stop(): void {
    this.running = false;
    this.halted = true;
    platform().clearTimeout(this.timer);
  }

  /** The sessions that wait. */
  async waiting(): Promise<QueuedSession[]> {
    return (await this.pending()).map((entry) => entry.session);
  }

  /** One that waits, as it can be sent now; null while its time may be wrong. `finish` of a live session asks. */
  async whole(id: string): Promise<QueuedSession | null> {
    const waiting = (await this.pending()).filter((entry) => idOf(entry) === id);
    if (this.clock.skew() === null) return null;
    const [entry] = await this.timing.corrected(waiting);
    return entry ? entry.session : null;
  }

  /** The sessions that the service refused for good, with the reason. */
  async setAside(): Promise<{ session: QueuedSession; problem: Problem }[]> {
    const entries = (await this.entries.all()).filter((entry) => entry.problem);
    return entries.map(({ session, problem }) => ({ session, problem: problem! }));
  }

  /** Puts a session that was set aside back, such as when what refused it was cured. */
  async retry(id: string): Promise<void> {
    const entry = await this.entries.find(id);
    if (entry) await this.entries.put({ session: entry.session, added: entry.added });
  }

  /** Removes a session that was set aside or waits. */
  forget(id: string): Promise<void> {
    return this.entries.remove(id);
  }

  private async pending(): Promise<Entry[]> {
    const failures = (entry: Entry) => this.failures.get(idOf(entry)) || 0;
    const entries = (await this.entries.all()).filter((entry) => !entry.problem);
    return entries.sort((one, other) => failures(one) - failures(other));
  }

  private async pass(force: boolean): Promise<FlushReport> {
    try {
      await this.trySending(force);
    } catch {
      // Such as an answer that nobody foresaw: it must not end the queue.
      this.fail([], { kind: "later", status: null, retryAfterMs: null });
    }
    const waiting = (await this.pending()).length;
    const retryInMs = waiting ? this.pauses.remaining() : null;
    if (this.running && retryInMs !== null && !this.stopped) this.schedule(retryInMs);
    return { waiting, retryInMs, stopped: waiting ? this.stopped : null };
  }

  private async trySending(force: boolean): Promise<void> {
    await this.entries.retry();
    const isSignedOut = this.stopped !== null && this.stopped.status === 401 && this.pauses.remaining();
    if (force || (isSignedOut && (await this.http.hasNewToken()))) this.pauses.end();
    if (!this.pauses.remaining()) await this.sendAll();
  }

  private schedule(milliseconds: number): void {
    platform().clearTimeout(this.timer);
    this.timer = platform().setTimeout(() => void this.flush(), milliseconds);
  }

  /** Sends until nothing is left that this flush has not tried, or until a request fails. */
  private async sendAll(): Promise<void> {
    const tried = new Set<string>();
    for (;;) {
      const fresh = (await this.pending()).filter((entry) => !tried.has(idOf(entry)));
      if (!fresh.length || this.halted) return;
      fresh.forEach((entry) => tried.add(idOf(entry)));
      const failure = await this.timing.learn(fresh);
      if (failure) return this.fail(fresh, failure);
      if (!(await this.sendEach(await this.timing.corrected(fresh)))) return;
    }
  }

  /** Sends these, in as few requests as fit. Returns whether all of them were settled. */
  private async sendEach(entries: Entry[]): Promise<boolean> {
    const left = entries.slice();
    while (left.length && !this.halted) {
      const batch = this.size.next(left);
      this.timing.sent(batch);
      const outcome = await sendBatch(this.http, batch);
      if (outcome.kind === "too-large" && batch.length > 1) {
        this.size.tooLarge(batch);
        continue;
      }
      left.splice(0, batch.length);
      if (outcome.kind === "answered") {
        const { again, unsettled } = await this.settling.settle(batch, outcome.items);
        if (unsettled.length) this.fail(unsettled, { kind: "later", status: 200, retryAfterMs: null });
        if (unsettled.length) return false;
        left.unshift(...again);
      } else if (outcome.kind === "too-large") {
        if (await this.settling.isCurrent(batch[0]!)) await this.settling.putAside(batch[0]!, outcome.problem);
      } else {
        this.fail(batch, outcome);
        return false;
      }
      batch.forEach((entry) => this.failures.delete(idOf(entry)));
      this.stopped = null;
      this.pauses.succeeded();
      this.size.succeeded();
    }
    return true;
  }

  /** Pauses after a request that told nothing of these entries. */
  private fail(batch: Entry[], outcome: Outcome): void {
    for (const id of batch.map(idOf)) this.failures.set(id, (this.failures.get(id) || 0) + 1);
    if (outcome.kind === "refused") {
      if ([400, 422].includes(outcome.status)) this.size.failed(batch);
      this.stopped = { status: outcome.status, problem: outcome.problem };
      this.pauses.refused();
      this.tell({ kind: "stopped", ...this.stopped });
    } else if (outcome.kind === "later") {
      if (![429, 503].includes(outcome.status || 0)) this.size.failed(batch);
      this.stopped = null;
      this.pauses.failed(outcome.retryAfterMs);
      this.tell({ kind: "postponed", status: outcome.status, retryInMs: this.pauses.remaining() || 0 });
    }
  }

  private tell(event: QueueEvent): void {
    try {
      if (this.options.onEvent) this.options.onEvent(event);
    } catch {
      // The app's own error must not cost a session.
    }
  }
}
