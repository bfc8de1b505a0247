import { address, headers, run, type } from "./flow";
import { getStats, listHistory, saveSession, saveSessions } from "./generated/orval";

// Orval's functions call `fetch` with the path alone; an app usually names its own function for it.
const { fetch } = globalThis;
globalThis.fetch = (path, options) =>
  fetch(`${address}${path}`, { ...options, headers: { ...options?.headers, ...headers } });

run({
  async save(topic) {
    const answer = await saveSession({ session_type: type, duration_seconds: 300, topics: [topic] });
    if (answer.status !== 201) throw new Error(`${answer.status}`);
    return answer.data;
  },
  async saveInvalid() {
    const answer = await saveSession({ session_type: type, duration_seconds: -1 });
    if (answer.status !== 422) throw new Error(`${answer.status}`);
    return answer.data;
  },
  async saveTwo() {
    const session = { session_type: type, duration_seconds: 300, topics: ["batch"] };
    const answer = await saveSessions({ sessions: [session, { ...session, duration_seconds: -1 }] });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data.results;
  },
  async history(limit, cursor) {
    const answer = await listHistory({ limit, cursor, session_type: type });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data;
  },
  async stats() {
    const answer = await getStats({ period: "week" });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return answer.data;
  },
});
