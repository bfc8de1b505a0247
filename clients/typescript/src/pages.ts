/** Pages of changes: what one answer of the service says, and what several of them say together. */

import { isObject } from "./problem.js";
import type { SessionResult } from "./types.js";

/** A session that was saved or changed, or its deletion. */
export interface Change {
  session_result_id: string;
  version: number;
  deleted: boolean;
  session?: SessionResult;
}

/**
 * All changes between two places, as they were at some time. Pages of different times go together: what has changed
 * since a page was fetched is in a later one.
 */
export interface Page {
  /** The place where it ends. */
  next: string;
  /** Whether to drop what comes before it. */
  reset: boolean;
  /** Sessions of before it that were completed before this instant are dropped. */
  kept_since: string | null;
  changes: Change[];
  /** Whether the service has more; this is not stored. */
  has_more?: boolean;
}

/** The page in an answer of the service or in a stored text; null if it is none. */
export function readPage(value: unknown): Page | null {
  if (!isObject(value) || typeof value["next"] !== "string" || !value["next"]) return null;
  const { next, reset, kept_since: limit, changes } = value;
  if (!Array.isArray(changes) || !changes.every(isChange)) return null;
  const keptSince = typeof limit === "string" ? limit : null;
  return { next, reset: reset === true, kept_since: keptSince, changes, has_more: value["has_more"] === true };
}

function isChange(value: unknown): boolean {
  if (!isObject(value) || typeof value["session_result_id"] !== "string") return false;
  const session = value["session"];
  return value["deleted"] === true || (isObject(session) && typeof session["completed_at"] === "string");
}

/** The page that says what two say that follow each other. */
export function joined(first: Page, second: Page): Page {
  const anew = new Set(second.changes.map((change) => change.session_result_id));
  const before = second.reset ? [] : first.changes;
  const limits = [first.kept_since, second.kept_since].filter((limit): limit is string => limit !== null).sort();
  return {
    next: second.next,
    reset: first.reset || second.reset,
    kept_since: limits.length ? limits[limits.length - 1]! : null,
    changes: before
      .filter((change) => isKept(change, second.kept_since) && !anew.has(change.session_result_id))
      .concat(second.changes),
  };
}

function isKept(change: Change, keptSince: string | null): boolean {
  return change.deleted || keptSince === null || change.session!.completed_at! >= keptSince;
}

/** What pages amount to, one applied after the other. */
export class Sessions {
  /** By id: the change that holds the session. */
  readonly stored = new Map<string, Change>();
  /** How many changes of the pages mean nothing any more. */
  outdated = 0;
  /** Whether the pages still have sessions that were deleted. */
  hasDeleted = false;

  /** Applies a page: `reset`, `kept_since`, then the changes. */
  apply(page: Page): void {
    for (const [id, change] of Array.from(this.stored)) {
      if (page.reset || !isKept(change, page.kept_since)) this.drop(id);
    }
    for (const change of page.changes) {
      const id = change.session_result_id;
      if (change.deleted) {
        this.drop(id);
      } else {
        if (this.stored.has(id)) this.outdated++;
        this.stored.set(id, change);
      }
    }
  }

  private drop(id: string): void {
    if (!this.stored.delete(id)) return;
    this.outdated++;
    this.hasDeleted = true;
  }

  /** The page without the changes that mean nothing any more. */
  current(page: Page): Page {
    const isCurrent = (change: Change): boolean => {
      const stored = this.stored.get(change.session_result_id);
      return change.deleted || (stored !== undefined && stored.version === change.version);
    };
    return { ...page, changes: page.changes.filter(isCurrent) };
  }
}
