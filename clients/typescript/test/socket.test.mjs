/** Live sessions by the socket, in front of the real service; the socket can go wrong as networks make it. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { MemoryStorage } from "../dist/index.js";
import { Device, HOUR, accessToken, faults, history } from "./device.mjs";

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const waitFor = async (condition, seconds = 10) => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end && !(await condition()); ) await sleep(20);
  assert.ok(await condition(), String(condition));
};

/** Real sockets to the service, which a test can break. */
function breakable() {
  const network = { opened: 0, isDown: false, isSilent: false, sent: [], open: new Set() };
  network.WebSocket = class {
    constructor(url, protocols) {
      network.opened++;
      this.real = new WebSocket(network.isDown ? "ws://127.0.0.1:9" : url, protocols);
      this.real.onopen = () => { network.open.add(this); this.onopen?.(); };
      this.real.onmessage = ({ data }) => network.isSilent || this.onmessage?.({ data });
      this.real.onerror = () => this.onerror?.();
      this.real.onclose = ({ code }) => { network.open.delete(this); this.onclose?.({ code }); };
    }
    send(text) {
      network.sent.push(JSON.parse(text));
      if (!network.isSilent) this.real.send(text);
    }
    close() {
      network.open.delete(this);
      this.real.close();
    }
  };
  /** As if the service, or the network, had closed it with this code. */
  network.end = (code) => network.open.forEach((socket) => { socket.onclose?.({ code }); socket.close(); });
  return network;
}

/** A device that practises with a socket. */
function practising({ session = { session_type: "conversation" }, ...options } = {}) {
  const sockets = breakable();
  const pauses = { firstPauseMs: 20, longestPauseMs: 50, refusedPauseMs: 20 };
  const device = new Device({ WebSocket: sockets.WebSocket, ...pauses, ...options });
  const totals = { active_seconds: 0, words_spoken: 0 };
  const events = [];
  const live = device.client.live({
    learner: device.learner, session, totals: () => ({ ...totals }), onEvent: (event) => events.push(event), ...pauses, ...options,
  });
  const of = (kind) => events.filter((event) => event.kind === kind);
  return { device, sockets, totals, events, live, of };
}

const isOpen = ({ of }) => of("socket").length && of("socket").at(-1).open;
const stored = async (device, id) => (await device.client.liveSessions()).find((one) => one.session_result_id === id);

async function started(t, options) {
  const phone = practising(options);
  phone.live.start();
  t.after(() => phone.live.stop());
  await waitFor(() => isOpen(phone) && phone.of("beaten").length);
  return phone;
}

test("heartbeats go by the socket once it is open, and finish is answered by it", async (t) => {
  const phone = await started(t);
  const { device, live, totals, of } = phone;
  const requests = device.requests;
  totals.words_spoken = 7;
  await live.beat();
  assert.equal(device.requests, requests);
  assert.equal(of("beaten").at(-1).session.words_spoken, 7);
  await live.finish(device.queue, { session_type: "conversation", duration_seconds: 60 });
  assert.equal(of("saved")[0].session.session_result_id, live.id);
  assert.equal(of("saved")[0].session.achievements_unlocked.length > 0, true);
  assert.deepEqual([await device.queue.waiting(), device.requests], [[], requests]);
  assert.deepEqual((await history(device.learner)).map((one) => one.session_result_id), [live.id]);
  await waitFor(() => !phone.sockets.open.size);
});

test("a device hears at once what another one does", async (t) => {
  const watcher = breakable();
  const device = new Device({ WebSocket: watcher.WebSocket });
  const events = [];
  const watch = device.client.watch({ learner: device.learner, onEvent: (event) => events.push(event) });
  watch.start();
  t.after(() => watch.stop());
  await waitFor(() => events.some((event) => event.open));
  const newest = () => events.filter((event) => event.kind === "state").at(-1).sessions;
  const phone = await started(t, { learner: device.learner });
  await waitFor(() => newest().length === 1);
  phone.totals.words_spoken = 3;
  await phone.live.beat();
  await waitFor(() => newest()[0].words_spoken === 3, 2);
  await phone.live.finish(phone.device.queue, { session_type: "conversation", duration_seconds: 60 });
  await waitFor(() => newest().length === 0, 2);
  await waitFor(() => events.some((event) => event.kind === "unlocked" && event.achievements.length), 2);
});

test("an answer of HTTP that is late does not hide what the socket has told since", async (t) => {
  let go;
  const held = new Promise((resolve) => (go = resolve));
  const late = async (url, request) => {
    const answer = await fetch(url, request);
    const text = await answer.text();
    await held;
    return new Response(text, answer);
  };
  const device = new Device({ WebSocket: breakable().WebSocket, network: () => late });
  const shown = [];
  const onEvent = (event) => event.kind === "state" && shown.push(event.sessions.length);
  const watch = device.client.watch({ learner: device.learner, onEvent });
  watch.start();
  t.after(() => watch.stop());
  await waitFor(() => shown.length);
  await practising({ learner: device.learner, WebSocket: null }).live.beat();
  await waitFor(() => shown.at(-1) === 1);
  go();
  await sleep(200);
  assert.equal(shown.at(-1), 1);
});

test("a state that comes with the answer of the first message is told after it", async (t) => {
  class Hasty {
    constructor() {
      setTimeout(() => this.onopen());
    }
    send(text) {
      const answers = [{ type: "ready", sessions: [], ref: JSON.parse(text).ref }, { type: "state", sessions: [{}] }];
      // In one packet: Node, and what a phone calls at once, let no promise go on in between.
      setTimeout(() => answers.forEach((answer) => this.onmessage({ data: JSON.stringify(answer) })));
    }
    close() {}
  }
  const device = new Device({ WebSocket: Hasty, network: () => faults.hang });
  const shown = [];
  const onEvent = (event) => event.kind === "state" && shown.push(event.sessions.length);
  const watch = device.client.watch({ learner: device.learner, onEvent });
  watch.start();
  t.after(() => watch.stop());
  await waitFor(() => shown.length === 2);
  assert.deepEqual(shown, [0, 1]);
});

test("what ends elsewhere ends here at once", async (t) => {
  const phone = await started(t, { intervalMs: 600_000 });
  await phone.device.client.request("DELETE", `/api/sessions/live/${phone.live.id}`);
  await waitFor(() => phone.of("ended").length, 2);
  assert.equal(phone.of("ended")[0].status, 410);
  assert.equal(phone.sockets.open.size, 0);
});

test("a connection that only looks open is found out, and its heartbeat goes by HTTP", async (t) => {
  const phone = await started(t, { intervalMs: 600_000 });
  phone.sockets.isSilent = true;
  phone.totals.words_spoken = 9;
  await phone.live.beat();
  assert.equal((await stored(phone.device, phone.live.id)).words_spoken, 9);
  assert.equal(phone.of("socket").at(-1).code, 1006);
  phone.sockets.isSilent = false;
  await waitFor(() => isOpen(phone));
});

test("without a socket that gets through everything goes by HTTP, and the socket is tried again", async (t) => {
  const phone = practising({ intervalMs: 30 });
  phone.sockets.isDown = true;
  phone.live.start();
  t.after(() => phone.live.stop());
  await waitFor(() => phone.of("beaten").length >= 3 && phone.sockets.opened >= 3);
  assert.equal(phone.of("socket").length, 0);
  phone.sockets.isDown = false;
  await waitFor(() => isOpen(phone));
});

test("where there is no WebSocket, or it cannot be made, HTTP alone does it", async (t) => {
  class Refusing { constructor() { throw new SyntaxError("no sockets here"); } }
  for (const WebSocket of [null, Refusing]) {
    const phone = practising({ WebSocket, intervalMs: 30 });
    phone.live.start();
    t.after(() => phone.live.stop());
    await waitFor(() => phone.of("beaten").length >= 2);
    const events = [];
    const watch = phone.device.client.watch({ learner: phone.device.learner, onEvent: (event) => events.push(event), intervalMs: 30 });
    watch.start();
    t.after(() => watch.stop());
    await waitFor(() => events.filter((event) => event.kind === "state" && event.sessions.length).length >= 2);
  }
});

test("a socket brings at once what HTTP could not", async (t) => {
  const phone = practising({ network: () => faults.answer(503, { "Retry-After": "600" }) });
  phone.sockets.isDown = true;
  phone.live.start();
  t.after(() => phone.live.stop());
  await waitFor(() => phone.of("postponed").length);
  phone.totals.words_spoken = 5;
  phone.sockets.isDown = false;
  await waitFor(() => phone.of("beaten").length);
  assert.equal(phone.of("beaten")[0].session.words_spoken, 5);
});

for (const code of [1012, 1013, 1011, 1006]) {
  test(`after ${code} it comes back, ${code === 1012 ? "at once" : "after a pause"}`, async (t) => {
    const phone = await started(t, { intervalMs: 600_000, firstPauseMs: 400, longestPauseMs: 800 });
    const [end, opened] = [Date.now(), phone.sockets.opened];
    phone.sockets.end(code);
    if (code === 1013) {
      await sleep(1000); // at least 5 seconds
      return assert.equal(phone.sockets.opened, opened);
    }
    await waitFor(() => isOpen(phone));
    if (code !== 1012) assert.ok(Date.now() - end >= 190);
    assert.equal(phone.sockets.opened, opened + 1);
  });
}

for (const code of [1011, 1012]) test(`pauses grow while a socket is closed with ${code} again and again, and are random`, async (t) => {
  const phone = await started(t, { intervalMs: 600_000, firstPauseMs: 50, longestPauseMs: 5000 });
  const pauses = [];
  for (let count = 0; count < 5; count++) {
    const end = Date.now();
    phone.sockets.end(code);
    await waitFor(() => !isOpen(phone));
    await waitFor(() => isOpen(phone));
    pauses.push(Date.now() - end);
  }
  assert.ok(pauses[4] > 350 && pauses[4] > pauses[0], String(pauses));
});

test("after a code that says so it does not come back, until it is started again", async (t) => {
  const phone = await started(t, { intervalMs: 30 });
  phone.sockets.end(4429);
  const { opened } = phone.sockets;
  const count = phone.of("beaten").length;
  await waitFor(() => phone.of("beaten").length > count + 3);
  assert.equal(phone.sockets.opened, opened);
  phone.live.start();
  await waitFor(() => isOpen(phone));
});

test("the service closes the oldest of too many sockets, which then leaves the others alone", async (t) => {
  const learner = randomUUID();
  const phones = [];
  const ends = () => phones.flatMap(({ of }) => of("socket").filter((event) => event.code === 4429));
  while (!ends().length && phones.length < 30) phones.push(await started(t, { learner, intervalMs: 600_000, session: { session_type: "roleplay" }, uuid: () => randomUUIDOf(phones.length) }));
  assert.ok(phones.length > 3);
  await sleep(500);
  assert.ok(ends().length <= 2);
});
const FIXED = Array.from({ length: 9 }, () => randomUUID());
const randomUUIDOf = (index) => FIXED[index % FIXED.length];

test("an erasure ends the socket and the heartbeats", async (t) => {
  const phone = await started(t, { intervalMs: 50 });
  await phone.device.client.request("DELETE", "/api/sessions", { query: { confirm: true } });
  await waitFor(() => phone.of("ended").length);
  const { opened } = phone.sockets;
  await sleep(300);
  assert.deepEqual([phone.of("ended")[0].status, phone.sockets.opened], [410, opened]);
});

test("a token that ends is renewed in band, once", async (t) => {
  const learner = randomUUID();
  const asked = [];
  const token = ({ refresh }) => { asked.push(refresh); return accessToken(learner, undefined, refresh ? 3600 : 62); };
  const phone = await started(t, { learner, token });
  await waitFor(() => phone.sockets.sent.filter((message) => message.type === "auth").length === 2);
  await sleep(300);
  await phone.live.beat();
  assert.deepEqual(asked.filter((refresh) => refresh), [true]);
  assert.equal(phone.sockets.opened, 1);
  assert.equal(phone.of("socket").length, 1);
});

test("a token that cannot be renewed is not sent over and over", async (t) => {
  const learner = randomUUID();
  const only = accessToken(learner, undefined, 61);
  const phone = await started(t, { learner, token: () => only });
  await sleep(2500);
  assert.ok(isOpen(phone));
  assert.equal(phone.sockets.sent.filter((message) => message.type === "auth").length, 1);
});

test("after 4401 it comes back with another token only, and HTTP asks for that", async (t) => {
  const learner = randomUUID();
  let current = accessToken(learner, undefined, -60);
  const token = ({ refresh }) => {
    if (refresh) current = accessToken(learner);
    return current;
  };
  const phone = await started(t, { learner, token, intervalMs: 30 });
  assert.ok(phone.of("beaten").length);
  const dead = accessToken(learner, "another secret");
  const lost = practising({ learner, token: () => dead, intervalMs: 30 });
  lost.live.start();
  t.after(() => lost.live.stop());
  await waitFor(() => lost.of("refused").length >= 2);
  assert.equal(lost.sockets.opened, 1);
});

test("no socket is opened with the token of another learner", async () => {
  const phone = practising({ token: () => accessToken(randomUUID()), intervalMs: 30 });
  phone.live.start();
  await waitFor(() => phone.of("refused").length >= 2);
  phone.live.stop();
  assert.equal(phone.sockets.opened, 0);
});

test("what is too long for the socket goes by HTTP", async (t) => {
  const phone = await started(t);
  const requests = phone.device.requests;
  phone.totals.metadata = { text: "ü".repeat(6000) };
  await phone.live.beat();
  assert.deepEqual([phone.device.requests, phone.of("refused"), isOpen(phone)], [requests + 1, [], true]);
});

test("the app's mistake is a problem of the socket, too, which stays open", async (t) => {
  const phone = await started(t);
  phone.totals.words_spoken = -1;
  await phone.live.beat();
  assert.deepEqual([phone.of("refused")[0].status, isOpen(phone)], [422, true]);
});

test("a clock that is wrong is noticed by the socket alone", async (t) => {
  const phone = practising({ network: () => faults.down });
  phone.device.ahead = -3 * HOUR;
  phone.live.start();
  t.after(() => phone.live.stop());
  await waitFor(() => phone.of("beaten").length);
  await phone.live.finish(phone.device.queue, { session_type: "conversation", duration_seconds: 1 });
  const [saved] = await history(phone.device.learner);
  assert.ok(Math.abs(Date.parse(saved.completed_at) - Date.now()) < 60_000, saved.completed_at);
});

test("a clock of which the socket tells only during the end is corrected all the same", async (t) => {
  const phone = practising({ network: () => faults.down });
  const Usual = phone.device.WebSocket;
  phone.device.WebSocket = class extends Usual {
    set onmessage(hear) {
      this.hear = ({ data }) => setTimeout(() => hear({ data }), data.includes('"ack"') ? 500 : 0);
    }
    get onmessage() {
      return this.hear;
    }
  };
  phone.device.start();
  phone.device.ahead = -3 * HOUR;
  const live = phone.device.client.live({
    learner: phone.device.learner, session: { session_type: "conversation" }, totals: () => phone.totals, firstPauseMs: 20,
    onEvent: (event) => phone.events.push(event),
  });
  live.start();
  t.after(() => live.stop());
  await waitFor(() => phone.sockets.sent.some((message) => message.type === "heartbeat"));
  await live.finish(phone.device.queue);
  assert.equal(phone.of("saved").length, 1);
  const [saved] = await history(phone.device.learner);
  assert.ok(Math.abs(Date.parse(saved.completed_at) - Date.now()) < 60_000, saved.completed_at);
});

test("the totals survive the end of the app, and arrive when it starts again", async () => {
  const storage = new MemoryStorage();
  const first = practising({ storage, network: () => faults.down, WebSocket: null });
  first.totals.words_spoken = 4;
  await first.live.beat();
  first.totals.words_spoken = 6;
  await first.live.beat(); // within the pause: nothing is sent, but it is kept
  const learner = first.device.learner;
  const offline = practising({ learner, storage, network: () => faults.down });
  const [kept] = await offline.device.client.unfinished({ learner, storage });
  assert.deepEqual([kept.session_result_id, kept.words_spoken], [first.live.id, 6]);
  const online = practising({ learner, storage });
  const [found] = await online.device.client.unfinished({ learner, storage });
  assert.deepEqual([found.state, found.words_spoken], ["active", 6]);
  const resumed = practising({ learner, storage, session: kept });
  resumed.totals.words_spoken = 8;
  await resumed.live.beat();
  assert.deepEqual([resumed.live.id, (await stored(online.device, resumed.live.id)).words_spoken], [first.live.id, 8]);
  await resumed.live.finish(resumed.device.queue, { session_type: "conversation", duration_seconds: 60 });
  assert.deepEqual(storage.getAllKeys().filter((key) => key.includes("live")), []);
});

test("what ended elsewhere is forgotten when the app starts again", async () => {
  const storage = new MemoryStorage();
  const phone = practising({ storage, WebSocket: null });
  await phone.live.beat();
  const { learner } = phone.device;
  assert.equal((await phone.device.client.unfinished({ learner, storage })).length, 1);
  await phone.device.client.save({ session_type: "conversation", duration_seconds: 5, session_result_id: phone.live.id });
  assert.deepEqual([await phone.device.client.unfinished({ learner, storage }), storage.getAllKeys()], [[], []]);
});

test("what was finished without a network is not carried on when the app starts again", async () => {
  const storage = new MemoryStorage();
  let isDown = false;
  const phone = practising({ storage, WebSocket: null, network: () => (isDown ? faults.down : undefined) });
  await phone.live.beat();
  const { device: { learner, client, queue }, live } = phone;
  const [kept] = storage.getAllKeys();
  const text = storage.getItem(kept);
  isDown = true;
  await live.finish(queue);
  isDown = false;
  storage.setItem(kept, text); // as if the app was killed before it was forgotten
  assert.deepEqual(await client.unfinished({ learner, storage }), []);
  assert.equal(storage.getAllKeys().length, 1); // what waits
  await queue.flush({ force: true });
  assert.deepEqual([(await history(learner)).length, storage.getAllKeys()], [1, []]);
});

test("a heartbeat that is under way does not swallow newer totals", async () => {
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const slow = async (...request) => { await gate; return fetch(...request); };
  const phone = practising({ WebSocket: null, network: (_, __, number) => (number === 1 ? slow : undefined) });
  const first = phone.live.beat();
  phone.totals.words_spoken = 2;
  const second = phone.live.beat();
  go();
  await Promise.all([first, second]);
  assert.equal((await stored(phone.device, phone.live.id)).words_spoken, 2);
});

test("what was under way when it was stopped brings no old totals above those of who carries on", async () => {
  const storage = new MemoryStorage();
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const slow = async (...request) => { await gate; return fetch(...request); };
  const stopped = practising({ storage, WebSocket: null, network: (_, __, number) => (number === 1 ? slow : undefined) });
  const { learner } = stopped.device;
  const sent = [stopped.live.beat(), stopped.live.beat()];
  stopped.live.stop();
  await sleep(1); // it is kept
  const offline = practising({ learner, storage, network: () => faults.down });
  const [kept] = await offline.device.client.unfinished({ learner, storage });
  const next = practising({ learner, storage, session: kept, WebSocket: null });
  for (next.totals.words_spoken = 1; next.totals.words_spoken < 5; next.totals.words_spoken++) await next.live.beat();
  go();
  await Promise.all(sent);
  assert.equal((await stored(next.device, next.live.id)).words_spoken, 4);
  const [newest] = await offline.device.client.unfinished({ learner, storage });
  assert.deepEqual([newest.session_result_id, newest.words_spoken], [next.live.id, 4]);
});

for (const field of ["timezone", "started_at"]) {
  test(`what was under way when it was stopped is sent again where its ${field} was wrong`, async () => {
    const requests = [];
    const network = () => async (url, request) => {
      requests.push(request.method);
      if (requests.length > 1) return fetch(url, request);
      phone.live.stop(); // while it is under way
      const body = JSON.stringify({ ...JSON.parse(request.body), [field]: field === "timezone" ? "Mars/Olympus" : "2020-01-01T00:00:00Z" });
      return fetch(url, { ...request, body });
    };
    const phone = practising({ WebSocket: null, network });
    phone.totals.words_spoken = 5;
    await phone.live.beat();
    assert.deepEqual(phone.events.map((event) => event.kind), ["beaten"]);
    assert.equal((await stored(phone.device, phone.live.id)).words_spoken, 5);
  });
}

test("a storage that fails is reported, and holds nothing up", async () => {
  const storage = new MemoryStorage();
  storage.setItem = () => { throw new Error("full"); };
  const phone = practising({ storage, WebSocket: null });
  await phone.live.beat();
  assert.deepEqual(phone.events.map((event) => event.kind), ["storage-failed", "beaten"]);
});

for (let run = 1; run <= Number(process.env.RUNS || 3); run++) {
  test(`whatever fails, and however often the app is killed, the newest totals arrive (run ${run})`, async () => {
    const storage = new MemoryStorage();
    const learner = randomUUID();
    const chance = (share) => Math.random() < share;
    const one = (list) => list[Math.floor(Math.random() * list.length)];
    let isCalm = false;
    let words = 0;
    const network = () => (!isCalm && chance(0.5) ? one([faults.down, faults.cut, faults.answer(503), faults.answer(500)]) : undefined);
    const open = (session) => practising({ learner, storage, network, session, intervalMs: 40, timeoutMs: 500 });
    let phone = open();
    const { id } = phone.live;
    for (let step = 0; step < 40; step++) {
      phone.totals.words_spoken = ++words;
      await one([
        () => phone.live.start(),
        () => void phone.live.beat(),
        () => phone.sockets.end(one([1006, 1011, 1012, 1013, 4401, 4429])),
        () => { phone.sockets.isDown = !phone.sockets.isDown; },
        () => { phone.sockets.isSilent = !phone.sockets.isSilent; },
        async () => {
          void phone.live.beat(); // kept at once, sent perhaps
          phone.live.stop();
          await sleep(1);
          const [found] = await phone.device.client.unfinished({ learner, storage });
          assert.deepEqual([found.session_result_id, found.words_spoken], [id, words]);
          phone = open(found);
          phone.totals.words_spoken = found.words_spoken;
        },
      ])();
      await sleep(30);
    }
    isCalm = true;
    Object.assign(phone.sockets, { isDown: false, isSilent: false });
    phone.live.start();
    await waitFor(async () => (await stored(phone.device, id))?.words_spoken === words);
    await phone.live.finish(phone.device.queue, { session_type: "conversation", duration_seconds: 60, words_spoken: words });
    await phone.device.queue.flush({ force: true });
    assert.deepEqual((await history(learner)).map((saved) => [saved.session_result_id, saved.words_spoken]), [[id, words]]);
  });
}
