// Drives the queue of docs/api.md: adds sessions while the connection is cut repeatedly.
const storage = {
  texts: new Map(),
  async getItem(name) { return this.texts.get(name) ?? null; },
  async setItem(name, text) { this.texts.set(name, text); },
};
const queue = new PracticeQueue({
  url: process.env.URL,
  token: async () => process.env.TOKEN,
  storage,
  patience: 2_000,
  pause: async () => {},
});
const keepAlive = setInterval(() => {}, 1_000); // keeps Node running while only a timeout is pending
const clock = Number(process.env.CLOCK_AHEAD ?? 0);
const realNow = Date.now;
Date.now = () => realNow() + clock;

const ids = [];
for (let number = 1; number <= Number(process.env.SESSIONS); number++) {
  ids.push(await queue.add({ session_type: "roleplay", duration_seconds: number, ...JSON.parse(process.env.EXTRA ?? "{}") }));
  if (number % 3 === 0) await queue.flush();
}
const flushing = queue.flush();
ids.push(await queue.add({ session_type: "conversation", duration_seconds: 7 }));
await flushing;
await queue.flush();
clearInterval(keepAlive);
console.log(JSON.stringify({ ids, rejected: queue.rejected, waiting: await queue.waiting() }));
