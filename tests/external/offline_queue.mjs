// Drives the queue of clients/typescript: adds sessions while the connection is cut repeatedly.
import { MemoryStorage, PracticeQueue, SessionsClient } from "vorex-sessions";

const client = new SessionsClient({ url: process.env.URL, token: () => process.env.TOKEN, timeoutMs: 2_000 });
const queue = new PracticeQueue({
  client, learner: process.env.LEARNER, storage: new MemoryStorage(), firstPauseMs: 1, longestPauseMs: 2,
});
const add = async (session) => ids.push((await queue.add(session)).session_result_id);
const flush = async () => {
  for (let tries = 0; tries < 100 && (await queue.flush({ force: true })).waiting; tries++);
};

const ids = [];
for (let number = 1; number <= Number(process.env.SESSIONS); number++) {
  await add({ session_type: "roleplay", duration_seconds: number });
  if (number % 3 === 0) await flush();
}
const flushing = flush();
await add({ session_type: "conversation", duration_seconds: 7 });
await flushing;
await flush();
console.log(JSON.stringify({ ids, aside: await queue.setAside(), waiting: await queue.waiting() }));
