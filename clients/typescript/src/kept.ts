/** The newest heartbeat of each live session, in the storage until the session ends: it survives the end of the app. */

import { isObject, parsed } from "./problem.js";
import type { Storage } from "./storage.js";
import type { KeptHeartbeat } from "./types.js";

export class KeptHeartbeats {
  private readonly prefix: string;
  private order: Promise<unknown> = Promise.resolve(); // what is asked of the storage, one after the other

  constructor(
    private readonly storage: Storage,
    learner: string,
    private readonly failed: (operation: string, error: unknown) => void = () => {},
  ) {
    this.prefix = `vorex-sessions-live/${encodeURIComponent(learner)}/`;
  }

  /** Never rejects: a heartbeat can be sent without being kept. */
  async put(beat: KeptHeartbeat): Promise<void> {
    await this.attempt("write", () => this.storage.setItem(this.prefix + beat.session_result_id, JSON.stringify(beat)));
  }

  async remove(id: string): Promise<void> {
    await this.attempt("remove", () => this.storage.removeItem(this.prefix + id));
  }

  async all(): Promise<KeptHeartbeat[]> {
    const kept: KeptHeartbeat[] = [];
    for (const key of (await this.attempt("list", () => this.storage.getAllKeys())) || []) {
      if (!key.startsWith(this.prefix)) continue;
      const beat = parsed(String(await this.attempt("read", () => this.storage.getItem(key))));
      if (isObject(beat) && this.prefix + beat["session_result_id"] === key) kept.push(beat as unknown as KeptHeartbeat);
    }
    return kept;
  }

  private attempt<T>(operation: string, work: () => Promise<T> | T): Promise<T | undefined> {
    const done = this.order.then(work).catch((error: unknown) => {
      this.failed(operation, error);
      return undefined;
    });
    this.order = done;
    return done;
  }
}
