/** The README's examples, as they stand there; what an app brings along is put in their place. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { SERVICE, accessToken, history } from "./device.mjs";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const EXAMPLES = [...README.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);
/** What the examples take from the app around them. */
const APP = `
  const learnerId = process.env.LEARNER, accessToken = process.env.VOREX_TOKEN;
  const auth = async () => ({ data: { session: { access_token: accessToken, user: { id: learnerId } } } });
  const supabase = { auth: { getSession: auth, refreshSession: auth } };
  const texts = new Map();
  const localStorage = {
    get length() { return texts.size; }, key: (index) => [...texts.keys()][index], getItem: (key) => texts.get(key) ?? null,
    setItem: (key, text) => texts.set(key, text), removeItem: (key) => texts.delete(key),
  };
  const AsyncStorage = { ...localStorage, getAllKeys: async () => [...texts.keys()] };
  const addEventListener = () => {};
`;

test("there are six examples", () => assert.equal(EXAMPLES.length, 6));

for (const [index, example] of EXAMPLES.entries()) {
  test(`example ${index + 1} works`, async () => {
    const learner = randomUUID();
    const code = example
      .replace(/^import .* from "(\.\/supabase|@react-native.*)";\n/gm, "")
      .replaceAll("https://sessions.example.com", SERVICE);
    const folder = fileURLToPath(new URL("../build/examples/", import.meta.url));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}${index}.mjs`, `${APP}\n${code}`);
    const environment = { ...process.env, LEARNER: learner, VOREX_TOKEN: accessToken(learner) };
    const output = execFileSync(process.execPath, ["--experimental-websocket", "--no-warnings", `${folder}${index}.mjs`], {
      env: environment, timeout: 20_000, encoding: "utf8",
    });
    if (index === 0) assert.match(output, /^0 0\n422 .*duration_seconds/m);
    else if (example.includes("PracticeQueue")) assert.equal((await history(learner)).length, 1);
  });
}
