/** The built library where only what React Native has exists, and through the compiler of its engine, Hermes. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import vm from "node:vm";

import ts from "typescript";

import { SERVICE, accessToken, history } from "./device.mjs";

const DIST = new URL("../dist/", import.meta.url);
const MODULES = readdirSync(DIST).filter((name) => name.endsWith(".js"));

/** What Node's engine has and React Native 0.81 lacks, as a program that removes it. */
const REMOVE = `
  for (const name of ["WeakRef", "FinalizationRegistry", "SharedArrayBuffer", "Atomics", "Iterator", "WebAssembly", "escape"])
    delete globalThis[name];
  for (const name of ["findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced", "with", "group"]) delete Array.prototype[name];
  for (const name of ["withResolvers", "any"]) delete Promise[name];
  delete Object.groupBy; delete Map.groupBy; delete Array.fromAsync; delete Symbol.asyncIterator;
  delete String.prototype.isWellFormed; delete String.prototype.toWellFormed; delete String.prototype.at;
`;

/** A response with React Native's members alone. */
async function rnFetch(url, { method, headers, body, ...others }) {
  assert.deepEqual(Object.keys(others).filter((name) => name !== "signal"), []);
  const response = await fetch(url, { method, headers, body });
  return { status: response.status, headers: { get: (name) => response.headers.get(name) }, text: () => response.text() };
}

/** React Native's: it has no `protocol`, refuses to send before it is open, and takes no code it does not know. */
class RnWebSocket {
  constructor(url, protocols) {
    assert.ok(Array.isArray(protocols) || typeof protocols === "string");
    this.real = new WebSocket(url, protocols);
    for (const name of ["open", "error", "close"]) this.real[`on${name}`] = ({ code }) => this[`on${name}`] && this[`on${name}`]({ type: name, code });
    this.real.onmessage = ({ data }) => this.onmessage && this.onmessage({ type: "message", data });
  }
  send(text) {
    if (this.real.readyState === 0) throw new Error("INVALID_STATE_ERR");
    this.real.send(text);
  }
  close(...code) {
    assert.deepEqual(code, []);
    this.real.close();
  }
}

async function load(globals) {
  const context = vm.createContext(globals);
  vm.runInContext(REMOVE, context);
  const modules = new Map();
  const module = (name) => {
    if (!modules.has(name)) {
      const source = readFileSync(new URL(name, DIST), "utf8");
      modules.set(name, new vm.SourceTextModule(source, { context, identifier: name }));
    }
    return modules.get(name);
  };
  const index = module("index.js");
  await index.link((specifier) => module(specifier.replace("./", "")));
  await index.evaluate();
  return { library: index.namespace, context };
}

class ReactNativeAbortController {
  signal = { aborted: false };
  abort() { this.signal.aborted = true; }
}

const REACT_NATIVE = {
  setTimeout, clearTimeout, fetch: rnFetch, AbortController: ReactNativeAbortController, WebSocket: RnWebSocket,
};

for (const [name, globals] of [
  ["what React Native has", { ...REACT_NATIVE, performance: { now: () => performance.now() } }],
  ["still less: no AbortController, performance or Intl", { setTimeout, clearTimeout, fetch: rnFetch }],
]) {
  test(`the queue and the client work with ${name}`, async () => {
    const { library, context } = await load({ ...globals });
    if (!globals.AbortController) vm.runInContext("delete globalThis.Intl", context);
    for (const missing of ["crypto", "URL", "URLSearchParams", "structuredClone", "process", "localStorage"])
      assert.equal(vm.runInContext(`typeof ${missing}`, context), "undefined");
    const learner = "0f0e0d0c-0b0a-4908-8706-" + String(Math.random()).slice(2, 14).padEnd(12, "0");
    const client = new library.SessionsClient({ url: SERVICE, token: () => accessToken(learner) });
    const queue = new library.PracticeQueue({ client, learner, storage: new library.MemoryStorage() });
    const { session_result_id: id } = await queue.add({ session_type: "roleplay", duration_seconds: 60, topics: ["a & b"] });
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal((await queue.flush()).waiting, 0);
    assert.deepEqual((await history(learner)).map((session) => session.session_result_id), [id]);
    const { value } = await client.history({ topic: "a & b" }).next();
    assert.equal(value.session_result_id, id);
    await assert.rejects(client.stats({ period: "never" }), (error) => error instanceof library.ProblemError && error.status === 422);
  });
}

test("a live session goes by React Native's socket", async () => {
  let requests = 0;
  const counted = (...request) => { requests++; return rnFetch(...request); };
  const { library } = await load({ ...REACT_NATIVE, fetch: counted });
  const learner = "0f0e0d0c-0b0a-4908-8706-" + String(Math.random()).slice(2, 14).padEnd(12, "0");
  const client = new library.SessionsClient({ url: SERVICE, token: () => accessToken(learner) });
  const queue = new library.PracticeQueue({ client, learner, storage: new library.MemoryStorage() });
  const ready = new Promise((resolve) => {
    const onEvent = (event) => event.kind === "state" && resolve(live);
    const live = client.live({ learner, session: { session_type: "roleplay" }, totals: () => ({ active_seconds: 0 }), onEvent });
    live.start();
  });
  const live = await ready;
  await live.beat(); // the one before went by HTTP, since the socket was not open yet
  const before = requests;
  await live.beat();
  await live.finish(queue, { session_type: "roleplay", duration_seconds: 60 });
  assert.deepEqual([requests, (await queue.waiting()).length], [before, 0]);
  assert.deepEqual((await history(learner)).map((session) => session.session_result_id), [live.id]);
});

test("Hermes compiles every module", () => {
  const hermes = createRequire(import.meta.url).resolve("hermes-compiler/package.json");
  const folder = { linux: "linux64-bin", darwin: "osx-bin" }[process.platform];
  const compiler = fileURLToPath(new URL(`hermesc/${folder}/hermesc`, `file://${hermes}`));
  const scratch = fileURLToPath(new URL("../build/hermes/", import.meta.url));
  mkdirSync(scratch, { recursive: true });
  assert.ok(MODULES.length > 10);
  for (const name of MODULES) {
    // An app's bundler, Metro, makes functions of the modules before Hermes sees them.
    const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2019 };
    const { outputText } = ts.transpileModule(readFileSync(new URL(name, DIST), "utf8"), { compilerOptions: options });
    execFileSync(compiler, ["-emit-binary", "-w", "-out", `${scratch}/${name}.hbc`, "-"], {
      input: `(function (exports, require, module) {${outputText}\n})`,
    });
  }
  rmSync(scratch, { recursive: true });
});
