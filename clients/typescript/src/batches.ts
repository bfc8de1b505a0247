/** How many sessions go into one request. */

import type { Entry } from "./entries.js";

const MOST = 100; // the service takes no more
const MOST_CHARACTERS = 512 * 1024; // a slow connection gets this through within the time limit

export class BatchSize {
  private most = MOST;
  private mostCharacters = MOST_CHARACTERS;

  /** The first of these entries, as many as fit; at least one. */
  next(entries: Entry[]): Entry[] {
    let count = 1;
    let sum = characters(entries.slice(0, 1));
    while (count < Math.min(this.most, entries.length)) {
      sum += characters(entries.slice(count, count + 1));
      if (sum > this.mostCharacters) break;
      count++;
    }
    return entries.slice(0, count);
  }

  /** This was too large: the next one is half of it, and none reaches its size again. */
  tooLarge(batch: Entry[]): void {
    this.mostCharacters = Math.min(this.mostCharacters, characters(batch) - 1);
    this.failed(batch);
  }

  /** A smaller batch may pass on a slow connection, or without the session that breaks the service. */
  failed(batch: Entry[]): void {
    this.most = Math.min(MOST, Math.max(1, Math.floor(batch.length / 2)));
  }

  succeeded(): void {
    this.most = Math.min(MOST, this.most * 2);
  }
}

function characters(entries: Entry[]): number {
  return entries.reduce((sum, entry) => sum + JSON.stringify(entry.session).length + 1, 0);
}
