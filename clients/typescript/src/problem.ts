/** What goes wrong in a request, as classes. */

import type { SessionResult } from "./types.js";

/** An RFC 9457 problem, as docs/api.md lists them. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  /** One sentence that a person can act on. */
  detail?: string;
  errors?: { detail: string; pointer?: string; parameter?: string }[];
}

/** The service refused a request, or could not answer it. `message` is the problem's `detail`. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly requestId: string | null,
    /** How long the service asks to wait, in milliseconds; null if it does not say. */
    readonly retryAfterMs: number | null,
  ) {
    super(problem.detail || problem.title || `The service answered ${status}.`);
    this.name = "ProblemError";
    Object.setPrototypeOf(this, ProblemError.prototype); // where a bundler has made a function of the class
  }
}

/** No answer that can be read: whether the request arrived is unknown. The same may be sent again. */
export class NoAnswerError extends Error {
  constructor(message: string, readonly reason: unknown = null) {
    super(message);
    this.name = "NoAnswerError";
    Object.setPrototypeOf(this, NoAnswerError.prototype);
  }
}

/**
 * Another device has changed the session meanwhile; nothing was changed now. The app decides. To do it all the same,
 * call again: the copy has the newest version now.
 */
export class ConflictError extends Error {
  constructor(
    /** The session as it is now; null if it was deleted. */
    readonly newest: SessionResult | null,
  ) {
    super("The session was changed on another device.");
    this.name = "ConflictError";
    Object.setPrototypeOf(this, ConflictError.prototype);
  }
}

/** The local copy has no session with this id: not yet, or not any more. */
export class UnknownSessionError extends Error {
  constructor(readonly id: string) {
    super(`The copy has no session ${id}.`);
    this.name = "UnknownSessionError";
    Object.setPrototypeOf(this, UnknownSessionError.prototype);
  }
}

/** The problem in the body of a response; a proxy's page of HTML becomes one without detail. */
export function problemOf(status: number, text: string): Problem {
  const read = parsed(text);
  return isObject(read) ? { status, ...(read as Problem) } : { status, title: `HTTP ${status}` };
}

/** The value of a JSON text, or undefined. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const LONGEST_WAIT_MS = 3_600_000; // a wrong date must not stop the queue for a year

/** The milliseconds of `Retry-After`: seconds, or an HTTP date beside the server's own `now`. */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const wait = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}
