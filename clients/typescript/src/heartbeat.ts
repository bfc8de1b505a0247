/** One heartbeat, and what the service says of it, whichever way it goes. */

import type { Channel } from "./channel.js";
import { localTime, timeZone, type Clock } from "./clock.js";
import type { Http } from "./http.js";
import type { LiveOptions } from "./live-events.js";
import { isObject, parsed, problemOf, type Problem } from "./problem.js";
import type { Heartbeat, LiveSession } from "./types.js";

/** What is the same in each heartbeat of a session. */
export type Fixed = { session_type: Heartbeat["session_type"]; language?: string; timezone?: string };

export function fixedOf(session: LiveOptions["session"]): Fixed {
  const fixed: Fixed = { session_type: session.session_type as Heartbeat["session_type"] };
  const zone = "session_result_id" in session ? session.timezone : timeZone();
  if (session.language) fixed.language = session.language;
  if (zone) fixed.timezone = zone;
  return fixed;
}

export interface Outcome {
  status: number;
  /** As it is now, if the service has it. */
  session: LiveSession | null;
  problem: Problem;
  retryAfterMs: number | null;
}

/** The start of so many milliseconds of practice; the service takes none of more than 24 hours ago. */
export function startBefore(clock: Clock, milliseconds: number): string {
  return localTime(clock.now() - Math.min(86_000_000, milliseconds));
}

export function pathOf(id: string): string {
  return `/api/sessions/live/${id}`;
}

/** Sends it by the socket, or else by HTTP; it may arrive twice, which does no harm. Throws NoAnswerError. */
export async function sendHeartbeat(http: Http, channel: Channel, id: string, beat: Heartbeat): Promise<Outcome> {
  const told = await channel.ask("heartbeat", { session_result_id: id, ...beat });
  if (told && told.type === "ack") return acknowledged(http, beat, told.session as LiveSession);
  if (told && told.problem) {
    return { status: Number(told.problem.status), session: null, problem: told.problem, retryAfterMs: null };
  }
  const answer = await http.send("PUT", pathOf(id), JSON.stringify(beat));
  const { status } = answer;
  const read = parsed(answer.text);
  const isSession = status >= 200 && status < 300 && isObject(read) && Number.isInteger(read["seq"]);
  const session = isSession ? (read as unknown as LiveSession) : null;
  return { status, session, problem: problemOf(status, answer.text), retryAfterMs: http.retryAfterMs(answer) };
}

/** A socket has no `Date`: what is acknowledged now says the server's time. */
function acknowledged({ clock }: Http, beat: Heartbeat, session: LiveSession): Outcome {
  if (session.seq === beat.seq && clock.skew() === null) clock.observeTime(Date.parse(`${session.heartbeat_at.slice(0, 19)}Z`));
  return { status: 200, session, problem: {}, retryAfterMs: null };
}

/** Whether the session was saved, cancelled or deleted. */
export function isEnd(status: number, problem: Problem): boolean {
  return status === 410 || (status === 409 && problem.type !== "/problems/too-many-live-sessions");
}
