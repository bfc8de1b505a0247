/** The queue under one fault after the other, in front of the real service. Each test says how many requests it took. */

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";

import { MemoryStorage, webStorage } from "../dist/index.js";
import { FileStorage } from "../dist/node/file.js";
import { Device, HOUR, accessToken, faults, history, practice } from "./device.mjs";

const DateTimeFormat = Intl.DateTimeFormat;
afterEach(() => { Intl.DateTimeFormat = DateTimeFormat; });

const only = (fault, ...numbers) => (_, __, number) => (numbers.includes(number) ? fault : undefined);
const always = (fault) => () => fault;
const sessionsOf = (request) => JSON.parse(request.body || "{}").sessions || [];

function requests(t, device, most) {
  t.diagnostic(`requests: ${device.requests}`);
  assert.ok(device.requests <= most, `${device.requests} requests, at most ${most} are allowed`);
}

function near(text, instant, seconds = 60) {
  const apart = Math.abs(Date.parse(text) - instant);
  assert.ok(apart <= seconds * 1000, `${text} is ${apart / 1000} s from ${new Date(instant).toISOString()}`);
}

async function stored(device) {
  const sessions = await history(device.learner);
  return sessions.map((session) => session.session_result_id).sort();
}

async function add(device, count, overrides = {}) {
  const ids = [];
  for (let index = 0; index < count; index++) {
    ids.push((await device.queue.add(practice({ duration_seconds: index + 1, ...overrides }))).session_result_id);
  }
  return ids.sort();
}

test("250 sessions of a long time offline are stored in three batches", async (t) => {
  const device = new Device();
  await device.client.stats(); // the clock is known from then on
  device.requests = 0;
  const ids = await add(device, 250);
  const report = await device.queue.flush();
  assert.deepEqual(report, { waiting: 0, retryInMs: null, stopped: null });
  assert.deepEqual(await stored(device), ids);
  assert.ok(device.events.every((event) => event.kind === "stored" && event.item.session.session_result_id === event.id));
  requests(t, device, 3);
});

for (const [name, atAdd, atFlush] of [
  ["3 hours ahead at add, right at flush", 3 * HOUR, 0],
  ["right at add, 3 hours ahead at flush", 0, 3 * HOUR],
  ["3 hours ahead in both", 3 * HOUR, 3 * HOUR],
  ["3 hours ahead, then 3 hours behind", 3 * HOUR, -3 * HOUR],
  ["3 hours behind in both", -3 * HOUR, -3 * HOUR],
  ["back in 1970 in both", -Date.now(), -Date.now()],
  ["back in 1970, then right", -Date.now(), 0],
]) {
  test(`a clock that is ${name} costs no session, and one correction`, async (t) => {
    const device = new Device();
    device.ahead = atAdd;
    const now = Date.now();
    const ids = await add(device, 5);
    device.ahead = atFlush;
    assert.equal((await device.queue.flush()).waiting, 0);
    const sessions = await history(device.learner);
    assert.deepEqual(sessions.map((session) => session.session_result_id).sort(), ids);
    for (const session of sessions) near(session.completed_at, now);
    requests(t, device, 3);
  });

  test(`after a restart, a clock that is ${name} costs no session, and one correction`, async (t) => {
    const device = new Device();
    device.ahead = atAdd;
    const ids = await add(device, 5);
    device.start();
    device.ahead = atFlush;
    assert.equal((await device.queue.flush()).waiting, 0);
    assert.deepEqual(await stored(device), ids);
    requests(t, device, 2);
  });
}

test("a session that ended days ago keeps its time although the clock is wrong now", async (t) => {
  const device = new Device();
  const completed_at = new Date(Date.now() - 72 * HOUR).toISOString();
  await device.queue.add(practice({ completed_at }));
  device.ahead = 5 * HOUR;
  device.start();
  await device.queue.flush();
  const [session] = await history(device.learner);
  near(session.completed_at, Date.parse(completed_at), 1);
  requests(t, device, 1);
});

test("without a Date header the refusal itself says the server's time", async (t) => {
  const device = new Device({ network: always(faults.hideDate) });
  device.ahead = 3 * HOUR;
  const now = Date.now();
  await add(device, 3);
  assert.equal((await device.queue.flush()).waiting, 0);
  for (const session of await history(device.learner)) near(session.completed_at, now);
  requests(t, device, 3);
});

test("where neither says the time, the service's own time is taken", async (t) => {
  const hideTime = async (url, request) => {
    const response = await faults.hideDate(url, request);
    const text = (await response.text()).replace(/, which is [-\dT:.Z]+/g, "");
    return { ...response, text: async () => text };
  };
  const device = new Device({ network: always(hideTime) });
  device.ahead = 3 * HOUR;
  const ids = await add(device, 3);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
  for (const session of await history(device.learner)) near(session.completed_at, Date.now());
  requests(t, device, 3);
});

test("a time that is refused again after its correction is set aside, not sent for ever", async (t) => {
  const refuse = async (url, request) => {
    const problem = { status: 422, detail: "no", errors: [{ detail: "no", pointer: "#/sessions/0/completed_at" }] };
    const results = sessionsOf(request).map((_, index) => ({ index, status: "rejected", problem }));
    return new Response(JSON.stringify({ results }));
  };
  const device = new Device({ network: (_, request) => (request.method === "POST" ? refuse : undefined) });
  const ids = await add(device, 5);
  for (let round = 0; round < 3; round++) await device.queue.flush({ force: true });
  assert.deepEqual((await device.queue.setAside()).map((kept) => kept.session.session_result_id).sort(), ids);
  requests(t, device, 3);
});

for (const [name, replacement] of [
  ["no Intl", undefined],
  ["no time zone", { resolvedOptions: () => ({ timeZone: undefined }) }],
  ["Etc/Unknown", { resolvedOptions: () => ({ timeZone: "Etc/Unknown" }) }],
  ["UTC although the offset is another", { resolvedOptions: () => ({ timeZone: "UTC" }) }],
  ["a zone that the service does not know", { resolvedOptions: () => ({ timeZone: "Mars/Olympus" }) }],
]) {
  test(`with ${name} the device's offset is sent, not UTC`, async (t) => {
    Intl.DateTimeFormat = replacement && (() => replacement);
    const device = new Device();
    await add(device, 2);
    await device.queue.add(practice({ completed_at: new Date().toISOString() }));
    assert.equal((await device.queue.flush()).waiting, 0);
    const sessions = await history(device.learner);
    assert.equal(sessions.length, 3);
    const offset = -new Date().getTimezoneOffset();
    assert.notEqual(offset, 0, "run this with TZ=America/Caracas");
    for (const session of sessions) assert.equal(session.timezone, "UTC-04:00");
    requests(t, device, 3);
  });
}

test("a body that is too large for a proxy is halved until it passes", async (t) => {
  const small = (_, request) => (sessionsOf(request).length > 10 ? faults.answer(413) : undefined);
  const device = new Device({ network: small });
  const ids = await add(device, 100);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
  requests(t, device, 30);
});

test("one session that is too large is set aside, and the others are stored", async (t) => {
  const device = new Device();
  const ids = await add(device, 20);
  const large = await device.queue.add(practice({ metadata: { text: "x".repeat(5_000_000) } }));
  await add(device, 20).then((more) => ids.push(...more));
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids.sort());
  const [kept, ...others] = await device.queue.setAside();
  assert.deepEqual([kept.session.session_result_id, kept.problem.status, others.length], [large.session_result_id, 413, 0]);
  device.start();
  assert.equal((await device.queue.setAside()).length, 1);
  await device.queue.retry(large.session_result_id);
  assert.equal((await device.queue.waiting()).length, 1);
  await device.queue.flush();
  await device.queue.forget(large.session_result_id);
  assert.equal((await device.queue.setAside()).length, 0);
  requests(t, device, 10);
});

for (const status of [400, 403, 404, 415, 422]) {
  test(`${status} for a whole request stops and reports; everything stays`, async (t) => {
    const device = new Device({ network: always(faults.answer(status, {}, JSON.stringify({ detail: "Wrong.", status }))) });
    const ids = await add(device, 3);
    for (let call = 0; call < 50; call++) {
      const report = await device.queue.flush();
      assert.deepEqual([report.waiting, report.stopped.status, report.stopped.problem.detail], [3, status, "Wrong."]);
      assert.ok(report.retryInMs > 29_000);
    }
    assert.equal(device.kinds().filter((kind) => kind === "stopped").length, 1);
    requests(t, device, 1);
    device.network = () => undefined;
    await device.queue.flush({ force: true });
    assert.deepEqual(await stored(device), ids);
  });
}

test("after a 401 the token is refreshed once, and the flush goes on", async (t) => {
  const device = new Device({ token: ({ refresh }) => accessToken(device.learner, refresh ? undefined : "expired") });
  const ids = await add(device, 3);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
  requests(t, device, 4); // the time is asked for, and each request has its first try
});

test("a 401 that a refresh does not cure stops; another token starts it again", async (t) => {
  let refreshes = 0;
  let held;
  const token = ({ refresh }) => { refreshes += refresh ? 1 : 0; return held; };
  const device = new Device({ token });
  held = accessToken(device.learner, "wrong"); // made once: a second later it would be another token
  const ids = await add(device, 3);
  for (let call = 0; call < 50; call++) assert.equal((await device.queue.flush()).stopped.status, 401);
  assert.ok(refreshes <= 1, `${refreshes} refreshes`);
  requests(t, device, 2);
  held = accessToken(device.learner);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
});

test("without a token, or one that cannot be fetched, nothing is sent and nothing lost", async (t) => {
  const device = new Device({ token: () => null });
  const ids = await add(device, 3);
  assert.equal((await device.queue.flush()).stopped.status, 401);
  device.token = () => { throw new Error("offline"); };
  const report = await device.queue.flush({ force: true });
  assert.deepEqual([report.waiting, report.stopped], [3, null]);
  requests(t, device, 0);
  device.token = () => accessToken(device.learner);
  await device.queue.flush({ force: true });
  assert.deepEqual(await stored(device), ids);
});

test("of a batch, each session has its own outcome: 409 and 422 are set aside, 410 is removed", async (t) => {
  const device = new Device();
  const [changed, deleted, fine] = await add(device, 3);
  await device.queue.flush();
  await device.client.request("DELETE", `/api/sessions/${deleted}`);
  for (const session_result_id of [changed, deleted]) await device.queue.add(practice({ session_result_id, duration_seconds: 77 }));
  const { session_result_id: wrong } = await device.queue.add(practice({ words_spoken: -1 }));
  const { session_result_id: good } = await device.queue.add(practice());
  device.events = [];
  assert.equal((await device.queue.flush()).waiting, 0);
  const kept = (await device.queue.setAside()).map(({ session, problem }) => [session.session_result_id, problem.status]);
  assert.deepEqual(kept.sort(), [[changed, 409], [wrong, 422]].sort());
  assert.deepEqual(device.events.filter((event) => event.kind === "removed").map((event) => event.id), [deleted]);
  assert.deepEqual(await stored(device), [changed, fine, good].sort());
  await device.queue.flush();
  requests(t, device, 4);
});

for (const [name, header, least] of [
  ["7 seconds", "7", 7_000],
  ["an HTTP date", () => new Date(Date.now() + 9_000).toUTCString(), 7_000],
  ["nonsense", "soon", 500],
  ["nothing", null, 500],
  ["a year", String(365 * 86_400), HOUR],
]) {
  for (const status of [429, 503]) {
    test(`${status} with a Retry-After of ${name} is kept to, however often flush is called`, async (t) => {
      const asked = typeof header === "function" ? header() : header;
      const headers = { Date: new Date().toUTCString(), ...(asked && { "Retry-After": asked }) };
      const device = new Device({ network: always(faults.answer(status, headers)) });
      const ids = await add(device, 3);
      for (let call = 0; call < 50; call++) {
        const report = await device.queue.flush();
        assert.ok(report.retryInMs >= least - 500 && report.retryInMs <= least * 1.5 + 1_500, `${report.retryInMs}`);
      }
      requests(t, device, 1);
      device.network = () => undefined;
      device.passed = 2 * HOUR;
      await device.queue.flush();
      assert.deepEqual(await stored(device), ids);
    });
  }
}

for (const [name, fault] of Object.entries({
  "no network": faults.down,
  "an answer that is lost": faults.cut,
  "a connection that hangs": faults.hang,
  "status 500": faults.answer(500),
  "status 408": faults.answer(408),
  "a sign-in page of the network": faults.answer(200),
  "an empty list of results": faults.answer(200, {}, '{"results": []}'),
  "results that nobody understands": faults.answer(200, {}, `{"results": [7, {"index": "length"}, {"index": 900, "status": "created"},
    {"index": 0, "status": "unheard-of"}, {"index": 1, "status": "rejected", "problem": "none"}]}`),
})) {
  test(`${name} is tried again after growing pauses`, async (t) => {
    const device = new Device({ network: always(fault), timeoutMs: 200 });
    await device.client.stats().catch(() => null);
    device.requests = 0;
    const ids = await add(device, 10);
    const pauses = [];
    for (let round = 0; round < 12; round++) {
      const { retryInMs } = await device.queue.flush();
      pauses.push(retryInMs);
      await device.queue.flush(); // too early: sends nothing
      device.passed += retryInMs + 5;
    }
    assert.ok(pauses[0] <= 1_000 && pauses[5] >= 15_000 && pauses[11] >= 149_000 && pauses[11] <= 300_000, `${pauses}`);
    requests(t, device, 13); // the first flush may ask for the time
    device.network = () => undefined;
    assert.equal((await device.queue.flush()).waiting, 0);
    assert.deepEqual(await stored(device), ids);
  });
}

test("a session that breaks the service does not block the others", async () => {
  const device = new Device();
  const bad = (await device.queue.add(practice({ topics: ["bad"] }))).session_result_id;
  const ids = await add(device, 30);
  device.network = (_, request) =>
    sessionsOf(request).some((session) => session.session_result_id === bad) ? faults.answer(500) : undefined;
  for (let round = 0; round < 12; round++) await device.queue.flush({ force: true });
  assert.deepEqual(await stored(device), ids);
  assert.equal((await device.queue.waiting()).length, 1);
});

class FullStorage extends MemoryStorage {
  full = true;
  setItem(key, text) {
    if (this.full) throw new Error("QuotaExceededError");
    super.setItem(key, text);
  }
}

test("a full storage keeps the session in memory, and has it as soon as there is room", async (t) => {
  const device = new Device({ storage: new FullStorage() });
  const added = await device.queue.add(practice());
  assert.equal(added.durable, false);
  device.storage.full = false;
  const next = await device.queue.add(practice());
  assert.equal(next.durable, true);
  device.network = always(faults.down);
  await device.queue.flush(); // writes what was refused, though it cannot send
  device.network = () => undefined;
  device.start();
  await device.queue.flush();
  assert.deepEqual(await stored(device), [added.session_result_id, next.session_result_id].sort());
  requests(t, device, 2);
});

test("what a full storage never took is sent from memory", async (t) => {
  const device = new Device({ storage: new FullStorage() });
  const ids = await add(device, 3);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
  requests(t, device, 2);
});

test("garbage in the storage is reported once and left alone", async (t) => {
  const device = new Device();
  const ids = await add(device, 2);
  const keys = ["garbage", "null", "number"].map((name) => `vorex-sessions/${device.learner}/${name}`);
  keys.forEach((key, index) => device.storage.setItem(key, ['{"session": {"durat', "null", "12"][index]));
  device.storage.setItem("another app's", "text");
  for (let round = 0; round < 3; round++) assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(device.events.filter((event) => event.kind === "unreadable").map((event) => event.key), keys);
  assert.deepEqual(device.storage.getAllKeys(), [...keys, "another app's"]);
  assert.deepEqual(await stored(device), ids);
  requests(t, device, 2);
});

test("two tabs on one storage store each session once, and lose none of each other's", async (t) => {
  const texts = new Map();
  const local = {
    get length() { return texts.size; },
    key: (index) => [...texts.keys()][index] ?? null,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, text) => texts.set(key, text),
    removeItem: (key) => texts.delete(key),
  };
  const one = new Device({ storage: webStorage(local) });
  const other = new Device({ storage: webStorage(local), learner: one.learner });
  const ids = await add(one, 40);
  const adding = Promise.all([add(one, 30), add(other, 30)]);
  await Promise.all([one.queue.flush(), other.queue.flush()]);
  for (const more of await adding) ids.push(...more);
  await Promise.all([one.queue.flush(), other.queue.flush()]);
  assert.deepEqual(await stored(one), ids.sort());
  assert.equal(texts.size, 0);
  one.requests += other.requests;
  requests(t, one, 12);
});

test("two tabs that both correct a wrong clock set nothing stored aside as lost", async () => {
  const storage = new MemoryStorage();
  const one = new Device({ storage });
  const other = new Device({ storage, learner: one.learner });
  one.ahead = other.ahead = 3 * HOUR;
  const ids = await add(one, 20);
  await Promise.all([one.queue.flush(), other.queue.flush()]);
  assert.deepEqual(await stored(one), ids);
  assert.equal((await one.queue.waiting()).length, 0);
});

test("the queue of one learner is not sent with the token of another", async () => {
  const storage = new MemoryStorage();
  const first = new Device({ storage });
  await add(first, 2);
  const second = new Device({ storage });
  await second.queue.flush();
  assert.deepEqual(await stored(second), []);
  assert.equal((await first.queue.waiting()).length, 2);
});

test("a folder of files keeps whole texts, and is shared by processes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vorex-queue-"));
  t.after(() => rm(folder, { recursive: true }));
  const device = new Device({ storage: new FileStorage(join(folder, "new")) });
  assert.deepEqual(await device.queue.waiting(), []);
  const ids = await add(device, 3);
  device.start();
  assert.equal((await device.queue.waiting()).length, 3);
  await device.queue.flush();
  assert.deepEqual(await stored(device), ids);
  assert.deepEqual(await readdir(join(folder, "new")), []);
});

test("after start() the queue works by itself, and after stop() no more", async (t) => {
  const device = new Device({ network: only(faults.answer(503), 1, 2), firstPauseMs: 20 });
  device.queue.start();
  const { session_result_id: id } = await device.queue.add(practice());
  for (let wait = 0; wait < 100 && !device.kinds().includes("stored"); wait++) await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(await stored(device), [id]);
  device.queue.stop();
  await device.queue.add(practice());
  await new Promise((done) => setTimeout(done, 50));
  assert.equal((await device.queue.waiting()).length, 1);
  requests(t, device, 4);
});

test("flush({ force: true }) counts although a flush runs and another, without force, follows it", async () => {
  const device = new Device({ network: only(faults.answer(503), 1) });
  await device.client.stats().catch(() => null);
  device.network = only(faults.answer(503), 2);
  const ids = await add(device, 2);
  const { queue } = device;
  const reports = await Promise.all([queue.flush(), queue.flush(), queue.flush({ force: true }), queue.flush()]);
  assert.deepEqual(reports.map((report) => report.waiting), [2, 0, 0, 0]);
  assert.deepEqual(await stored(device), ids);
});

test("an error of the app's own listener costs no session", async () => {
  const device = new Device({ onEvent: () => { throw new Error("the app's"); } });
  const ids = await add(device, 2);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), ids);
});
