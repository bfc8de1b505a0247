/** What practice comes to: the newest totals, as the session that is saved has them. */

import type { Fixed } from "./heartbeat.js";
import type { LiveOptions, LiveTotals } from "./live-events.js";
import type { Heartbeat, NewSession } from "./types.js";

/** The fields of a heartbeat that a saved session has by the same name; the compiler sees that none is missing. */
const SAME: { [Name in keyof Heartbeat & keyof NewSession]-?: true } = {
  session_type: true,
  language: true,
  timezone: true,
  words_spoken: true,
  pronunciation_score: true,
  fluency_score: true,
  grammar_score: true,
  topics: true,
  vocabulary_learned: true,
  metadata: true,
};
const NAMES = Object.keys(SAME) as (keyof typeof SAME)[];

export class Totals {
  /** The last that the app has told of each; at first those of the session that is carried on. */
  private newest: Partial<Heartbeat> = {};

  constructor(private readonly ask: () => LiveTotals, session: LiveOptions["session"]) {
    if ("session_result_id" in session) this.newest = copied(session) as Partial<Heartbeat>;
  }

  /** Those of now. Throws what the app throws. */
  now(): LiveTotals {
    const totals = this.ask();
    // What is carried on may have more than the app goes on counting.
    this.newest = { ...this.newest, ...copied(totals) };
    return totals;
  }

  /** The whole session: what the app says of its end, and for the rest the newest totals. */
  ending(fixed: Fixed, session: Partial<NewSession>): NewSession {
    try {
      this.now();
    } catch {
      // The app's own error must not cost the totals of the heartbeats before.
    }
    const { newest } = this;
    const told: Partial<NewSession> = {};
    for (const name of NAMES) if (name in newest) Object.assign(told, { [name]: newest[name] });
    return { duration_seconds: newest.active_seconds || 0, ...told, ...fixed, ...copied(session) };
  }
}

/** As JSON has it: without what is undefined, and apart from what the app goes on changing. */
function copied<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
