// Compiled, not run: what an app written in TypeScript sees under --strict, without the types of a browser or of Node.
import { PracticeQueue, ProblemError, SessionsClient, type SessionResult, type SocketClass, type Storage } from "vorex-sessions";

declare const AsyncStorage: {
  getItem(key: string, callback?: (error?: Error | null, result?: string | null) => void): Promise<string | null>;
  setItem(key: string, value: string, callback?: (error?: Error | null) => void): Promise<void>;
  removeItem(key: string, callback?: (error?: Error | null) => void): Promise<void>;
  getAllKeys(callback?: (error?: Error | null, result?: readonly string[] | null) => void): Promise<readonly string[]>;
};

/** As a browser, React Native or the package `ws` declares it. */
declare const WebSocket: new (url: string | { href: string }, protocols?: string | string[], options?: object) => {
  onopen: ((event: { type: "open" }) => unknown) | null;
  onmessage: ((event: { type: "message"; data: string; origin: string }) => unknown) | null;
  onclose: ((event: { type: "close"; code: number; wasClean: boolean }) => unknown) | null;
  onerror: ((event: { type: "error" }) => unknown) | null;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
};
export const sockets: SocketClass = WebSocket;

const storage: Storage = AsyncStorage;
const client = new SessionsClient({ url: "https://sessions.example.com", token: async ({ refresh }) => (refresh ? null : "token") });
export const queue = new PracticeQueue({ client, storage, learner: "id", onEvent: (event) => {
  if (event.kind === "stored") event.item.status satisfies string | undefined;
} });

export async function use(): Promise<SessionResult[]> {
  const { durable } = await queue.add({ session_type: "roleplay", duration_seconds: 60, fluency_score: null });
  durable satisfies boolean;
  // @ts-expect-error: no such type of session
  await queue.add({ session_type: "chess", duration_seconds: 60 });
  // @ts-expect-error: the duration is missing
  await client.save({ session_type: "roleplay" });
  // @ts-expect-error: no such period
  const stats = await client.stats({ period: "never" });
  stats.total_sessions satisfies number | undefined;
  const [unfinished] = await client.unfinished({ learner: "id", storage });
  const live = client.live({
    learner: "id", storage, session: unfinished || { session_type: "roleplay" }, totals: () => ({ active_seconds: 0 }),
    onEvent: (event) => {
      if (event.kind === "state") event.sessions satisfies { session_result_id: string; state: string }[];
      if (event.kind === "unlocked") event.achievements satisfies { title: string }[];
    },
  });
  await live.finish(queue, { session_type: "roleplay", duration_seconds: 60 });
  await live.finish(queue);
  await live.finish(queue, { areas_to_improve: ["past tense"] });
  // @ts-expect-error: no such type of session
  await live.finish(queue, { session_type: "chess" });
  const sessions: SessionResult[] = [];
  for await (const session of client.history({ limit: 50 })) sessions.push(session);
  return sessions;
}

export const problem = (error: unknown): string | undefined => (error instanceof ProblemError ? error.problem.detail : undefined);
