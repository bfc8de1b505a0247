/** What the device knows wrongly, its time and its zone, is corrected once; everything else is the app's. */

import { localTime, type Clock } from "./clock.js";
import type { Entry } from "./entries.js";
import type { Problem } from "./problem.js";

const EARLIEST = Date.UTC(2000, 0, 1); // the service takes nothing before

/**
 * The entry as it can be sent once more after a 422, or null: something else is wrong, or this was corrected
 * before. Nothing was stored under its id, so another content is no conflict.
 */
export function corrected(entry: Entry, problem: Problem, clock: Clock): Entry | null {
  const errors = problem.status === 422 && Array.isArray(problem.errors) ? problem.errors : [];
  const members = errors.map((error) => String(error.pointer || "").replace(/^.*\//, ""));
  const before = entry.corrected || [];
  const correctable = members.every((member) => CORRECTABLE.includes(member) && !before.includes(member));
  if (!members.length || !correctable) return null;
  const session = { ...entry.session };
  if (members.includes("completed_at")) {
    const instant = Date.parse(String(session.completed_at));
    if (Number.isNaN(instant)) return null;
    const better = correctedTime(instant, serverTime(problem, clock), clock.skew());
    if (better === null) delete session.completed_at; // the service then takes its own time
    else session.completed_at = localTime(better);
  }
  if (members.includes("timezone")) {
    delete session.timezone; // the offset of `completed_at` says it instead
    if (session.completed_at) session.completed_at = localTime(Date.parse(session.completed_at));
  }
  return { ...entry, session, corrected: before.concat(members) };
}

const CORRECTABLE = ["completed_at", "timezone"];

/** The server's time: by a `Date` header, or else as the refusal says it. */
function serverTime(problem: Problem, clock: Clock): number | null {
  if (clock.skew() !== null) return clock.now();
  const detail = (problem.errors || []).map((error) => error.detail).join(" ") + (problem.detail || "");
  const stated = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/.exec(detail);
  if (!stated) return null;
  clock.observeTime(Date.parse(stated[0].replace(/\.(\d{3})\d*Z/, ".$1Z")));
  return clock.now();
}

/**
 * The clock was wrong when the session ended. If it still is, the difference is the same; if it was set since,
 * the session ended at the latest now.
 */
function correctedTime(instant: number, now: number | null, skew: number | null): number | null {
  if (now === null) return null;
  const shifted = instant + (skew || 0);
  return shifted > now || shifted < EARLIEST ? now : shifted;
}
