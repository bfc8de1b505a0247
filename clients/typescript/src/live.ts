/** Practice that goes on: heartbeats of totals, so that only the newest matters and none is ever lost. */

import { localTime, timeZone, type Clock, type Mark } from "./clock.js";
import { serverTime } from "./corrections.js";
import type { Http } from "./http.js";
import { Pauses, type PauseOptions } from "./pauses.js";
import { platform, randomUuid } from "./platform.js";
import { isObject, parsed, problemOf, type Problem } from "./problem.js";
import type { PracticeQueue } from "./queue.js";
import { REPEATABLE } from "./sending.js";
import type { Added } from "./events.js";
import type { Heartbeat, LiveSession, NewSession } from "./types.js";

/** What grows while the learner practises: totals since the start, not what was added. */
export type LiveTotals = Omit<Heartbeat, "session_type" | "language" | "timezone" | "started_at" | "seq">;

export interface LiveOptions extends PauseOptions {
  /** The learner's id: no heartbeat is sent with the token of another. */
  learner: string;
  /** What is practised, or a live session of `client.liveSessions()` to carry on. */
  session: { session_type: Heartbeat["session_type"]; language?: string } | LiveSession;
  /** The totals so far; asked for with each heartbeat. */
  totals: () => LiveTotals;
  /** Is told of everything that happens. */
  onEvent?: (event: LiveEvent) => void;
  /** Between heartbeats. */
  intervalMs?: number;
  /** Makes ids; by default random ones. */
  uuid?: () => string;
}

export type LiveEvent =
  /** The service has these totals. */
  | { kind: "beaten"; session: LiveSession }
  /** Nobody was reached, or not now: the next heartbeat, with the totals of then, is sent after `retryInMs`. */
  | { kind: "postponed"; status: number | null; retryInMs: number }
  /** A heartbeat was refused: the app's mistake. It is tried again, with long pauses. */
  | { kind: "refused"; status: number; problem: Problem }
  /** The session was saved, cancelled or deleted meanwhile, here or on another device: no heartbeat follows. */
  | { kind: "ended"; status: number; problem: Problem };

export class LivePractice {
  /** The id under which the session is saved when it ends. */
  readonly id: string;
  private readonly pauses: Pauses;
  private readonly fixed: { session_type: Heartbeat["session_type"]; language?: string; timezone?: string };
  private readonly begun: Mark;
  /** The start as the service has it; null until a heartbeat has arrived. */
  private startedAt: string | null = null;
  private seq = 0;
  private timer: unknown = null;
  private running = false;
  private ended = false;
  private beating: Promise<void> | null = null;

  private readonly http: Http;
  constructor(http: Http, private readonly options: LiveOptions) {
    const { learner, session } = options;
    if (!learner) throw new TypeError("A live session needs the learner's id.");
    this.http = http.forLearner(learner);
    this.pauses = new Pauses(this.clock, options);
    this.begun = this.clock.mark();
    this.fixed = { session_type: session.session_type as Heartbeat["session_type"] };
    if (session.language) this.fixed.language = session.language;
    const isResumed = "session_result_id" in session;
    const zone = isResumed ? session.timezone : timeZone();
    if (zone) this.fixed.timezone = zone;
    this.id = isResumed ? session.session_result_id : (options.uuid || randomUuid)();
    if (isResumed) this.startedAt = session.started_at;
    if (isResumed) this.seq = session.seq;
  }

  /** Sends a heartbeat now, and then one in each interval. Call it again when the network returns. */
  start(): void {
    this.running = !this.ended;
    void this.beat();
  }

  /** Sends no further heartbeat; the session can be resumed for 24 hours. */
  stop(): void {
    this.running = false;
    platform().clearTimeout(this.timer);
  }

  /** Sends the totals so far, unless the service asked to wait. Never rejects. Call it when the app goes to the background. */
  beat(): Promise<void> {
    if (!this.beating) this.beating = this.pass().finally(() => (this.beating = null));
    return this.beating;
  }

  /** Ends it by the queue, which keeps the session until it is stored: no heartbeat has to arrive for that. */
  async finish(queue: PracticeQueue, session: NewSession): Promise<Added> {
    await this.end();
    return queue.add({ ...this.fixed, ...session, session_result_id: this.id });
  }

  /** Ends it without saving. Throws ProblemError or NoAnswerError; then it may be called again. */
  async cancel(): Promise<void> {
    await this.end();
    await this.http.json("DELETE", this.path());
  }

  /** No heartbeat follows, and none is under way: it would come after the end. */
  private async end(): Promise<void> {
    this.ended = true;
    this.stop();
    if (this.beating) await this.beating;
  }

  private get clock(): Clock {
    return this.http.clock;
  }

  private path(): string {
    return `/api/sessions/live/${this.id}`;
  }

  private async pass(): Promise<void> {
    if (!this.ended && !this.pauses.remaining()) {
      try {
        await this.send(true);
      } catch {
        this.failed(null, null); // no network, no answer in time, no token to be had
      }
    }
    if (this.running) this.schedule(this.pauses.remaining() || this.options.intervalMs || 20_000);
  }

  private schedule(milliseconds: number): void {
    platform().clearTimeout(this.timer);
    this.timer = platform().setTimeout(() => void this.beat(), milliseconds);
  }

  private async send(mayCorrect: boolean): Promise<void> {
    const beat: Heartbeat = {
      ...this.options.totals(),
      ...this.fixed,
      started_at: this.startedAt || localTime(this.clock.now() - this.clock.since(this.begun)),
      seq: ++this.seq, // also if the answer is lost: the next totals are newer
    };
    const answer = await this.http.send("PUT", this.path(), JSON.stringify(beat));
    const { status } = answer;
    const read = parsed(answer.text);
    if (status >= 200 && status < 300 && isObject(read) && Number.isInteger(read["seq"])) {
      this.pauses.succeeded();
      const session = read as unknown as LiveSession;
      const isTaken = session.seq <= this.seq;
      this.seq = Math.max(this.seq, session.seq);
      this.startedAt = session.started_at;
      // Another device is ahead: these totals come after its own.
      if (!isTaken && mayCorrect) return this.send(false);
      return this.tell({ kind: "beaten", session });
    }
    const problem = problemOf(status, answer.text);
    if (status === 422 && mayCorrect && this.corrects(problem)) return this.send(false);
    this.settle(status, problem, this.http.retryAfterMs(answer));
  }

  private settle(status: number, problem: Problem, retryAfterMs: number | null): void {
    const isOver = status === 410 || (status === 409 && problem.type !== "/problems/too-many-live-sessions");
    if (isOver) {
      this.ended = true;
      this.stop();
      this.tell({ kind: "ended", status, problem });
    } else if (status >= 400 && status < 500 && !REPEATABLE.includes(status)) {
      this.pauses.refused();
      this.tell({ kind: "refused", status, problem });
    } else {
      this.failed(status, retryAfterMs);
    }
  }

  /** Whether the refusal is cured by what is known of the server's time, or without the zone. */
  private corrects(problem: Problem): boolean {
    const pointers = JSON.stringify(problem.errors || []);
    const hasZone = pointers.includes("#/timezone") && this.fixed.timezone !== undefined;
    if (hasZone) delete this.fixed.timezone; // the offset of `started_at` says it instead
    const hasStart = pointers.includes("#/started_at") && this.startedAt === null;
    return hasZone || (hasStart && serverTime(problem, this.clock) !== null);
  }

  private failed(status: number | null, retryAfterMs: number | null): void {
    this.pauses.failed(retryAfterMs);
    this.tell({ kind: "postponed", status, retryInMs: this.pauses.remaining() || 0 });
  }

  private tell(event: LiveEvent): void {
    try {
      if (this.options.onEvent) this.options.onEvent(event);
    } catch {
      // The app's own error must not end the heartbeats.
    }
  }
}
