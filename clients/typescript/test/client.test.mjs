/** The client in front of the real service. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { NoAnswerError, ProblemError, SessionsClient } from "../dist/index.js";
import { Device, SERVICE, accessToken, faults, practice } from "./device.mjs";

function client(options = {}) {
  const learner = randomUUID();
  return new SessionsClient({ url: SERVICE, token: () => accessToken(learner), ...options });
}

test("a session is saved once, whatever is repeated", async () => {
  const ours = client();
  const one = await ours.save(practice(), { idempotencyKey: "lesson 1" });
  const same = await ours.save(practice(), { idempotencyKey: "lesson 1" });
  assert.equal(one.session_result_id, same.session_result_id);
  const answer = await ours.saveBatch([practice(), practice({ duration_seconds: -1 })]);
  assert.deepEqual([answer.created, answer.rejected, answer.results[1].problem.status], [1, 1, 422]);
  assert.equal((await ours.stats()).total_sessions, 2);
  assert.equal((await ours.warmup({ timezone: "Europe/Berlin" })).based_on.sessions, 2);
});

test("the whole history is read page by page, and filtered by what must be encoded", async () => {
  const ours = client();
  const sessions = Array.from({ length: 25 }, (_, index) => practice({ duration_seconds: index, topics: ["a+b & ü/?"] }));
  await ours.saveBatch([...sessions, practice()]);
  const seen = [];
  for await (const session of ours.history({ topic: "a+b & ü/?", limit: 10 })) seen.push(session.duration_seconds);
  assert.deepEqual(seen.sort((one, other) => one - other), Array.from({ length: 25 }, (_, index) => index));
  assert.deepEqual((await ours.historyPage({ limit: 10, topic: undefined })).total, 26);
  let rest = 0;
  for await (const _ of ours.history({ limit: 10, offset: 5 })) rest++;
  assert.equal(rest, 21);
  for await (const session of client().history()) assert.fail(session);
});

test("members that a newer service adds are ignored", async () => {
  const newer = async (url, request) => {
    const answer = JSON.parse(await (await fetch(url, request)).text(), (_, value) =>
      value && typeof value === "object" && !Array.isArray(value) ? { ...value, added_later: { of: ["course"] } } : value);
    return new Response(JSON.stringify(answer));
  };
  const device = new Device({ network: () => newer });
  await device.queue.add(practice());
  assert.equal((await device.queue.flush()).waiting, 0);
  for await (const session of device.client.history()) assert.equal(session.duration_seconds, 300);
  assert.equal((await device.client.stats()).total_sessions, 1);
});

test("a refusal is a ProblemError with what the service says", async () => {
  await assert.rejects(client().save(practice({ fluency_score: 101 })), (error) => {
    assert.ok(error instanceof ProblemError && error instanceof Error);
    assert.equal(error.status, 422);
    assert.equal(error.message, error.problem.detail);
    assert.equal(error.problem.errors[0].pointer, "#/fluency_score");
    assert.match(error.requestId, /./);
    return true;
  });
  const busy = client({ fetch: faults.answer(503, { "Retry-After": "3" }) });
  await assert.rejects(busy.stats(), { name: "ProblemError", status: 503, retryAfterMs: 3000, message: "HTTP 503" });
});

test("what is not an answer of the service is a NoAnswerError", async () => {
  for (const fetch of [faults.down, faults.cut, faults.hang, faults.answer(200)])
    await assert.rejects(client({ fetch, timeoutMs: 100 }).stats(), NoAnswerError);
});

test("after a 401 the token is refreshed, once", async () => {
  const learner = randomUUID();
  const asked = [];
  const token = ({ refresh }) => { asked.push(refresh); return accessToken(learner, refresh ? undefined : "old"); };
  await client({ token }).stats();
  assert.deepEqual(asked, [false, true]);
  await assert.rejects(client({ token: () => accessToken(learner, "old") }).stats(), { status: 401 });
  await assert.rejects(client({ token: () => null }).stats(), { status: 401 });
  assert.equal((await client({ token: accessToken(learner) }).stats()).period, "week");
});

test("every other call is made by request", async () => {
  const ours = client();
  const { session_result_id: id } = await ours.save(practice());
  const streak = await ours.request("GET", "/api/sessions/streak", { query: { goal_minutes: 15, timezone: null } });
  assert.equal(streak.goal_minutes, 15);
  assert.equal((await ours.request("PATCH", `/api/sessions/${id}`, { body: { grammar_score: 80 } })).grammar_score, 80);
  assert.equal(await ours.request("DELETE", `/api/sessions/${id}`), undefined);
});
