// What every generated client does; each file adds how it calls the operations.
import { strict as assert } from "node:assert";

export const address = process.env.ADDRESS as string;
export const headers = { Authorization: `Bearer ${process.env.TOKEN}` };
export const type = "roleplay" as const;

interface Page {
  sessions: { session_result_id: string; session_type: string; topics: string[] }[];
  total: number;
  next_cursor: string | null;
}

export interface Client {
  save(topic: string): Promise<{ session_result_id: string; streak: { current: number } }>;
  saveInvalid(): Promise<{ status: number; errors?: { detail: string; pointer?: string }[] }>;
  saveTwo(): Promise<{ status: string; session?: { topics: string[] }; problem?: { status: number } }[]>;
  history(limit: number, cursor?: string): Promise<Page>;
  stats(): Promise<{ total_sessions: number; sessions_by_type: { [type: string]: { count: number } } }>;
}

export async function run(client: Client): Promise<void> {
  const saved = [];
  for (const topic of ["one", "two", "three"]) saved.push(await client.save(topic));
  assert.equal(saved[0].streak.current, 1);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.history(2, cursor);
    assert.equal(page.total, 3);
    assert.equal(page.sessions[0].topics.length, 1);
    seen.push(...page.sessions.map((session) => session.session_result_id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  assert.deepEqual(seen, saved.map((session) => session.session_result_id).reverse());
  const stats = await client.stats();
  assert.equal(stats.total_sessions, 3);
  assert.equal(stats.sessions_by_type[type].count, 3);
  const invalid = await client.saveInvalid();
  assert.equal(invalid.status, 422);
  assert.equal(invalid.errors?.[0].pointer, "#/duration_seconds");
  const [stored, rejected] = await client.saveTwo();
  assert.deepEqual(stored.session?.topics, ["batch"]);
  assert.equal(rejected.problem?.status, 422);
  console.log("done");
}
