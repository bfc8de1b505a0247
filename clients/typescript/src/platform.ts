/**
 * What this library takes from its surroundings, and nothing more: the compiler knows no browser's or Node's
 * types here, so that what React Native lacks cannot be used by mistake.
 */

/** The part of a `Response` that is read. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The part of the options of `fetch` that is sent. */
export interface HttpRequest {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal?: unknown;
}

/** `fetch`, or something like it. */
export type Fetch = (url: string, request: HttpRequest) => Promise<HttpResponse>;

/** The part of a `WebSocket` that is used; the handlers are only ever set. */
export interface Socket {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(text: string): void;
  close(): void;
}

/** `WebSocket`, or something like it, such as that of the package `ws`. */
export type SocketClass = new (url: string, protocols: string[]) => Socket;

interface Platform {
  WebSocket?: SocketClass;
  fetch?: (url: string, request: object) => Promise<HttpResponse>;
  AbortController?: new () => { readonly signal: unknown; abort(): void };
  performance?: { now?(): number };
  crypto?: { getRandomValues?(bytes: Uint8Array): unknown };
  Intl?: { DateTimeFormat(): { resolvedOptions(): { timeZone?: unknown } } };
  setTimeout(work: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** The global object. Read at each use, since apps add polyfills after they have loaded a library. */
export const platform = (): Platform => globalThis as unknown as Platform;

/** A random UUID, version 4. React Native has no `crypto` of its own. */
export function randomUuid(): string {
  const bytes = new Uint8Array(16);
  const random = platform().crypto;
  if (random && random.getRandomValues) random.getRandomValues(bytes);
  else for (let index = 0; index < 16; index++) bytes[index] = Math.floor(Math.random() * 256);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
