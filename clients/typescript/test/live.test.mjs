/** Live sessions under faults, in front of the real service. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { MemoryStorage } from "../dist/index.js";
import { Device, HOUR, accessToken, faults, history } from "./device.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A device that practises; `totals` are what it has counted. */
function practising(options = {}, session = { session_type: "conversation" }) {
  const device = new Device({ firstPauseMs: 20, longestPauseMs: 50, ...options });
  const totals = { active_seconds: 0, words_spoken: 0 };
  const events = [];
  const live = device.client.live({
    learner: device.learner, session, totals: () => ({ ...totals }), onEvent: (event) => events.push(event),
    firstPauseMs: 20, longestPauseMs: 50, refusedPauseMs: 20, ...options,
  });
  return { device, totals, events, live, kinds: () => events.map((event) => event.kind) };
}

const waitFor = async (condition) => {
  for (let tries = 0; tries < 200 && !(await condition()); tries++) await sleep(20);
  assert.ok(await condition(), String(condition));
};

test("heartbeats carry the newest totals, and the queue ends the session", async () => {
  const { device, totals, live, kinds } = practising();
  await live.beat();
  Object.assign(totals, { active_seconds: 5, words_spoken: 12, topics: ["travel"] });
  await live.beat();
  const [shown] = await device.client.liveSessions();
  assert.deepEqual([shown.session_result_id, shown.state, shown.seq], [live.id, "active", 2]);
  assert.deepEqual([shown.words_spoken, shown.topics], [12, ["travel"]]);
  await live.finish(device.queue, { session_type: "conversation", duration_seconds: 60, words_spoken: 20 });
  await device.queue.flush();
  assert.deepEqual(await device.client.liveSessions(), []);
  const [saved] = await history(device.learner);
  assert.deepEqual([saved.session_result_id, saved.words_spoken], [live.id, 20]);
  await live.beat();
  assert.deepEqual(kinds(), ["beaten", "beaten"]);
});

test("what finish is not told is saved as in the totals of now", async () => {
  const { device, totals, live } = practising();
  Object.assign(totals, { active_seconds: 5, words_spoken: 12, fluency_score: 71.5, topics: ["travel"] });
  await live.beat();
  Object.assign(totals, { words_spoken: 42, vocabulary_learned: ["reserva"], grammar_score: null });
  await live.finish(device.queue, { session_type: "conversation", duration_seconds: 60, topics: ["hotels"] });
  await device.queue.flush();
  const [saved] = await history(device.learner);
  assert.deepEqual([saved.words_spoken, saved.fluency_score, saved.duration_seconds], [42, 71.5, 60]);
  assert.deepEqual([saved.vocabulary_learned, saved.topics], [["reserva"], ["hotels"]]);
});

const TOTALS = {
  active_seconds: 140, words_spoken: 52, pronunciation_score: 81, fluency_score: 74.5, grammar_score: 66, topics: ["travel"],
  vocabulary_learned: ["reserva"], metadata: { scenario_id: "hotel" },
};
const SPANISH = { session_type: "conversation", language: "es" };
const { active_seconds, ...CONTENT } = TOTALS;

/** Of a saved session, what a heartbeat tells. */
async function savedOf({ device, live }) {
  await device.queue.flush();
  const saved = (await history(device.learner)).find((one) => one.session_result_id === live.id);
  const names = ["session_type", "language", "duration_seconds", ...Object.keys(CONTENT)];
  return Object.fromEntries(names.map((name) => [name, saved[name]]));
}

test("the end has the totals that were told last", async () => {
  const phone = practising({}, SPANISH);
  Object.assign(phone.totals, TOTALS, { words_spoken: 50 });
  await phone.live.beat();
  phone.totals.words_spoken = 52; // since the last heartbeat
  await phone.live.finish(phone.device.queue);
  assert.deepEqual(await savedOf(phone), { ...SPANISH, duration_seconds: 140, ...CONTENT });
});

test("what the app says of the end wins, each field by itself", async () => {
  const phone = practising({}, SPANISH);
  Object.assign(phone.totals, TOTALS);
  await phone.live.beat();
  const said = { session_type: "roleplay", duration_seconds: 420, topics: [], grammar_score: null, words_spoken: undefined };
  await phone.live.finish(phone.device.queue, said);
  const { words_spoken, ...rest } = said;
  assert.deepEqual(await savedOf(phone), { ...SPANISH, ...CONTENT, ...rest });
});

test("totals that cannot be asked for at the end are those of the last heartbeat", async () => {
  let fails = false;
  const totals = () => { if (fails) throw new Error("the app's own"); return TOTALS; };
  const phone = practising({ totals, network: (_, { method }) => (method === "PUT" ? faults.down : undefined) }, SPANISH);
  await phone.live.beat();
  fails = true;
  await phone.live.finish(phone.device.queue, { session_type: "conversation", duration_seconds: 420 });
  assert.deepEqual(await savedOf(phone), { ...SPANISH, duration_seconds: 420, ...CONTENT });
});

test("what an app that was killed has told is in the end of what is carried on, whoever has kept it", async () => {
  for (const isDown of [false, true]) {
    const storage = new MemoryStorage();
    const killed = practising({ storage, network: () => (isDown ? faults.down : undefined) }, SPANISH);
    Object.assign(killed.totals, TOTALS);
    await killed.live.beat();
    const { learner } = killed.device;
    const [found] = await killed.device.client.unfinished({ learner, storage });
    assert.equal("state" in found, !isDown);
    const totals = () => ({ active_seconds: 145 }); // all that the app goes on counting
    const resumed = practising({ learner, storage, totals }, found);
    await resumed.live.finish(resumed.device.queue);
    assert.deepEqual(await savedOf(resumed), { ...SPANISH, duration_seconds: 145, ...CONTENT });
  }
});

test("started, it beats by itself until it is stopped", async () => {
  const { device, events, live } = practising({ intervalMs: 30 });
  live.start();
  await waitFor(() => events.length >= 4);
  live.stop();
  await sleep(100);
  const count = device.requests;
  await sleep(100);
  assert.equal(device.requests, count);
});

test("without a network nothing is lost: what follows has the newest totals alone", async () => {
  let down = true;
  const { device, totals, events, live } = practising({ network: () => (down ? faults.down : undefined), intervalMs: 10 });
  live.start();
  for (let words = 1; words <= 5; words++) {
    totals.words_spoken = words;
    await sleep(20);
  }
  await waitFor(() => events.some((event) => event.kind === "postponed" && event.retryInMs > 0));
  down = false;
  const before = device.requests;
  await waitFor(() => events.some((event) => event.kind === "beaten"));
  live.stop();
  const [first] = events.filter((event) => event.kind === "beaten");
  assert.equal(first.session.words_spoken, 5);
  assert.ok(device.requests <= before + 3);
});

test("an answer that was lost does not hide newer totals", async () => {
  const { device, totals, live } = practising({ network: (_, __, number) => (number === 1 ? faults.cut : undefined) });
  totals.words_spoken = 1;
  await live.beat();
  totals.words_spoken = 2;
  await sleep(60);
  await live.beat();
  assert.equal((await device.client.liveSessions())[0].words_spoken, 2);
});

test("Retry-After is kept, also by those who call at once", async () => {
  const busy = faults.answer(503, { "Retry-After": "1" });
  const { device, events, live } = practising({ network: (_, __, number) => (number === 1 ? busy : undefined) });
  await live.beat();
  assert.equal(events[0].status, 503);
  assert.ok(events[0].retryInMs >= 900);
  await live.beat();
  await live.beat();
  assert.equal(device.requests, 1);
  device.passed = 1200;
  await live.beat();
  assert.deepEqual(events.map((event) => event.kind), ["postponed", "beaten"]);
});

for (const [name, ahead] of [["3 hours ahead", 3 * HOUR], ["3 hours behind", -3 * HOUR], ["in 1970", -Date.now()]]) {
  for (const hidden of [false, true]) {
    test(`a clock that is ${name} starts a session now${hidden ? ", although the date is hidden" : ""}`, async () => {
      const { device, live, kinds } = practising({ network: () => (hidden ? faults.hideDate : undefined) });
      device.ahead = ahead;
      await live.beat();
      const isLate = ahead === -3 * HOUR; // a start of up to a day ago is taken
      const [session] = await device.client.liveSessions();
      assert.deepEqual(kinds(), ["beaten"]);
      const apart = Math.abs(Date.parse(session.started_at) - Date.now());
      assert.ok(apart < (isLate ? 3 * HOUR : 0) + 60_000, session.started_at);
    });
  }
}

test("a session goes on after the app was killed, above what the service has", async () => {
  const first = practising();
  first.totals.words_spoken = 10;
  for (let count = 0; count < 3; count++) await first.live.beat();
  const [session] = await first.device.client.liveSessions();
  const second = practising({ learner: first.device.learner }, session);
  second.totals.words_spoken = session.words_spoken + 1;
  await second.live.beat();
  assert.equal(second.live.id, first.live.id);
  const [now] = await second.device.client.liveSessions();
  assert.deepEqual([now.seq, now.words_spoken, now.started_at], [4, 11, session.started_at]);
  first.totals.words_spoken = 12; // the other device is behind in seq, and goes on above it
  for (let count = 0; count < 2; count++) await first.live.beat();
  assert.equal((await first.device.client.liveSessions())[0].words_spoken, 12);
});

test("what was saved or cancelled elsewhere ends the heartbeats", async () => {
  for (const end of [
    (client, live) => client.save({ session_type: "roleplay", duration_seconds: 5, session_result_id: live.id }),
    (_, live) => live.cancel(),
  ]) {
    const { device, live } = practising();
    await live.beat();
    const [session] = await device.client.liveSessions();
    const other = practising({ learner: device.learner }, session);
    await end(other.device.client, other.live);
    const again = practising({ learner: device.learner, intervalMs: 10 }, session);
    again.live.start();
    await waitFor(() => again.kinds().includes("ended"));
    const count = again.device.requests;
    await sleep(60);
    assert.equal(again.device.requests, count);
  }
});

test("a cancelled session is gone, and to cancel needs the network", async () => {
  let down = false;
  const { device, live } = practising({ network: () => (down ? faults.down : undefined) });
  await live.beat();
  down = true;
  await assert.rejects(live.cancel());
  down = false;
  await live.cancel();
  assert.deepEqual(await device.client.liveSessions(), []);
});

test("no heartbeat is sent with the token of another learner", async () => {
  const { device, live, kinds } = practising({ token: () => accessToken("3b1f8c1e-2f0a-4d7e-9d5b-8f2f6f0c4a11") });
  await live.beat();
  assert.deepEqual([device.requests, kinds()], [0, ["refused"]]);
});

test("the app's mistake is reported, and does not end the heartbeats", async () => {
  const { totals, live, kinds } = practising();
  totals.words_spoken = -1;
  await live.beat();
  totals.words_spoken = 1;
  await sleep(60);
  await live.beat();
  assert.deepEqual(kinds(), ["refused", "beaten"]);
});

test("finish keeps the session at once, whatever is under way", async () => {
  const { device, events, live } = practising({ network: () => faults.hang, timeoutMs: 600 });
  void live.beat();
  await sleep(20);
  const finished = live.finish(device.queue, { session_type: "conversation", duration_seconds: 60 });
  await sleep(100);
  assert.deepEqual((await device.queue.waiting()).map((one) => one.session_result_id), [live.id]);
  assert.equal(events.length, 0);
  await finished;
});

test("finish that is called twice ends it once, also after the first end has arrived", async () => {
  const { device, totals, live } = practising();
  totals.active_seconds = 5;
  const [one, two] = await Promise.all([live.finish(device.queue), live.finish(device.queue)]);
  assert.deepEqual(one, two);
  await device.queue.flush();
  totals.active_seconds = 6;
  await live.finish(device.queue);
  await device.queue.flush();
  assert.deepEqual((await history(device.learner)).map((session) => session.duration_seconds), [5]);
  assert.deepEqual(device.kinds(), ["stored"]);
});

test("a heartbeat that comes after the save says nothing of an end elsewhere", async () => {
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const late = async (...request) => { await gate; return fetch(...request); };
  const { device, live, kinds } = practising({ network: (_, { method }) => (method === "PUT" ? late : undefined) });
  const beating = live.beat();
  const finished = live.finish(device.queue, { session_type: "conversation", duration_seconds: 60 });
  await sleep(20);
  await device.queue.flush();
  go();
  await Promise.all([beating, finished]);
  assert.deepEqual(kinds(), []);
  assert.equal((await history(device.learner)).length, 1);
});

test("a token that never comes holds up neither heartbeats nor the end", async () => {
  const { device, live, kinds } = practising({ token: () => new Promise(() => {}), timeoutMs: 50 });
  await live.beat();
  assert.deepEqual(kinds(), ["postponed"]);
  assert.equal((await live.finish(device.queue, { session_type: "conversation", duration_seconds: 60 })).durable, true);
});

test("who signs in again need not wait for the end of the pause", async () => {
  let current = null;
  const { device, live, kinds } = practising({ token: () => current, refusedPauseMs: 600_000 });
  await live.beat();
  await live.beat();
  assert.deepEqual([device.requests, kinds()], [0, ["refused"]]);
  current = accessToken(device.learner);
  await live.beat();
  assert.deepEqual(kinds(), ["refused", "beaten"]);
});

test("a session that is gone after a day starts anew, with what was practised before", async () => {
  for (const hours of [25, 24 * 30]) {
    const kept = {
      session_result_id: randomUUID(), session_type: "roleplay", language: "es", timezone: "UTC", seq: 7, active_seconds: 300,
      started_at: new Date(Date.now() - hours * HOUR).toISOString(),
    };
    const { device, totals, live, kinds } = practising({}, kept);
    totals.active_seconds = 305;
    await live.beat();
    assert.deepEqual(kinds(), ["beaten"]);
    const [session] = await device.client.liveSessions();
    assert.deepEqual([session.session_result_id, session.active_seconds], [kept.session_result_id, 305]);
  }
});
