/** What is kept, and what is not: by a storage that fails, by two tabs, and by a folder of files. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStorage } from "../dist/index.js";
import { Device, faults, history, practice } from "./device.mjs";

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
