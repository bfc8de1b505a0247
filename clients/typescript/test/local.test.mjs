/** The local copy: what the service has, whatever fails on the way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ConflictError, LocalCopy, MemoryStorage, NoAnswerError, UnknownSessionError } from "../dist/index.js";
import { Device, accessToken, faults, history, practice } from "./device.mjs";

/** Ends the app after some steps, or is full. */
class CountingStorage extends MemoryStorage {
  steps = -1;
  isFull = false;

  /** An app that has ended does nothing more: what waits, waits for ever. */
  step(work) {
    if (this.steps === 0) {
      this.ended?.();
      return new Promise(() => {});
    }
    this.steps--;
    return Promise.resolve(work());
  }

  getItem(key) { return this.step(() => super.getItem(key)); }

  setItem(key, text) {
    if (this.isFull) throw new Error("the disk is full");
    return this.step(() => super.setItem(key, text)).then(() => this.step(() => {}));
  }

  removeItem(key) { return this.step(() => super.removeItem(key)); }
}

const copyOf = (device, options = {}) => new LocalCopy({
  client: device.client, learner: device.learner, storage: device.storage, firstPauseMs: 100_000, ...options,
});

async function add(device, count, overrides) {
  const ids = [];
  for (let number = 0; number < count; number++) {
    ids.push((await device.queue.add(practice({ duration_seconds: number + 1, ...overrides }))).session_result_id);
  }
  await device.queue.flush();
  return ids;
}

async function complete(copy) {
  const report = await copy.sync({ force: true });
  assert.deepEqual([report.complete, report.stopped], [true, null]);
  return copy.all();
}

const erase = (device) => device.client.request("DELETE", "/api/sessions", { query: { confirm: true } });
const change = (device, id, method, body) => device.client.request(method, `/api/sessions/${id}`, { body });

test("what the queue has saved is in the copy, newest first, also after a start", async () => {
  const device = new Device();
  const ids = await add(device, 5);
  const copy = copyOf(device, { pageSize: 2 });
  assert.deepEqual(await complete(copy), await history(device.learner));
  device.network = () => faults.down;
  const again = copyOf(device);
  assert.deepEqual(await again.all(), await copy.all());
  for (const id of ids) assert.equal((await again.get(id)).session_result_id, id);
  assert.equal(await again.get("nothing"), null);
  assert.deepEqual(await device.queue.waiting(), []); // the queue's texts and the copy's are apart
});

test("changes of other devices arrive, and what was deleted leaves the storage", async () => {
  const storage = new MemoryStorage();
  const device = new Device();
  const [first, second] = await add(device, 6, { metadata: { secret: "of the learner" } });
  const copy = copyOf(device, { storage, pageSize: 3 });
  await complete(copy);
  await change(device, first, "PATCH", { words_spoken: 7 });
  await change(device, second, "DELETE");
  assert.deepEqual(await complete(copy), await history(device.learner));
  const texts = () => storage.getAllKeys().map((key) => storage.getItem(key)).join("");
  assert.equal(texts().split("of the learner").length - 1, 5);
  await erase(device);
  assert.deepEqual(await complete(copy), []);
  assert.ok(!texts().includes("of the learner"));
  await add(device, 1);
  assert.deepEqual(await complete(copy), await history(device.learner));
  assert.deepEqual(await copyOf(device, { storage }).all(), await history(device.learner));
});

test("a stop after any step leaves a copy that goes on", async () => {
  const device = new Device();
  const ids = await add(device, 7);
  const stopAfter = async (storage, steps) => {
    storage.steps = steps;
    const ended = new Promise((resolve) => (storage.ended = resolve));
    await Promise.race([copyOf(device, { storage, pageSize: 2 }).sync(), ended]);
    storage.steps = -1;
  };
  const storages = Array.from({ length: 60 }, () => new CountingStorage());
  for (const [steps, storage] of storages.entries()) await stopAfter(storage, steps);
  await change(device, ids[0], "PATCH", { words_spoken: 7 });
  await change(device, ids[1], "DELETE");
  const expected = await history(device.learner);
  for (const [steps, storage] of storages.entries()) {
    await stopAfter(storage, steps);
    assert.deepEqual(await complete(copyOf(device, { storage })), expected);
    assert.deepEqual(await copyOf(device, { storage }).all(), expected);
  }
});

test("an interrupted first sync goes on where it stopped", async () => {
  const device = new Device();
  await add(device, 10);
  device.requests = 0;
  device.network = () => (device.requests > 3 ? faults.down : undefined);
  const report = await copyOf(device, { pageSize: 2 }).sync();
  assert.deepEqual([report.complete, report.durable], [false, true]);
  assert.equal((await copyOf(device).all()).length, 6);
  device.requests = 0;
  device.network = () => undefined;
  assert.deepEqual(await complete(copyOf(device, { pageSize: 2 })), await history(device.learner));
});

test("a full disk is reported and costs nothing", async () => {
  const storage = new CountingStorage();
  const device = new Device();
  await add(device, 4);
  storage.isFull = true;
  const events = [];
  const copy = copyOf(device, { storage, pageSize: 2, onEvent: (event) => events.push(event.kind) });
  const report = await copy.sync();
  assert.deepEqual([report.complete, report.durable, events[0]], [true, false, "storage-failed"]);
  assert.deepEqual(await copy.all(), await history(device.learner));
  assert.deepEqual(await copyOf(device, { storage }).all(), []);
  storage.isFull = false;
  assert.ok((await copy.sync()).durable);
  assert.deepEqual(await copyOf(device, { storage }).all(), await history(device.learner));
});

test("two tabs on one storage see what the other has fetched", async () => {
  const device = new Device();
  const one = copyOf(device, { pageSize: 1 });
  const other = copyOf(device, { pageSize: 3 });
  for (let number = 0; number < 8; number++) {
    await add(device, 3);
    if (number === 4) await erase(device);
    await Promise.all([one.sync({ force: true }), other.sync({ force: true })]);
    const expected = await history(device.learner);
    for (const copy of [one, other, copyOf(device)]) assert.deepEqual(await complete(copy), expected);
  }
});

test("copies of several learners do not mix", async () => {
  const device = new Device();
  const other = new Device({ storage: device.storage });
  await add(device, 2);
  await add(other, 2);
  const copy = copyOf(device);
  const others = copyOf(other);
  assert.deepEqual(await complete(copy), await history(device.learner));
  assert.deepEqual(await complete(others), await history(other.learner));
  device.token = () => accessToken(other.learner);
  const report = await copy.sync({ force: true });
  assert.deepEqual([report.complete, report.stopped.status], [false, 401]);
  await others.clear();
  assert.deepEqual(await others.all(), []);
  assert.deepEqual(await copyOf(device).all(), await history(device.learner));
});

test("a sync waits as long as the service asks", async () => {
  for (const [status, wait] of [[429, 600], [503, 600], [502, 0]]) {
    const device = new Device({ network: () => faults.answer(status, { "Retry-After": String(wait) }) });
    const copy = copyOf(device);
    assert.ok((await copy.sync()).retryInMs > Math.max(wait * 1000 - 1000, 40_000));
    assert.ok(!(await copy.sync()).complete);
    assert.equal(device.requests, 1);
  }
});

test("an answer that is not the service's changes nothing", async () => {
  const device = new Device();
  await add(device, 1);
  const copy = copyOf(device);
  const before = await complete(copy);
  for (const body of ["<html>sign in</html>", "[]", "{}", '{"changes": [{}], "next": "a"}', '{"next": 1}']) {
    device.network = () => faults.answer(200, {}, body);
    assert.ok(!(await copy.sync({ force: true })).complete);
    assert.deepEqual(await copyOf(device).all(), before);
  }
});

test("a text that cannot be read and a place that is unknown are cured by fetching again", async () => {
  const device = new Device();
  await add(device, 5);
  await complete(copyOf(device, { pageSize: 2 }));
  const { storage } = device;
  const keys = storage.getAllKeys().filter((key) => key.includes("copy"));
  for (const key of keys) {
    storage.setItem(key, (storage.getItem(key) || "").slice(0, -9));
    assert.deepEqual(await complete(copyOf(device)), await history(device.learner));
    storage.setItem(keys[0], JSON.stringify({ ...JSON.parse(storage.getItem(keys[0])), next: "no place" }));
    assert.deepEqual(await complete(copyOf(device)), await history(device.learner));
  }
});

test("a correction overwrites no other device's unseen", async () => {
  const device = new Device();
  const [id] = await add(device, 1);
  await assert.rejects(copyOf(device).correct(id, { words_spoken: 1 }), UnknownSessionError);
  const one = copyOf(device);
  const other = copyOf(device, { storage: new MemoryStorage() });
  await Promise.all([complete(one), complete(other)]);
  assert.equal((await one.correct(id, { words_spoken: 1 })).words_spoken, 1);
  assert.deepEqual(await one.all(), await history(device.learner)); // before the next sync
  const conflict = await other.correct(id, { words_spoken: 2 }).catch((error) => error);
  assert.ok(conflict instanceof ConflictError);
  assert.deepEqual(conflict.newest, await one.get(id));
  await other.correct(id, { words_spoken: 2 }); // the app has decided
  await assert.rejects(one.remove(id), ConflictError);
  assert.deepEqual(await complete(one), await complete(other));
  await one.remove(id);
  assert.deepEqual(await one.all(), []);
  assert.equal((await other.correct(id, { words_spoken: 3 }).catch((error) => error)).newest, null);
  assert.deepEqual([await complete(one), await complete(other)], [[], []]);
});

test("a correction whose answer was lost may be repeated", async () => {
  const device = new Device();
  const [id] = await add(device, 1);
  const copy = copyOf(device);
  await complete(copy);
  const cutOff = async (work) => {
    device.network = () => faults.cut;
    await assert.rejects(work(), NoAnswerError);
    device.network = () => undefined;
    return work();
  };
  const corrected = await cutOff(() => copy.correct(id, { words_spoken: 1 }));
  assert.equal(corrected.version, (await history(device.learner))[0].version);
  await cutOff(() => copy.remove(id));
  assert.deepEqual(await complete(copy), []);
});

test("many edits do not fill the storage", async () => {
  const storage = new MemoryStorage();
  const device = new Device();
  const ids = await add(device, 110);
  const copy = copyOf(device, { storage });
  await complete(copy);
  for (let number = 1; number < 30; number++) {
    await copy.correct(ids[number % 3], { words_spoken: number });
    await complete(copy);
  }
  assert.deepEqual(await copyOf(device, { storage }).all(), await history(device.learner));
  assert.ok(storage.getAllKeys().length <= 3);
});
