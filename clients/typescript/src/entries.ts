/** The queue's entries in the storage: one text for each session, so that two tabs never overwrite each other. */

import { isObject, parsed, type Problem } from "./problem.js";
import type { Storage } from "./storage.js";
import type { NewSession } from "./types.js";

/** A session of the queue. It always has its id. */
export type QueuedSession = Omit<NewSession, "session_result_id" | "completed_at" | "timezone"> & {
  session_result_id: string;
  completed_at?: string;
  timezone?: string;
};

export interface Entry {
  session: QueuedSession;
  /** When it was added, by the device's clock: the order of sending. */
  added: number;
  /** Which members were corrected; each is corrected once. */
  corrected?: readonly string[];
  /** Why it was set aside: it is kept, and not sent again. */
  problem?: Problem;
}

export function idOf(entry: Entry): string {
  return entry.session.session_result_id;
}

/** Under which a storage has what waits of a learner. */
export function prefixOf(learner: string): string {
  return `vorex-sessions/${learner}/`;
}

/** Told of what the storage refuses, and of a text in it that is no entry. */
export interface EntriesListener {
  storageFailed(operation: string, error: unknown): void;
  unreadable(key: string, text: string): void;
}

export class Entries {
  /** What the storage has refused so far; written again at every occasion. */
  private readonly unwritten = new Map<string, Entry>();
  /** What the storage could not yet remove. */
  private readonly unremoved = new Set<string>();
  private readonly reported = new Set<string>();

  constructor(
    private readonly storage: Storage,
    private readonly prefix: string,
    private readonly listener: EntriesListener,
  ) {}

  /** Adds or replaces an entry. Returns whether the storage has it; if not, it is kept in memory. */
  async put(entry: Entry): Promise<boolean> {
    const id = idOf(entry);
    this.unremoved.delete(id); // it is another entry now
    try {
      await this.storage.setItem(this.prefix + id, JSON.stringify(entry));
      this.unwritten.delete(id);
      return true;
    } catch (error) {
      this.unwritten.set(id, entry);
      this.listener.storageFailed("write", error);
      return false;
    }
  }

  async remove(id: string): Promise<void> {
    this.unwritten.delete(id);
    try {
      await this.storage.removeItem(this.prefix + id);
      this.unremoved.delete(id);
    } catch (error) {
      this.unremoved.add(id);
      this.listener.storageFailed("remove", error);
    }
  }

  /** The stored text of an entry, if it is still there; undefined if the storage cannot say. */
  async find(id: string): Promise<Entry | null | undefined> {
    const unwritten = this.unwritten.get(id);
    if (unwritten) return unwritten;
    if (this.unremoved.has(id)) return null;
    try {
      const text = await this.storage.getItem(this.prefix + id);
      return text === null ? null : this.read(this.prefix + id, text);
    } catch (error) {
      this.listener.storageFailed("read", error);
      return undefined;
    }
  }

  /** Does what the storage has refused once more. */
  async retry(): Promise<void> {
    // The app may add and forget entries in the meantime.
    for (const id of Array.from(this.unremoved)) if (this.unremoved.has(id)) await this.remove(id);
    for (const [id, entry] of Array.from(this.unwritten)) if (this.unwritten.get(id) === entry) await this.put(entry);
  }

  /** All entries, oldest first, those in memory included. */
  async all(): Promise<Entry[]> {
    const found = new Map<string, Entry>();
    for (const id of await this.ids()) {
      const entry = await this.find(id);
      if (entry) found.set(id, entry);
    }
    this.unwritten.forEach((entry, id) => found.set(id, entry));
    return Array.from(found.values()).sort((one, other) => one.added - other.added);
  }

  private async ids(): Promise<string[]> {
    try {
      const keys = await this.storage.getAllKeys();
      return keys.filter((key) => key.startsWith(this.prefix)).map((key) => key.slice(this.prefix.length));
    } catch (error) {
      this.listener.storageFailed("list", error);
      return [];
    }
  }

  /** A text that is no entry stays where it is, and is reported once. */
  private read(key: string, text: string): Entry | null {
    const value = parsed(text);
    if (isObject(value) && isObject(value["session"]) && typeof value["added"] === "number") {
      const entry = value as unknown as Entry;
      if (this.prefix + idOf(entry) === key) return entry;
    }
    if (!this.reported.has(key)) this.listener.unreadable(key, text);
    this.reported.add(key);
    return null;
  }
}
