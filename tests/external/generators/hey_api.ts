import { address, headers, run, type } from "./flow";
import { client } from "./generated/hey_api/client.gen";
import { getStats, listHistory, saveSession, saveSessions } from "./generated/hey_api/sdk.gen";

client.setConfig({ baseUrl: address, headers });

run({
  async save(topic) {
    const body = { session_type: type, duration_seconds: 300, topics: [topic] };
    return (await saveSession({ body, throwOnError: true })).data;
  },
  async saveInvalid() {
    const { error } = await saveSession({ body: { session_type: type, duration_seconds: -1 } });
    return error!;
  },
  async saveTwo() {
    const session = { session_type: type, duration_seconds: 300, topics: ["batch"] };
    const body = { sessions: [session, { ...session, duration_seconds: -1 }] };
    return (await saveSessions({ body, throwOnError: true })).data.results;
  },
  async history(limit, cursor) {
    const query = { limit, cursor, session_type: type };
    return (await listHistory({ query, throwOnError: true })).data;
  },
  async stats() {
    return (await getStats({ query: { period: "week" }, throwOnError: true })).data;
  },
});
