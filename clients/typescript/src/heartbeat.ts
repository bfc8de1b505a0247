/** One heartbeat, and what the service says of it, whichever way it goes. */

import type { Channel } from "./channel.js";
import type { Http } from "./http.js";
import { isObject, parsed, problemOf, type Problem } from "./problem.js";
import type { Heartbeat, LiveSession } from "./types.js";

export interface Outcome {
  status: number;
  /** As it is now, if the service has it. */
  session: LiveSession | null;
  problem: Problem;
  retryAfterMs: number | null;
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
