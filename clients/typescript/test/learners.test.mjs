/** Several learners on one device: nobody's sessions are saved as another's. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { Device, accessToken, faults, history, practice } from "./device.mjs";

const stored = async (learner) => (await history(learner)).map((session) => session.session_result_id).sort();

async function add(device, count) {
  const ids = [];
  for (let index = 0; index < count; index++) ids.push((await device.queue.add(practice())).session_result_id);
  return ids.sort();
}

test("after another learner has signed in, nothing is sent until the first signs in again", async () => {
  const device = new Device();
  const other = randomUUID();
  const asked = [];
  const ids = await add(device, 3);
  device.token = ({ refresh }) => { asked.push(refresh); return accessToken(other); };
  for (let call = 0; call < 20; call++) {
    const report = await device.queue.flush();
    assert.deepEqual([report.waiting, report.stopped.status], [3, 401]);
    assert.match(report.stopped.problem.detail, /^Another learner/);
  }
  assert.deepEqual([device.requests, asked.includes(true), device.kinds()], [0, false, ["stopped"]]);
  device.token = () => accessToken(device.learner);
  assert.equal((await device.queue.flush()).waiting, 0);
  assert.deepEqual([await stored(device.learner), await stored(other)], [ids, []]);
});

test("a learner who signs in between two batches, or during a refresh, gets nothing of the other's", async () => {
  const other = randomUUID();
  const device = new Device();
  await device.client.stats();
  await add(device, 150);
  device.network = (_, request) => {
    if (request.method === "POST") device.token = () => accessToken(other);
  };
  assert.equal((await device.queue.flush()).waiting, 50);
  device.network = () => undefined;
  device.token = ({ refresh }) => (refresh ? accessToken(other) : accessToken(device.learner, "expired"));
  const report = await device.queue.flush({ force: true });
  assert.match(report.stopped.problem.detail, /^Another learner/);
  assert.equal(report.waiting, 50);
  assert.deepEqual(await stored(other), []);
});

for (const [name, fresh] of [["no token", () => null], ["another that is refused, too", (device) => accessToken(device.learner, "old")]]) {
  test(`after a 401 whose refresh gives ${name}, the refused token is not tried with each call`, async () => {
    const device = new Device({ token: ({ refresh }) => (refresh ? fresh(device) : accessToken(device.learner, "expired")) });
    const ids = await add(device, 2);
    await device.queue.flush();
    const { requests } = device;
    for (let call = 0; call < 10; call++) assert.equal((await device.queue.flush()).stopped.status, 401);
    assert.equal(device.requests, requests);
    device.token = () => accessToken(device.learner);
    assert.equal((await device.queue.flush()).waiting, 0);
    assert.deepEqual(await stored(device.learner), ids);
  });
}

test("stop() ends a flush between two batches, and a flush that follows it", async () => {
  const device = new Device();
  await device.client.stats();
  await add(device, 150);
  device.requests = 0;
  device.network = (_, request) => { if (request.method === "POST") device.queue.stop(); };
  const [report, following] = await Promise.all([device.queue.flush(), device.queue.flush()]);
  assert.deepEqual([report.waiting, following.waiting, device.requests], [50, 50, 1]);
  device.network = () => undefined;
  assert.equal((await device.queue.flush()).waiting, 0);
});

for (const [name, token] of [
  ["no JWT", "secret"],
  ["a JWT whose payload is not base64url", "a.%%%.c"],
  ["a JWT whose payload is not UTF-8", "a._w.c"],
  ["a JWT without a sub", `a.${Buffer.from("{}").toString("base64url")}.c`],
]) {
  test(`a token that is ${name} is sent as it is`, async () => {
    const device = new Device({ token: () => token, network: () => faults.answer(503) });
    await add(device, 1);
    await device.queue.flush();
    assert.equal(device.requests, 1);
  });
}

test("the subject is read from any UTF-8, and a UUID in capitals is the same learner", async () => {
  for (const [learner, subject, requests] of [
    ["Zoë 练习 🎤", "Zoë 练习 🎤", 1],
    ["Zoë 练习 🎤", "Zoë 练习 🎧", 0],
    ["0F0E0D0C-0B0A-4908-8706-050403020100", "0f0e0d0c-0b0a-4908-8706-050403020100", 1],
  ]) {
    const device = new Device({ learner, token: () => accessToken(subject), network: () => faults.answer(503) });
    await add(device, 1);
    await device.queue.flush();
    assert.equal(device.requests, requests, learner);
  }
});
