/** When the queue may send again. */

import type { Clock, Mark } from "./clock.js";

export interface PauseOptions {
  /** The first pause after a failure; it doubles with each further failure. */
  firstPauseMs?: number;
  longestPauseMs?: number;
  /** The first pause after a request that was refused as a whole. */
  refusedPauseMs?: number;
}

export class Pauses {
  private failures = 0;
  private pause: { from: Mark; milliseconds: number } | null = null;

  constructor(private readonly clock: Clock, private readonly options: PauseOptions) {}

  /** Whole milliseconds until the next request, 0 where the pause is over; null if there is none. */
  remaining(): number | null {
    if (!this.pause) return null;
    return Math.max(0, Math.ceil(this.pause.milliseconds - this.clock.since(this.pause.from)));
  }

  end(): void {
    this.pause = null;
  }

  succeeded(): void {
    this.failures = 0;
    this.pause = null;
  }

  /** Pauses after a failure; never shorter than the service asks for. */
  failed(retryAfterMs: number | null): void {
    this.set(this.options.firstPauseMs || 1_000, this.options.longestPauseMs || 300_000, retryAfterMs || 0);
  }

  /** Pauses for a moment: the service said to come back at once. Should it say so again and again, the pauses grow. */
  soon(): void {
    this.set(200, this.options.longestPauseMs || 300_000, 0);
  }

  /** Pauses after a refusal, which only the app or its developer can cure. */
  refused(): void {
    this.set(this.options.refusedPauseMs || 60_000, 3_600_000, 0);
  }

  /** Half of each pause is random, so that the phones of a whole city do not come back in the same second. */
  private set(first: number, longest: number, asked: number): void {
    const full = Math.min(longest, first * 2 ** Math.min(this.failures++, 20));
    const random = 0.5 + Math.random() / 2;
    this.pause = { from: this.clock.mark(), milliseconds: Math.max(full * random, asked * (1 + (random - 0.5) / 5)) };
  }
}
