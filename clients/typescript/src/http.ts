/** Requests with the learner's token and a time limit, through `fetch` alone. */

import { Clock } from "./clock.js";
import { platform, type Fetch, type HttpRequest, type Socket, type SocketClass } from "./platform.js";
import { NoAnswerError, ProblemError, parsed, problemOf, retryAfter } from "./problem.js";
import { isAnothers } from "./token.js";

/**
 * The access token, or what returns the current one: null if nobody is signed in; with `refresh` a new one, as the
 * last was refused, or is about to end.
 */
export type TokenSource = string | ((options: { refresh: boolean }) => Promise<string | null> | string | null);

export interface HttpOptions {
  /** Address of the service, such as `https://sessions.example.com`. */
  url: string;
  token: TokenSource;
  /** Default: the global `fetch`. */
  fetch?: Fetch;
  /** For live sessions. Default: the global `WebSocket`. With null, or where there is none, they use HTTP alone. */
  WebSocket?: SocketClass | null;
  /** After this long without an answer a request has failed: a dead connection may never report it. */
  timeoutMs?: number;
  clock?: Clock;
}

export interface Answer {
  status: number;
  text: string;
  header(name: string): string | null;
}

export class Http {
  readonly clock: Clock;
  /** How many requests were sent. */
  requests = 0;
  /** The tokens of the last request, before the refresh and after it, if the service refused it. */
  private refusedTokens: (string | null)[] = [];
  private readonly url: string;
  private readonly timeoutMs: number;

  /** With a learner, nothing is sent with the token of another. */
  constructor(private readonly options: HttpOptions, private readonly learner: string | null = null) {
    this.url = options.url.replace(/\/+$/, "");
    this.timeoutMs = options.timeoutMs || 20_000;
    this.clock = options.clock || new Clock();
  }

  /** The same for one learner's requests alone: the app's token may be another's by the time it is asked for. */
  forLearner(learner: string): Http {
    return new Http({ ...this.options, clock: this.clock }, learner);
  }

  /** The current token; null if there is none. Throws NoAnswerError if it cannot be had now. */
  async token(refresh: boolean): Promise<string | null> {
    const { token } = this.options;
    if (typeof token === "string") return token;
    try {
      // Some sources never answer, such as while the app sleeps; and some say undefined for null.
      return (await this.inTime({}, async () => token({ refresh }))) || null;
    } catch (error) {
      throw new NoAnswerError("The access token could not be fetched.", error);
    }
  }

  /** The current token, unless it is another learner's, nobody is signed in, or it cannot be had now: then null. */
  async ownToken(refresh: boolean): Promise<string | null> {
    const token = await this.token(refresh).catch(() => null);
    return token === null || this.isAnothers(token) ? null : token;
  }

  /** A new socket; null where there are none. It throws what the constructor throws. */
  newSocket(path: string, protocol: string): Socket | null {
    const { WebSocket = platform().WebSocket } = this.options;
    return WebSocket ? new WebSocket(this.url.replace(/^http/i, "ws") + path, [protocol]) : null;
  }

  /** After a 401 that a refresh did not cure: whether the app has another token now. */
  async hasNewToken(): Promise<boolean> {
    const token = await this.ownToken(false);
    return token !== null && !this.refusedTokens.includes(token);
  }

  /** Sends a request; after a 401 once more with a new token. Throws NoAnswerError. */
  async send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    const token = await this.token(false);
    if (token !== null && this.isAnothers(token)) return signedOut(ANOTHER);
    const first = token === null ? null : await this.exchange(method, path, token, body, headers);
    if (first && first.status !== 401) return first;
    const fresh = await this.token(true);
    if (first) this.refusedTokens = [token];
    if (fresh === null) return first || signedOut(NOBODY);
    if (this.isAnothers(fresh)) return signedOut(ANOTHER);
    const last = first && fresh === token ? first : await this.exchange(method, path, fresh, body, headers);
    this.refusedTokens = last.status === 401 ? [token, fresh] : [];
    return last;
  }

  /** The JSON of a successful answer. Throws ProblemError or NoAnswerError. */
  async json<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const answer = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body), headers);
    if (answer.status < 200 || answer.status > 299) throw this.problem(answer);
    if (answer.status === 204) return undefined as unknown as T;
    const read = parsed(answer.text);
    if (read === undefined) throw new NoAnswerError("The answer is not the service's: a sign-in page of the network?");
    return read as T;
  }

  problem(answer: Answer): ProblemError {
    return new ProblemError(
      answer.status,
      problemOf(answer.status, answer.text),
      answer.header("X-Request-ID"),
      this.retryAfterMs(answer),
    );
  }

  retryAfterMs(answer: Answer): number | null {
    const date = Date.parse(answer.header("Date") || "");
    return retryAfter(answer.header("Retry-After"), Number.isNaN(date) ? this.clock.now() : date);
  }

  private isAnothers(token: string): boolean {
    return this.learner !== null && isAnothers(token, this.learner);
  }

  private async exchange(
    method: string, path: string, token: string, body: string | undefined, headers: Record<string, string>,
  ): Promise<Answer> {
    const request: HttpRequest = { method, headers: { Authorization: `Bearer ${token}`, ...headers } };
    if (body !== undefined) {
      request.headers["Content-Type"] = "application/json";
      request.body = body;
    }
    this.requests++;
    const answer = await this.inTime(request, async () => {
      const send = this.options.fetch || (platform().fetch as Fetch);
      const response = await send(this.url + path, request);
      return { status: response.status, text: await response.text(), header: (name: string) => header(response, name) };
    });
    this.clock.observe(answer.header("Date"));
    return answer;
  }

  /** Ends the work at the time limit, whether or not `fetch` understands a signal. */
  private async inTime<T>(request: { signal?: unknown }, work: () => Promise<T>): Promise<T> {
    const { AbortController, setTimeout, clearTimeout } = platform();
    const abort = AbortController && new AbortController();
    if (abort) request.signal = abort.signal;
    let timer: unknown;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new NoAnswerError(`No answer within ${this.timeoutMs} ms.`));
        if (abort) abort.abort();
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([work(), limit]);
    } catch (error) {
      throw error instanceof NoAnswerError ? error : new NoAnswerError("The service cannot be reached.", error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A header of a response; null if another origin may not read it. */
function header(response: { headers: { get(name: string): string | null } }, name: string): string | null {
  try {
    return response.headers.get(name);
  } catch {
    return null;
  }
}

const NOBODY = "There is no access token: sign in again.";
const ANOTHER = "Another learner is signed in: what waits is sent when its own learner signs in again.";

function signedOut(detail: string): Answer {
  const problem = { status: 401, title: "Not signed in", detail };
  return { status: 401, text: JSON.stringify(problem), header: () => null };
}
