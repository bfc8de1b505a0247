/** The server's time, as far as it is known: a phone's clock may be wrong, and may be set while the app runs. */

import { platform } from "./platform.js";

/** A moment by two clocks: the wall clock, and one that nobody can set (null where there is none). */
export interface Mark {
  wall: number;
  steady: number | null;
}

/** Beyond this the two clocks disagree: the wall clock was set, or the device slept. */
const JUMP_MS = 60_000;
/** A difference below this may be the delay of a response, or the part of a second that `Date` leaves out. */
const NOISE_MS = 30_000;

/** Keeps the difference between the server's clock and the device's. Share one between client and queue. */
export class Clock {
  private measured: { skew: number; at: Mark } | null = null;

  /** `wall` is like `Date.now`, `steady` like `performance.now`. */
  constructor(
    private readonly wall: () => number = () => Date.now(),
    private readonly steady: () => number | null = performanceNow,
  ) {}

  mark(): Mark {
    return { wall: this.wall(), steady: this.steady() };
  }

  /** Whether the wall clock was set between two marks, as far as one can tell. */
  jumped(from: Mark, to: Mark = this.mark()): boolean {
    if (from.steady === null || to.steady === null) return false;
    return Math.abs(to.wall - from.wall - (to.steady - from.steady)) > JUMP_MS;
  }

  /** Milliseconds since a mark; a wall clock that was set back does not make it negative. */
  since(from: Mark): number {
    const to = this.mark();
    const wall = to.wall - from.wall;
    const steady = from.steady === null || to.steady === null ? wall : to.steady - from.steady;
    return Math.max(wall, steady, 0);
  }

  /** Learns the server's time from the `Date` header of a response that has just arrived. */
  observe(date: string | null): void {
    const server = date ? Date.parse(date) : NaN;
    if (!Number.isNaN(server)) this.observeTime(server);
  }

  /** Learns the server's time from elsewhere. */
  observeTime(server: number): void {
    const at = this.mark();
    const skew = server - at.wall;
    this.measured = { skew: Math.abs(skew) < NOISE_MS ? 0 : skew, at };
  }

  /** What to add to the device's time, or null: not measured since the clock was last set. */
  skew(): number | null {
    if (this.measured && this.jumped(this.measured.at)) this.measured = null;
    return this.measured && this.measured.skew;
  }

  /** The server's time, or the device's where that is all there is. */
  now(): number {
    return this.wall() + (this.skew() || 0);
  }
}

function performanceNow(): number | null {
  const { performance } = platform();
  return performance && performance.now ? performance.now() : null;
}

/** The device's time zone, or null: then the offset that `localTime` writes must do. */
export function timeZone(): string | null {
  let zone: unknown;
  try {
    zone = platform().Intl!.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return null;
  }
  if (typeof zone !== "string" || !zone || zone === "Etc/Unknown") return null;
  // Where the zone is unknown some engines say UTC, although they know the offset.
  const claimsUtc = /^(Etc\/)?(UTC|UCT|GMT|Zulu|Universal)$/i.test(zone);
  return claimsUtc && new Date().getTimezoneOffset() !== 0 ? null : zone;
}

/** An instant in ISO 8601 with the device's offset, such as `2026-03-01T18:30:00.000+01:00`. */
export function localTime(instant: number): string {
  const offset = -Math.round(new Date(instant).getTimezoneOffset());
  const digits = (value: number) => String(value + 100).slice(1);
  const hours = digits(Math.floor(Math.abs(offset) / 60));
  const wall = new Date(instant + offset * 60_000).toISOString().slice(0, -1);
  return `${wall}${offset < 0 ? "-" : "+"}${hours}:${digits(Math.abs(offset) % 60)}`;
}
