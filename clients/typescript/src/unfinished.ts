/** What an app can carry on after it was killed: what the service has, and what this device has kept. */

import { Entries, idOf, prefixOf } from "./entries.js";
import { isEnd, pathOf } from "./heartbeat.js";
import type { Http } from "./http.js";
import { KeptHeartbeats } from "./kept.js";
import { problemOf } from "./problem.js";
import type { Storage } from "./storage.js";
import type { KeptHeartbeat, LiveSession, LiveSessions } from "./types.js";

/**
 * Sends the kept heartbeats, which may not have arrived, and returns what is live; where that fails, what was kept.
 * What was finished, and waits in the queue of the same storage, is not carried on. Never rejects.
 */
export async function unfinished(http: Http, learner: string, storage: Storage): Promise<(LiveSession | KeptHeartbeat)[]> {
  const own = http.forLearner(learner);
  const kept = new KeptHeartbeats(storage, learner);
  const found = new Map<string, LiveSession | KeptHeartbeat>();
  const finished = await waiting(learner, storage);
  for (const beat of await kept.all()) {
    if (finished.includes(beat.session_result_id) || (await isOver(own, beat))) await kept.remove(beat.session_result_id);
    else found.set(beat.session_result_id, beat);
  }
  try {
    const { sessions } = await own.json<LiveSessions>("GET", "/api/sessions/live");
    for (const session of sessions) {
      if (finished.includes(session.session_result_id)) continue;
      const beat = found.get(session.session_result_id);
      if (!beat || beat.seq <= session.seq) found.set(session.session_result_id, session);
    }
  } catch {
    // What was kept must do.
  }
  return Array.from(found.values());
}

/** The ids that the queue has still to bring. */
async function waiting(learner: string, storage: Storage): Promise<string[]> {
  const entries = new Entries(storage, prefixOf(learner), { storageFailed() {}, unreadable() {} });
  return (await entries.all()).filter((entry) => !entry.problem).map(idOf);
}

/** Whether the session has ended elsewhere: it is saved, deleted or cancelled. */
async function isOver(http: Http, { session_result_id: id, ...beat }: KeptHeartbeat): Promise<boolean> {
  try {
    const { status, text } = await http.send("PUT", pathOf(id), JSON.stringify(beat));
    return isEnd(status, problemOf(status, text));
  } catch {
    return false;
  }
}
