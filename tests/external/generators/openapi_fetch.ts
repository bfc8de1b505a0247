import createClient from "openapi-fetch";
import { address, headers, run, type } from "./flow";
import type { paths } from "./generated/openapi_typescript";

const { GET, POST } = createClient<paths>({ baseUrl: address, headers });

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

run({
  async save(topic) {
    const body = { session_type: type, duration_seconds: 300, topics: [topic] };
    return given(await POST("/api/sessions/save", { body }));
  },
  async saveInvalid() {
    const body = { session_type: type, duration_seconds: -1 };
    const { error } = await POST("/api/sessions/save", { body });
    return error!;
  },
  async saveTwo() {
    const session = { session_type: type, duration_seconds: 300, topics: ["batch"] };
    const body = { sessions: [session, { ...session, duration_seconds: -1 }] };
    return given(await POST("/api/sessions/batch", { body })).results;
  },
  async history(limit, cursor) {
    const query = { limit, cursor, session_type: type };
    return given(await GET("/api/sessions/history", { params: { query } }));
  },
  async stats() {
    const query = { period: "week" as const };
    return given(await GET("/api/sessions/stats", { params: { query } }));
  },
});
