/** The time and the zone of a session: what the device adds, and how it is corrected; all else is the app's. */

import { localTime, timeZone, type Clock } from "./clock.js";
import type { Entry, QueuedSession } from "./entries.js";
import { isObject, type Problem } from "./problem.js";
import type { NewSession } from "./types.js";

const EARLIEST = Date.UTC(2000, 0, 1); // the service takes nothing before

/** The session with its id, its time and where it was: by zone, or at least by the offset of its time. */
export function complete(session: NewSession, id: string, now: number): QueuedSession {
  const zone = session.timezone || timeZone();
  let completedAt = session.completed_at || localTime(now);
  // `Z` without a zone would be the calendar of UTC, though the device knows its offset.
  const instant = Date.parse(completedAt);
  if (!zone && /Z$/i.test(completedAt) && !Number.isNaN(instant)) completedAt = localTime(instant);
  const { timezone: _, ...others } = session;
  const whole: QueuedSession = { ...others, session_result_id: id, completed_at: completedAt };
  if (zone) whole.timezone = zone;
  return whole;
}

export function shifted(session: QueuedSession, milliseconds: number): QueuedSession {
  return { ...session, completed_at: localTime(Date.parse(String(session.completed_at)) + milliseconds) };
}

/**
 * The entry as it can be sent once more after a 422, or null: something else is wrong, or this was corrected
 * before. Nothing was stored under its id, so another content is no conflict.
 */
export function corrected(entry: Entry, problem: Problem, clock: Clock): Entry | null {
  const errors = problem.status === 422 && Array.isArray(problem.errors) ? problem.errors.filter(isObject) : [];
  const members = errors.map((error) => String(error["pointer"] || "").replace(/^.*\//, ""));
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
    const instant = Date.parse(String(session.completed_at));
    if (!Number.isNaN(instant)) session.completed_at = localTime(instant);
  }
  return { ...entry, session, corrected: before.concat(members) };
}

const CORRECTABLE = ["completed_at", "timezone"];

/** The server's time: by a `Date` header, or else as the refusal says it. */
export function serverTime(problem: Problem, clock: Clock): number | null {
  if (clock.skew() !== null) return clock.now();
  const detail = JSON.stringify([problem.errors, problem.detail]);
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
