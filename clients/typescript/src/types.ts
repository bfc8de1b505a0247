/** The requests and answers of the service, by the names that apps use; src/schema.ts is generated. */

import type { paths } from "./schema.js";

type Get<Path extends keyof paths> = NonNullable<paths[Path]["get"]>;
type Post<Path extends keyof paths> = NonNullable<paths[Path]["post"]>;
type Put<Path extends keyof paths> = NonNullable<paths[Path]["put"]>;
type Patch<Path extends keyof paths> = NonNullable<paths[Path]["patch"]>;
type Json<Content> = Content extends { content: { "application/json": infer Body } } ? Body : never;
type Sent<Operation> = Operation extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;
type Answered<Operation, Status extends number> = Operation extends { responses: infer All }
  ? Status extends keyof All ? Json<All[Status]> : never
  : never;
type Query<Operation> = Operation extends { parameters: { query?: infer Asked } } ? NonNullable<Asked> : never;

/** A practice session that has ended, as it is saved. */
export type NewSession = Sent<Post<"/api/sessions/save">>;
/** A saved session, with what it unlocked. */
export type SavedSession = Answered<Post<"/api/sessions/save">, 201>;
/** What of a session is to change. */
export type Correction = Sent<Patch<"/api/sessions/{session_result_id}">>;
/** A session after a correction, with what it unlocked. */
export type CorrectedSession = Answered<Patch<"/api/sessions/{session_result_id}">, 200>;
/** The outcome of each session of a batch. */
export type BatchAnswer = Answered<Post<"/api/sessions/batch">, 200>;
export type BatchItem = BatchAnswer["results"][number];
export type HistoryQuery = Query<Get<"/api/sessions/history">>;
/** One page of the history. */
export type HistoryPage = Answered<Get<"/api/sessions/history">, 200>;
/** A stored session. */
export type SessionResult = NonNullable<HistoryPage["sessions"]>[number];
/** Practice that goes on, as a heartbeat tells it: totals so far. */
export type Heartbeat = Sent<Put<"/api/sessions/live/{session_result_id}">>;
/** The learner's live sessions, and the seconds between heartbeats. */
export type LiveSessions = Answered<Get<"/api/sessions/live">, 200>;
export type LiveSession = LiveSessions["sessions"][number];
/** The newest heartbeat of a live session, as the device has kept it. */
export type KeptHeartbeat = Heartbeat & { session_result_id: string };
export type Achievement = NonNullable<SavedSession["achievements_unlocked"]>[number];
export type StatsQuery = Query<Get<"/api/sessions/stats">>;
export type Stats = Answered<Get<"/api/sessions/stats">, 200>;
export type WarmupQuery = Query<Get<"/api/sessions/warmup">>;
export type Warmup = Answered<Get<"/api/sessions/warmup">, 200>;
