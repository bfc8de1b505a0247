/** What a learner practises now, on whichever device: told by the socket, or asked for where none gets through. */

import { Channel } from "./channel.js";
import type { Http } from "./http.js";
import { teller, type LiveEvent, type WatchOptions } from "./live-events.js";
import { Pauses } from "./pauses.js";
import { platform } from "./platform.js";
import type { LiveSessions } from "./types.js";

export class LiveWatch {
  private readonly http: Http;
  private readonly channel: Channel;
  private readonly pauses: Pauses;
  private readonly tell: (event: LiveEvent) => void;
  private readonly intervalMs: number;
  private running = false;
  private looking: Promise<void> | null = null;
  private timer: unknown = null;
  private heard = 0; // what the socket has told

  constructor(http: Http, options: WatchOptions) {
    if (!options.learner) throw new TypeError("A watch needs the learner's id.");
    this.http = http.forLearner(options.learner);
    this.tell = teller(options.onEvent);
    this.pauses = new Pauses(this.http.clock, options);
    this.intervalMs = options.intervalMs || 10_000;
    this.channel = new Channel(this.http, {
      heard: ({ type, sessions, achievements }) => {
        this.heard++;
        this.tell(type === "unlocked" ? { kind: type, achievements: achievements! } : { kind: "state", sessions: sessions! });
      },
      changed: (open, code) => {
        this.tell({ kind: "socket", open, code });
        if (!open) void this.look();
      },
    }, options);
  }

  /** Call it again when the app comes back or the network returns. */
  start(): void {
    this.running = true;
    this.channel.open();
    void this.look();
  }

  /** Call it when the app goes to the background: the phone ends the socket anyhow. */
  stop(): void {
    this.running = false;
    platform().clearTimeout(this.timer);
    this.channel.close();
  }

  private look(): Promise<void> {
    if (!this.looking) this.looking = this.pass().finally(() => (this.looking = null));
    return this.looking;
  }

  /** A ping also finds a connection out that only looks open. */
  private async pass(): Promise<void> {
    const isTold = this.running && (await this.channel.ask("ping")) !== null;
    if (this.running && !isTold && !this.pauses.remaining()) {
      try {
        const { heard } = this;
        const { sessions } = await this.http.json<LiveSessions>("GET", "/api/sessions/live");
        this.pauses.succeeded();
        if (heard !== this.heard) return this.pass(); // the socket may have told of something newer meanwhile
        if (this.running) this.tell({ kind: "state", sessions });
      } catch {
        this.pauses.failed(null);
      }
    }
    platform().clearTimeout(this.timer);
    const wait = isTold ? 20_000 : this.pauses.remaining() || this.intervalMs;
    if (this.running) this.timer = platform().setTimeout(() => void this.look(), wait);
  }
}
