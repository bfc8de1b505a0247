/** What live sessions are given, and what they tell. */

import type { PauseOptions } from "./pauses.js";
import type { Problem } from "./problem.js";
import type { Storage } from "./storage.js";
import type { Achievement, Heartbeat, KeptHeartbeat, LiveSession, SavedSession } from "./types.js";

/** What grows while the learner practises: totals since the start, not what was added. */
export type LiveTotals = Omit<Heartbeat, "session_type" | "language" | "timezone" | "started_at" | "seq">;

export interface WatchOptions extends PauseOptions {
  /** The learner's id: nothing is sent with the token of another. */
  learner: string;
  /** Is told of everything that happens. */
  onEvent?: (event: LiveEvent) => void;
  /** Between heartbeats; of a watch: between questions where there is no socket. */
  intervalMs?: number;
}

export interface LiveOptions extends WatchOptions {
  /** What is practised, or a session of `client.unfinished()` or `client.liveSessions()` to carry on. */
  session: { session_type: Heartbeat["session_type"]; language?: string } | LiveSession | KeptHeartbeat;
  /** The totals so far; asked for with each heartbeat. */
  totals: () => LiveTotals;
  /** Keeps the newest heartbeat until the session ends, so that it survives the end of the app. */
  storage?: Storage;
  /** Makes ids; by default random ones. */
  uuid?: () => string;
}

export type LiveEvent =
  /** The service has these totals. */
  | { kind: "beaten"; session: LiveSession }
  /** Nobody was reached, or not now: the next heartbeat, with the totals of then, is sent after `retryInMs`. */
  | { kind: "postponed"; status: number | null; retryInMs: number }
  /** A heartbeat was refused: the app's mistake. It is tried again, with long pauses. */
  | { kind: "refused"; status: number; problem: Problem }
  /** The session was saved, cancelled or deleted meanwhile, here or on another device: no heartbeat follows. */
  | { kind: "ended"; status: number; problem: Problem }
  /** All that is live of the learner: once the socket is open, and whenever another device changes something. */
  | { kind: "state"; sessions: LiveSession[] }
  /** `finish` has saved the session by the socket; otherwise the queue tells that it is stored. */
  | { kind: "saved"; session: SavedSession; replayed: boolean }
  /** What the save of a live session has unlocked, on whichever device. */
  | { kind: "unlocked"; achievements: Achievement[] }
  /** The socket is open, or has ended with this code: HTTP goes on without it. */
  | { kind: "socket"; open: boolean; code: number | null }
  | { kind: "storage-failed"; operation: string; error: unknown };

/** Lets the app's own error end nothing. */
export function teller(onEvent: ((event: LiveEvent) => void) | undefined): (event: LiveEvent) => void {
  return (event) => {
    try {
      if (onEvent) onEvent(event);
    } catch {
      // It is the app's.
    }
  };
}
