/**
 * The socket of one learner. It comes back by itself, by what its close code says, and renews its token. What it
 * cannot carry now goes over HTTP: `ask` then answers null. /asyncapi.json describes the messages.
 */

import type { Clock, Mark } from "./clock.js";
import type { Http } from "./http.js";
import { Pauses, type PauseOptions } from "./pauses.js";
import { platform, type Socket } from "./platform.js";
import { isObject, parsed, type Problem } from "./problem.js";
import type { Achievement, LiveSession, SavedSession } from "./types.js";

/** What the service sends: the members of its type are there, and `ref` where it answers. */
export interface Message {
  type: string;
  ref?: string;
  sessions?: LiveSession[];
  session?: LiveSession | SavedSession;
  replayed?: boolean;
  achievements?: Achievement[];
  problem?: Problem;
}

export interface ChannelListener {
  /** `ready` and `state`: all that is live. `unlocked`: achievements. */
  heard(message: Message): void;
  /** The socket is ready, or has ended with this code. */
  changed(open: boolean, code: number | null): void;
}

const PROTOCOL = "vorex.live.v1";
const PATH = "/api/sessions/live/socket";
const LARGEST = 16 * 1024; // bytes of a message
const CONNECT_MS = 10_000; // until the service is ready
const ANSWER_MS = 5_000; // a connection that is silent for longer is half open
const STEADY_MS = 10_000; // a socket that lasted so long was no failure
const LOST = 1006;
const [RESTARTING, BACK_OFF, NO_TOKEN] = [1012, 1013, 4401];

export class Channel {
  private socket: Socket | null = null;
  private isReady = false;
  private isWanted = false;
  /** Since a close code that says not to come back. */
  private isDismissed = false;
  /** With which the socket was opened or renewed; and which one the service has refused. */
  private token: string | null = null;
  private refused: string | null = null;
  private since: Mark;
  private refs = 0;
  private readonly asked = new Map<string, (answer: Message | null) => void>();
  private readonly pauses: Pauses;
  private retry: unknown = null;
  private limit: unknown = null;

  constructor(private readonly http: Http, private readonly listener: ChannelListener, options: PauseOptions) {
    this.pauses = new Pauses(http.clock, options);
    this.since = http.clock.mark();
  }

  /** Connects, and comes back until `close`. Called again it also forgets that the service said not to. */
  open(): void {
    this.isWanted = true;
    this.isDismissed = false;
    void this.connect();
  }

  close(): void {
    this.isWanted = false;
    platform().clearTimeout(this.retry);
    this.end(null);
  }

  /** Sends a message. Resolves with its answer; null if the socket cannot carry it now, or the answer does not come. */
  async ask(type: string, members: object = {}): Promise<Message | null> {
    if (this.isReady) return this.send(type, members);
    void this.connect(); // there may be another token now
    return null;
  }

  private get clock(): Clock {
    return this.http.clock;
  }

  private async connect(): Promise<void> {
    const mayNot = () => !this.isWanted || this.isDismissed || this.socket || this.pauses.remaining();
    if (mayNot()) return;
    const token = await this.http.ownToken(false);
    if (token === null || token === this.refused || mayNot()) return;
    this.token = token;
    try {
      this.socket = this.http.newSocket(PATH, PROTOCOL);
    } catch {
      return this.end(LOST);
    }
    if (this.socket) this.attend(this.socket);
  }

  private attend(socket: Socket): void {
    socket.onopen = () => this.authenticate(this.token!);
    socket.onmessage = ({ data }: { data: unknown }) => this.receive(data);
    socket.onerror = () => this.end(LOST); // Node 22 tells of no close where it could not connect
    socket.onclose = ({ code }: { code?: number }) => this.end(code || LOST);
    this.limit = platform().setTimeout(() => this.end(LOST), CONNECT_MS);
  }

  /** The token is the first message: no proxy logs it. */
  private authenticate(token: string): void {
    this.token = token;
    this.say("auth", { token }, (answer) => {
      // Else a close follows, or has come.
      if (answer && answer.type === "ready") this.welcome(answer);
    });
  }

  /** At once: a `state` that is newer may have come with it. */
  private welcome(ready: Message): void {
    platform().clearTimeout(this.limit);
    this.refused = null;
    const isNew = !this.isReady;
    if (isNew) this.since = this.clock.mark();
    this.isReady = true;
    if (isNew) this.listener.changed(true, null);
    this.listener.heard(ready);
  }

  /** The token ends in a minute. One that is the same would only be warned of again. */
  private async renew(): Promise<void> {
    const socket = this.socket;
    const token = await this.http.ownToken(true);
    if (token !== null && token !== this.token && socket && socket === this.socket) this.authenticate(token);
  }

  private send(type: string, members: object): Promise<Message | null> {
    return new Promise((resolve) => this.say(type, members, resolve));
  }

  /** `answered` is called while the answer is received. */
  private say(type: string, members: object, answered: (answer: Message | null) => void): void {
    const ref = String(++this.refs);
    const text = JSON.stringify({ type, ...members, ref });
    if (text.length > LARGEST / 3) return answered(null); // in UTF-8 it may be three times as long
    const timer = platform().setTimeout(() => this.end(LOST), ANSWER_MS);
    this.asked.set(ref, (answer) => {
      platform().clearTimeout(timer);
      answered(answer);
    });
    try {
      this.socket!.send(text);
    } catch {
      this.end(LOST);
    }
  }

  private receive(data: unknown): void {
    const message = parsed(String(data));
    if (!isObject(message)) return;
    const { ref, type } = message as unknown as Message;
    const answered = this.asked.get(String(ref));
    this.asked.delete(String(ref));
    if (answered) answered(message as unknown as Message);
    else if (type === "expiring") void this.renew();
    else if (type === "state" || type === "unlocked") this.listener.heard(message as unknown as Message);
  }

  /** The connection is over, by this code; null: it is no more wanted. */
  private end(code: number | null): void {
    const { socket, isReady } = this;
    this.socket = null;
    this.isReady = false;
    platform().clearTimeout(this.limit);
    if (socket) leave(socket);
    this.asked.forEach((answered) => answered(null));
    this.asked.clear();
    if (code !== null) this.comeBack(code, isReady && this.clock.since(this.since) > STEADY_MS);
    if (isReady) this.listener.changed(false, code);
  }

  private comeBack(code: number, wasSteady: boolean): void {
    if (wasSteady) this.pauses.succeeded();
    if (code === NO_TOKEN) this.refused = this.token; // comes back with another one
    else if (code >= 4400 && code < 4500) this.isDismissed = true;
    else if (code === RESTARTING) this.pauses.soon();
    else this.pauses.failed(code === BACK_OFF ? 5_000 : null);
    this.wait();
  }

  private wait(): void {
    platform().clearTimeout(this.retry);
    const work = () => (this.pauses.remaining() ? this.wait() : void this.connect());
    const pause = this.pauses.remaining();
    if (this.isWanted && pause !== null) this.retry = platform().setTimeout(work, pause);
  }
}

function leave(socket: Socket): void {
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.onerror = () => {}; // the package `ws` would throw what nobody hears
  try {
    socket.close();
  } catch {
    // It was not open yet.
  }
}
