/**
 * Practice that goes on: heartbeats of totals, so that only the newest matters and none is ever lost. They go by the
 * socket while it is open, and else by HTTP.
 */

import { Channel, type Message } from "./channel.js";
import type { Clock, Mark } from "./clock.js";
import { serverTime } from "./corrections.js";
import type { Added } from "./events.js";
import { fixedOf, isEnd, pathOf, sendHeartbeat, startBefore, type Fixed } from "./heartbeat.js";
import type { Http } from "./http.js";
import { KeptHeartbeats } from "./kept.js";
import { teller, type LiveEvent, type LiveOptions } from "./live-events.js";
import { Pauses } from "./pauses.js";
import { platform, randomUuid } from "./platform.js";
import type { Problem } from "./problem.js";
import type { PracticeQueue } from "./queue.js";
import { REPEATABLE } from "./sending.js";
import { MemoryStorage } from "./storage.js";
import { Totals } from "./totals.js";
import type { Heartbeat, NewSession, SavedSession } from "./types.js";

export class LivePractice {
  /** The id under which the session is saved when it ends. */
  readonly id: string;
  private readonly http: Http;
  private readonly channel: Channel;
  private readonly pauses: Pauses;
  private readonly kept: KeptHeartbeats;
  private readonly totals: Totals;
  private readonly tell: (event: LiveEvent) => void;
  private readonly fixed: Fixed;
  private readonly begun: Mark;
  private before = 0; // milliseconds of practice before that, of a session that is carried on
  private startedAt: string | null = null; // as the service has it; null until a heartbeat has arrived
  private seq = 0;
  /** The newest heartbeat; it is sent again until it is acknowledged, or there is a newer one. */
  private newest: Heartbeat | null = null;
  private timer: unknown = null;
  private running = false;
  private ended = false;
  private stopped = false; // since the last call of `start` or `beat`: another may carry the session on meanwhile
  private isSignedOut = false; // whether the last heartbeat was refused because of its token
  private beating: Promise<void> | null = null;
  private following: Promise<void> | null = null;
  private finishing: Promise<Added> | null = null;

  constructor(http: Http, private readonly options: LiveOptions) {
    const { learner, session, storage } = options;
    if (!learner) throw new TypeError("A live session needs the learner's id.");
    this.http = http.forLearner(learner);
    this.tell = teller(options.onEvent);
    this.pauses = new Pauses(this.clock, options);
    const failed = (operation: string, error: unknown) => this.tell({ kind: "storage-failed", operation, error });
    this.kept = new KeptHeartbeats(storage || new MemoryStorage(), learner, failed);
    this.totals = new Totals(options.totals, session);
    this.channel = new Channel(this.http, {
      heard: (message) => this.hear(message),
      changed: (open, code) => this.connected(open, code),
    }, options);
    this.begun = this.clock.mark();
    this.fixed = fixedOf(session);
    const resumed = "session_result_id" in session ? session : null;
    this.id = resumed ? resumed.session_result_id : (options.uuid || randomUuid)();
    if (!resumed) return;
    this.startedAt = resumed.started_at;
    this.seq = resumed.seq;
    this.before = 1000 * resumed.active_seconds || 0;
  }

  /** Sends a heartbeat now, and then one in each interval. Call it again when the network or the app returns. */
  start(): void {
    if (this.ended) return;
    this.running = true;
    this.channel.open();
    void this.beat();
  }

  /** Takes no further totals, and sends no more than those it has; the session can be resumed for 24 hours. */
  stop(): void {
    this.running = false;
    this.stopped = true;
    platform().clearTimeout(this.timer);
    this.channel.close();
  }

  /** Sends the totals so far, unless the service asked to wait. Never rejects. Call it when the app goes to the background. */
  beat(): Promise<void> {
    this.stopped = false;
    return this.bring();
  }

  private bring(): Promise<void> {
    this.count();
    if (!this.beating) this.beating = this.pass().finally(() => (this.beating = null));
    else if (!this.following) this.following = this.beating.then(() => {
      this.following = null;
      return this.bring();
    });
    return this.following || this.beating;
  }

  /**
   * Ends it by the queue, which keeps the session until it is stored: no heartbeat has to arrive for that. Where the
   * socket is open, the service has it at once, and the queue sends nothing. The session has the newest totals;
   * `duration_seconds` is `active_seconds`. What `session` has wins, each field by itself.
   */
  finish(queue: PracticeQueue, session: Partial<NewSession> = {}): Promise<Added> {
    // Called again, it ends once: another time of the end would be another session under the same id.
    if (!this.finishing) {
      this.finishing = this.complete(queue, session).catch((error: unknown) => {
        this.finishing = null;
        throw error;
      });
    }
    return this.finishing;
  }

  private async complete(queue: PracticeQueue, session: Partial<NewSession>): Promise<Added> {
    this.halt();
    // First of all: what is under way may take long, and the app may be closed meanwhile.
    const added = await queue.add({ ...this.totals.ending(this.fixed, session), session_result_id: this.id });
    if (added.durable) await this.kept.remove(this.id);
    await this.beating;
    const whole = await queue.whole(this.id);
    const answer = whole ? await this.channel.ask("finish", { session: whole }) : null;
    if (answer && answer.type === "saved") {
      await queue.forget(this.id);
      await this.kept.remove(this.id);
      this.tell({ kind: "saved", session: answer.session as SavedSession, replayed: answer.replayed === true });
    }
    this.stop();
    return added;
  }

  /** Ends it without saving. Throws ProblemError or NoAnswerError; then it may be called again. */
  async cancel(): Promise<void> {
    this.halt();
    await this.beating; // it would come after the end
    this.stop();
    await this.http.json("DELETE", pathOf(this.id));
    await this.kept.remove(this.id);
  }

  /** No heartbeat follows. */
  private halt(): void {
    this.ended = true;
    platform().clearTimeout(this.timer);
  }

  private get clock(): Clock {
    return this.http.clock;
  }

  /** Takes the totals of now, and keeps them. */
  private count(): void {
    if (this.ended || this.stopped) return;
    try {
      const totals = this.totals.now();
      this.newest = {
        ...totals,
        ...this.fixed,
        started_at: this.beginning(),
        seq: ++this.seq, // also if the answer is lost: the next totals are newer
      };
    } catch {
      return; // The app's own error must not end the heartbeats: the last totals are sent again.
    }
    void this.kept.put({ ...this.newest, session_result_id: this.id });
  }

  private beginning(): string {
    return this.startedAt || startBefore(this.clock, this.before + this.clock.since(this.begun));
  }

  private async pass(): Promise<void> {
    if (this.isSignedOut && this.pauses.remaining() && (await this.http.hasNewToken())) this.pauses.end();
    if (!this.ended && !this.pauses.remaining()) {
      try {
        await this.send(true);
      } catch {
        this.failed(null, null); // no network, no answer in time, no token to be had
      }
    }
    const interval = this.options.intervalMs || 20_000;
    // During a pause the totals are still taken and kept.
    if (this.running && !this.ended) this.schedule(Math.min(this.pauses.remaining() || interval, interval));
  }

  private schedule(milliseconds: number): void {
    platform().clearTimeout(this.timer);
    this.timer = platform().setTimeout(() => void this.beat(), milliseconds);
  }

  private async send(mayCorrect: boolean): Promise<void> {
    const { newest } = this;
    if (!newest) return;
    const { status, session, problem, retryAfterMs } = await sendHeartbeat(this.http, this.channel, this.id, newest);
    if (session) {
      this.pauses.succeeded();
      const isTaken = session.seq <= this.seq;
      this.seq = Math.max(this.seq, session.seq);
      this.startedAt = session.started_at;
      // Another device is ahead: these totals come after its own.
      if (!isTaken && mayCorrect && !this.stopped) return this.again();
      return this.tell({ kind: "beaten", session });
    }
    if (status === 422 && mayCorrect && this.corrects(problem)) return this.again();
    this.settle(status, problem, retryAfterMs);
  }

  private again(): Promise<void> {
    if (this.stopped) this.correct();
    else this.count();
    return this.send(false);
  }

  /** The same totals with what is right now. They are not kept: who carries the session on may have kept newer ones. */
  private correct(): void {
    const corrected: Heartbeat = { ...this.newest!, ...this.fixed, started_at: this.beginning() };
    if (!this.fixed.timezone) delete corrected.timezone;
    this.newest = corrected;
  }

  private settle(status: number, problem: Problem, retryAfterMs: number | null): void {
    if (this.ended) return; // `finish` was called meanwhile
    if (isEnd(status, problem)) {
      this.ended = true;
      this.stop();
      void this.kept.remove(this.id);
      this.tell({ kind: "ended", status, problem });
    } else if (status >= 400 && status < 500 && !REPEATABLE.includes(status)) {
      this.pauses.refused();
      this.isSignedOut = status === 401;
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
    const hasStart = pointers.includes("#/started_at");
    if (hasStart) this.startedAt = null; // also of one that is gone after a day: it starts anew
    return hasZone || (hasStart && serverTime(problem, this.clock) !== null);
  }

  private failed(status: number | null, retryAfterMs: number | null): void {
    this.isSignedOut = false;
    this.pauses.failed(retryAfterMs);
    this.tell({ kind: "postponed", status, retryInMs: this.pauses.remaining() || 0 });
  }

  private connected(open: boolean, code: number | null): void {
    this.tell({ kind: "socket", open, code });
    // What HTTP could not bring waits for nothing more.
    if (open && this.running && this.pauses.remaining()) {
      this.pauses.end();
      void this.beat();
    }
  }

  private hear({ type, sessions, achievements }: Message): void {
    if (type === "unlocked") return this.tell({ kind: "unlocked", achievements: achievements! });
    this.tell({ kind: "state", sessions: sessions! });
    const isKnown = this.startedAt === null || sessions!.some((one) => one.session_result_id === this.id);
    if (!isKnown && this.running) void this.beat(); // the answer says how it has ended
  }
}
