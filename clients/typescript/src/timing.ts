/** The times of entries that no request of this run has had yet: they may be wrong, and can still be corrected. */

import type { Mark } from "./clock.js";
import { shifted } from "./corrections.js";
import { idOf, type Entries, type Entry } from "./entries.js";
import type { Http } from "./http.js";
import { askTime, type Outcome } from "./sending.js";
import type { Settling } from "./settling.js";

export class Timing {
  private readonly untimed = new Map<string, { time: string | undefined; at: Mark }>();
  private askedTime = false;

  constructor(
    private readonly http: Http,
    private readonly entries: Entries,
    private readonly settling: Settling,
  ) {}

  /** The entry has the device's time, while the server's is unknown. */
  doubt(entry: Entry, at: Mark): void {
    this.untimed.set(idOf(entry), { time: entry.session.completed_at, at });
  }

  /** A request has had these: their times stay. */
  sent(entries: Entry[]): void {
    entries.forEach((entry) => this.untimed.delete(idOf(entry)));
  }

  /** Learns the server's time, once, where entries need it. Returns why nothing can be sent now. */
  async learn(entries: Entry[]): Promise<Outcome | null> {
    const isUntimed = entries.some((entry) => this.untimed.has(idOf(entry)));
    if (!isUntimed || this.askedTime || this.http.clock.skew() !== null) return null;
    const failure = await askTime(this.http);
    this.askedTime = failure === null; // a browser may hide the time from us; then it always does
    return failure;
  }

  /**
   * Corrects the times of entries of this run that no request has had yet: the service accepts a time that is
   * too early, so nobody else would notice.
   */
  async corrected(entries: Entry[]): Promise<Entry[]> {
    const skew = this.http.clock.skew();
    if (!skew) return entries;
    const timed: Entry[] = [];
    for (const entry of entries) {
      const added = this.untimed.get(idOf(entry));
      // Another tab may have corrected it already, or stored it while the time was asked for.
      const isWrong = added && added.time === entry.session.completed_at && !this.http.clock.jumped(added.at);
      if (isWrong && !(await this.settling.isCurrent(entry))) continue;
      timed.push(isWrong ? { ...entry, session: shifted(entry.session, skew) } : entry);
      if (isWrong) await this.entries.put(timed[timed.length - 1]!);
    }
    return timed;
  }
}
