/** What is kept, and what is not: by a storage that fails, by two tabs, and by a folder of files. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { MemoryStorage } from "../dist/index.js";
import { FileStorage } from "../dist/node/file.js";
import { Device, HOUR, faults, history, practice } from "./device.mjs";

const stored = async (device) => (await history(device.learner)).map((session) => session.session_result_id).sort();

class FailingStorage extends MemoryStorage {
  failing = false;
  setItem(key, text) { this.check(); super.setItem(key, text); }
  removeItem(key) { this.check(); super.removeItem(key); }
  check() { if (this.failing) throw new Error("the disk is away"); }
}

test("what is no JSON is refused when it is added, and harms nothing else", async () => {
  const device = new Device({ storage: new FailingStorage() });
  const cycle = {};
  cycle.itself = cycle;
  for (const failing of [false, true]) {
    device.storage.failing = failing;
    await assert.rejects(device.queue.add(practice({ metadata: { n: 1n } })), TypeError);
    await assert.rejects(device.queue.add(practice({ metadata: cycle })), TypeError);
  }
  assert.deepEqual([await device.queue.waiting(), device.events], [[], []]);
  const { session_result_id: id } = await device.queue.add(practice());
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(await stored(device), [id]);
});

test("a session that only memory has is sent as it was when it was added", async () => {
  const device = new Device({ storage: new FailingStorage() });
  device.storage.failing = true;
  const metadata = { level: "A1" };
  await device.queue.add(practice({ metadata }));
  metadata.level = metadata;
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual((await history(device.learner))[0].metadata, { level: "A1" });
});

test("an answer that nobody foresaw is tried again later, also by the flush that follows", async () => {
  const problem = { status: 422, errors: [{ pointer: { toString: 1, valueOf: 1 } }] };
  const odd = faults.answer(200, {}, JSON.stringify({ results: [{ index: 0, status: "rejected", problem }] }));
  const device = new Device({ network: (_, request) => (request.method === "POST" ? odd : undefined) });
  const { session_result_id: id } = await device.queue.add(practice());
  const reports = await Promise.all([device.queue.flush(), device.queue.flush()]);
  for (const report of reports) assert.ok(report.waiting === 1 && report.retryInMs > 0, JSON.stringify(report));
  device.network = () => undefined;
  assert.equal((await device.queue.flush({ force: true })).waiting, 0);
  assert.deepEqual(await stored(device), [id]);
});

test("a time that only the service can read does not end the correction of a zone", async () => {
  const problem = { status: 422, errors: [{ pointer: "#/sessions/0/timezone" }] };
  const refusal = faults.answer(200, {}, JSON.stringify({ results: [{ index: 0, status: "rejected", problem }] }));
  const bodies = [];
  const device = new Device({ network: (_, request) => { bodies.push(JSON.parse(request.body)); return refusal; } });
  await device.queue.add(practice({ completed_at: "20260301T183000Z", timezone: "Mars/Olympus" }));
  assert.equal((await device.queue.flush()).waiting, 0);
  const sent = bodies.map(({ sessions: [session] }) => [session.completed_at, session.timezone]);
  assert.deepEqual(sent, [["20260301T183000Z", "Mars/Olympus"], ["20260301T183000Z", undefined]]);
});

test("what is forgotten while the storage fails, and added again, is the new one and stays", async () => {
  const device = new Device({ storage: new FailingStorage(), network: () => faults.down });
  const { session_result_id: id } = await device.queue.add(practice({ duration_seconds: 1 }));
  device.storage.failing = true;
  await device.queue.forget(id);
  assert.deepEqual(await device.queue.waiting(), []);
  device.storage.failing = false;
  await device.queue.add(practice({ session_result_id: id, duration_seconds: 2 }));
  await device.queue.flush();
  device.start();
  assert.deepEqual((await device.queue.waiting()).map((session) => session.duration_seconds), [2]);
});

test("what another tab stores while this one asks for the time does not come back with another time", async () => {
  const storage = new MemoryStorage();
  const one = new Device({ storage });
  const other = new Device({ storage, learner: one.learner });
  one.ahead = other.ahead = -3 * HOUR;
  const { session_result_id: id } = await one.queue.add(practice());
  one.network = (_, request) => {
    if (request.method === "GET") return async (...args) => { await other.queue.flush(); return fetch(...args); };
  };
  assert.equal((await one.queue.flush()).waiting, 0);
  assert.deepEqual([await one.queue.setAside(), await stored(one)], [[], [id]]);
});

test("what is forgotten while it is sent, and is too large, is not set aside", async () => {
  const device = new Device();
  await device.client.stats();
  const { session_result_id: id } = await device.queue.add(practice());
  device.network = () => async (...args) => { await device.queue.forget(id); return faults.answer(413)(...args); };
  await device.queue.flush();
  assert.deepEqual(await device.queue.setAside(), []);
});

test("foreign files in the folder do no harm, and a draft that was left is removed", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vorex-queue-"));
  t.after(() => rm(folder, { recursive: true }));
  const device = new Device({ storage: new FileStorage(folder) });
  await device.queue.add(practice());
  const [left, young] = [1, 2].map((digit) => `0f0e0d0c-0b0a-4908-8706-05040302010${digit}.draft`);
  const foreign = ["100%.json", "a b.json", "notes.draft", "readme"];
  for (const name of [left, young, ...foreign]) await writeFile(join(folder, name), "text");
  await mkdir(join(folder, "folder.json"));
  const old = new Date(Date.now() - 2 * HOUR);
  for (const name of [left, "notes.draft"]) await utimes(join(folder, name), old, old);
  assert.equal((await device.queue.waiting()).length, 1);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual(device.kinds(), ["stored"]);
  assert.deepEqual(await readdir(folder), [young, ...foreign, "folder.json"].sort());
});
