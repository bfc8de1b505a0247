/** What the queue is given, and what it tells. */

import type { SessionsClient } from "./client.js";
import type { PauseOptions } from "./pauses.js";
import type { Problem } from "./problem.js";
import type { Storage } from "./storage.js";
import type { BatchItem } from "./types.js";

export interface QueueOptions extends PauseOptions {
  client: SessionsClient;
  /** The learner's id: each learner of a device has a queue of their own. */
  learner: string;
  storage: Storage;
  /** Is told of everything that happens. */
  onEvent?: (event: QueueEvent) => void;
  /** Makes ids; by default random ones of `crypto`, or else of `Math.random`. */
  uuid?: () => string;
}

export interface CopyOptions extends PauseOptions {
  client: SessionsClient;
  /** The learner's id: each learner of a device has a copy of their own. */
  learner: string;
  storage: Storage;
  /** Is told of `stopped`, `postponed`, `storage-failed` and `unreadable`. */
  onEvent?: (event: QueueEvent) => void;
  /** How many changes to ask for at once: 1 to 100. */
  pageSize?: number;
}

export interface Added {
  session_result_id: string;
  /** False: the storage refused it, so far; the queue keeps it in memory, sends it, and tries to write it again. */
  durable: boolean;
}

export type QueueEvent =
  /** Stored by the service, now or before (`item.status`), with what it unlocked. */
  | { kind: "stored"; id: string; item: BatchItem }
  /** Refused because of the device's clock or zone, which was corrected. */
  | { kind: "corrected"; id: string; problem: Problem }
  /** Refused for good, and kept for the developer: see `setAside`. */
  | { kind: "set-aside"; id: string; problem: Problem }
  /** The learner deleted it (410): removed. */
  | { kind: "removed"; id: string; problem: Problem }
  /** A request was refused as a whole: nothing is sent until the next call, and everything stays in the queue. */
  | { kind: "stopped"; status: number; problem: Problem }
  /** Not now: `flush` sends nothing before `retryInMs` have passed. */
  | { kind: "postponed"; status: number | null; retryInMs: number }
  | { kind: "storage-failed"; operation: string; error: unknown }
  /** A text of the storage that is no entry; it stays where it is. */
  | { kind: "unreadable"; key: string; text: string };

export interface FlushReport {
  /** How many sessions wait after it. */
  waiting: number;
  /** Milliseconds until another flush sends something; null if nothing waits for that. */
  retryInMs: number | null;
  /** Why a request was refused as a whole. */
  stopped: { status: number; problem: Problem } | null;
}

export interface SyncReport {
  /** Whether the copy is what the service had. */
  complete: boolean;
  /** Whether the storage has it; otherwise it is in memory, and is fetched again after the app's end. */
  durable: boolean;
  /** Milliseconds until another sync sends something; null if there is no pause. */
  retryInMs: number | null;
  /** Why a request was refused as a whole. */
  stopped: { status: number; problem: Problem } | null;
}
