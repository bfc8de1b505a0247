/** One request of the queue, and what its answer means. docs/api.md has the table. */

import type { Entry } from "./entries.js";
import type { Answer, Http } from "./http.js";
import { readPage, type Page } from "./pages.js";
import { isObject, parsed, problemOf, type Problem } from "./problem.js";
import type { BatchItem } from "./types.js";

export type Outcome =
  /** Each entry has its own outcome, by index. */
  | { kind: "answered"; items: BatchItem[] }
  /** 413: fewer at once. */
  | { kind: "too-large"; problem: Problem }
  /** The request is wrong as a whole; to repeat it as it is cannot help. */
  | { kind: "refused"; status: number; problem: Problem }
  /** Unknown, or not now: the same may be sent again. */
  | { kind: "later"; status: number | null; retryAfterMs: number | null };

export async function sendBatch(http: Http, entries: Entry[]): Promise<Outcome> {
  const body = JSON.stringify({ sessions: entries.map((entry) => entry.session) });
  const outcome = await send(http, "POST", "/api/sessions/batch", body);
  if (!("text" in outcome)) return outcome;
  const read = parsed(outcome.text);
  // Another body is not the service's, but a sign-in page of the network, say.
  if (!isObject(read) || !Array.isArray(read["results"])) return { kind: "later", status: outcome.status, retryAfterMs: null };
  const isItem = (item: unknown) => isObject(item) && Number.isInteger(item["index"]) && item["index"] as number in entries;
  return { kind: "answered", items: read["results"].filter(isItem) };
}

/** Asks for something small, for the server's time. Returns null, or why nothing can be sent now. */
export async function askTime(http: Http): Promise<Outcome | null> {
  const outcome = await send(http, "GET", "/api/sessions/history?limit=1");
  return "text" in outcome ? null : outcome;
}

/** Asks for the changes after a place. */
export async function askChanges(http: Http, since: string | null, limit: number): Promise<Outcome | Page> {
  const place = since === null ? "" : `&since=${encodeURIComponent(since)}`;
  const outcome = await send(http, "GET", `/api/sessions/changes?limit=${limit}${place}`);
  if (!("text" in outcome)) return outcome;
  const value = parsed(outcome.text);
  const page = readPage(value);
  const isWhole = page && isObject(value) && typeof value["has_more"] === "boolean";
  return isWhole ? page : { kind: "later", status: outcome.status, retryAfterMs: null };
}

async function send(http: Http, method: string, path: string, body?: string): Promise<Outcome | Answer> {
  let answer: Answer;
  try {
    answer = await http.send(method, path, body);
  } catch {
    return { kind: "later", status: null, retryAfterMs: null }; // no network, no answer in time, no token to be had
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return answer;
  const problem = problemOf(status, answer.text);
  if (status === 413) return { kind: "too-large", problem };
  if (status >= 400 && status < 500 && !REPEATABLE.includes(status)) return { kind: "refused", status, problem };
  return { kind: "later", status, retryAfterMs: http.retryAfterMs(answer) };
}

/** Whether a problem of one session will be the same next time. */
export function isFinal(problem: Problem): boolean {
  const status = Number(problem.status) || 0;
  return status >= 400 && status < 500 && status !== 401 && !REPEATABLE.includes(status);
}

/** 4xx that say nothing about the request: too slow, too early, too many. */
export const REPEATABLE = [408, 425, 429];
