/** What becomes of each entry of a batch that was answered. */

import type { Clock } from "./clock.js";
import { corrected } from "./corrections.js";
import { idOf, type Entries, type Entry } from "./entries.js";
import type { QueueEvent } from "./events.js";
import { isObject, type Problem } from "./problem.js";
import { isFinal } from "./sending.js";
import type { BatchItem } from "./types.js";

export class Settling {
  constructor(
    private readonly entries: Entries,
    private readonly clock: Clock,
    private readonly tell: (event: QueueEvent) => void,
  ) {}

  /** Does what the answer says of each entry: `again` are corrected, `unsettled` without an outcome. */
  async settle(batch: Entry[], items: BatchItem[]): Promise<{ again: Entry[]; unsettled: Entry[] }> {
    const again: Entry[] = [];
    const unsettled = new Set(batch);
    for (const item of items) {
      const entry = batch[item.index]!;
      const { status, problem } = outcome(item);
      const isStored = status === "created" || status === "replayed";
      if (!isStored && (status !== "rejected" || !isFinal(problem))) continue; // what a newer service says, too
      unsettled.delete(entry);
      if (isStored) await this.stored(entry, item);
      else if (await this.isCurrent(entry)) again.push(...(await this.rejected(entry, problem)));
    }
    return { again, unsettled: Array.from(unsettled) };
  }

  private async stored(entry: Entry, item: BatchItem): Promise<void> {
    const id = idOf(entry);
    await this.entries.remove(id);
    this.tell({ kind: "stored", id, item });
  }

  /** Corrects a rejected entry and returns it, or ends with it. */
  private async rejected(entry: Entry, problem: Problem): Promise<Entry[]> {
    const id = idOf(entry);
    const better = corrected(entry, problem, this.clock);
    if (better) {
      await this.entries.put(better);
      this.tell({ kind: "corrected", id, problem });
      return [better];
    }
    if (problem.status === 410) {
      await this.entries.remove(id);
      this.tell({ kind: "removed", id, problem });
    } else {
      await this.putAside(entry, problem);
    }
    return [];
  }

  async putAside(entry: Entry, problem: Problem): Promise<void> {
    await this.entries.put({ ...entry, problem });
    this.tell({ kind: "set-aside", id: idOf(entry), problem });
  }

  /** Whether no other tab has settled or corrected the entry in the meantime. */
  async isCurrent(entry: Entry): Promise<boolean> {
    const stored = await this.entries.find(idOf(entry));
    if (!stored) return stored === undefined; // the storage cannot say
    return JSON.stringify(stored.session) === JSON.stringify(entry.session);
  }
}

/** What an item says, whatever it is. */
function outcome(item: BatchItem): { status: unknown; problem: Problem } {
  const { status, problem } = item as { status?: unknown; problem?: unknown };
  return { status, problem: isObject(problem) ? problem : {} };
}
