// Drives live sessions of clients/typescript through a proxy that closes what is silent for QUIET seconds.
// Writes "restart" when the service may be restarted, and at the end what has happened.
import { MemoryStorage, PracticeQueue, SessionsClient } from "vorex-sessions";

const { URL: url, TOKEN, LEARNER: learner, QUIET } = process.env;
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const client = new SessionsClient({ url, token: () => TOKEN });
const queue = new PracticeQueue({ client, learner, storage: new MemoryStorage() });

function practise(session_type, intervalMs) {
  const phone = { words: 0, ends: [], opened: 0, beaten: 0, saved: 0 };
  phone.live = client.live({
    learner, intervalMs, session: { session_type }, totals: () => ({ active_seconds: 0, words_spoken: phone.words }),
    onEvent: (event) => {
      if (event.kind === "socket") event.open ? phone.opened++ : phone.ends.push(event.code);
      if (event.kind === "beaten") phone.beaten = event.session.words_spoken;
      if (event.kind === "saved") phone.saved++;
    },
  });
  phone.live.start();
  return phone;
}
const until = async (condition) => {
  for (let tries = 0; tries < 400 && !condition(); tries++) await sleep(0.05);
  if (!condition()) throw new Error(`never: ${condition}`);
};

const busy = practise("conversation", 1000);
await until(() => busy.opened === 1);
await sleep(QUIET * 2.5);
const whileBusy = busy.ends.length;
busy.live.stop();

const quiet = practise("roleplay", 600_000);
await until(() => quiet.opened === 1);
for (quiet.words = 1; quiet.words <= 3; quiet.words++) {
  await sleep(QUIET * 1.2); // the proxy has closed it, or it has come back
  await quiet.live.beat();
  if (quiet.beaten !== quiet.words) throw new Error(`${quiet.words} were spoken, ${quiet.beaten} have arrived`);
}
const whileQuiet = quiet.ends.slice();

busy.live.start();
await until(() => busy.opened === 2);
console.log("restart");
await until(() => busy.ends.includes(1012) && busy.opened > busy.ends.length);
busy.words = 9;
await busy.live.beat();
for (const [phone, session_type] of [[busy, "conversation"], [quiet, "roleplay"]]) {
  await phone.live.finish(queue, { session_type, duration_seconds: 60, words_spoken: phone.beaten });
}
await queue.flush();
console.log(JSON.stringify({ whileBusy, whileQuiet, saved: busy.saved, waiting: (await queue.waiting()).length }));
