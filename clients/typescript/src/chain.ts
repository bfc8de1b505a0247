/**
 * The pages in the storage: each under the place where it begins, so that they make a chain.
 *
 * A page and the place where it ends are one text. Whoever stops anywhere, or writes what another tab has written
 * meanwhile, leaves a chain that is true as far as it goes; the next pages are fetched again.
 */

import type { EntriesListener } from "./entries.js";
import { Sessions, joined, readPage, type Page } from "./pages.js";
import { parsed } from "./problem.js";
import type { Storage } from "./storage.js";

const BEGINNING = "beginning"; // no place is named so
const MOST = 100; // changes in one text, unless a page of the service has more
const OUTDATED = 200; // changes that mean nothing: more of them, and more than others, are cleared away

/** A page, and the place where it begins; null for the first. */
interface Link {
  start: string | null;
  page: Page;
}

/** The storage cannot say. */
export class Unreached extends Error {
  constructor() {
    super("The storage cannot be read.");
    Object.setPrototypeOf(this, Unreached.prototype);
  }
}

/** The pages of one learner, and the sessions that they amount to. One call at a time. */
export class Chain {
  sessions = new Sessions();
  place: string | null = null;
  /** The places at which the pages begin, in their order, with how many changes each has. */
  private starts: { start: string | null; count: number }[] = [];
  /** Pages that the storage has refused; with the last of them the chain goes on in memory. */
  private unwritten: Link[] = [];

  constructor(
    private readonly storage: Storage,
    private readonly prefix: string,
    private readonly listener: EntriesListener,
  ) {}

  private begin(): void {
    this.sessions = new Sessions();
    this.place = null;
    this.starts = [];
    this.unwritten = [];
  }

  /** Whether the storage has all of it. */
  get isDurable(): boolean {
    return this.unwritten.length === 0;
  }

  /** Writes what was refused, and reads what other tabs have written. Throws Unreached. */
  async catchUp(): Promise<void> {
    while (this.unwritten.length && (await this.set(this.unwritten[0]!))) this.unwritten.shift();
    if (this.unwritten.length) return;
    for (let attempt = 0; attempt < 5; attempt++) { // another tab may change the chain meanwhile
      if (!(await this.isAttached())) this.begin();
      for (const link of await this.links(this.place)) this.follow(link);
      if (await this.isAttached()) return;
    }
  }

  /** Adds the page that was fetched from a place: the chain's, or null to begin anew. */
  async append(link: Link): Promise<void> {
    if (link.start === null) this.begin();
    if (this.unwritten.length || !(await this.set(link))) this.unwritten.push(link);
    this.follow(link);
  }

  /** Joins short texts; clears away what means nothing any more, and at once what was deleted. */
  async tidy(): Promise<void> {
    if (this.unwritten.length) return;
    const { outdated, hasDeleted, stored } = this.sessions;
    const [last, before] = this.starts.slice(-2).reverse();
    if (hasDeleted || outdated > Math.max(OUTDATED, stored.size)) {
      await this.rewrite(null);
      await this.removeLeft();
    } else if (last && before && last.count + before.count <= MOST) {
      await this.rewrite(before.start);
    }
  }

  /** Removes everything from the device. */
  async clear(): Promise<void> {
    this.begin();
    await this.remove(null);
    await this.removeLeft();
  }

  private follow({ start, page }: Link): void {
    this.sessions.apply(page);
    this.starts.push({ start, count: page.changes.length });
    this.place = page.next;
  }

  /** Whether the storage still has the text with which this chain ends. */
  private async isAttached(): Promise<boolean> {
    const last = this.starts[this.starts.length - 1];
    if (!last) return true;
    const page = await this.get(last.start);
    return page !== null && page.next === this.place;
  }

  /** The texts from a place to the end of the chain, or to another place. */
  private async links(from: string | null, to: string | null = null): Promise<Link[]> {
    const found: Link[] = [];
    const seen = new Set<string | null>();
    let start = from;
    while (!seen.has(start) && (to === null || start !== to)) {
      const page = await this.get(start);
      if (!page) break;
      found.push({ start, page });
      seen.add(start);
      start = page.next;
    }
    return found;
  }

  /**
   * Writes the texts from a place on anew, without what is outdated, joined where they are short. Deletions stay,
   * except in the first text, before which there is nothing: another tab may write an older page before them. From
   * first to last, so that each step leaves a chain.
   */
  private async rewrite(from: string | null): Promise<void> {
    const old = await this.links(from, this.place);
    if (!old.length || old[old.length - 1]!.page.next !== this.place) return; // another tab has changed it
    const texts: Link[] = [];
    for (const { start, page } of old) {
      const current = this.sessions.current(page);
      const last = texts[texts.length - 1];
      if (last && last.page.changes.length + current.changes.length <= MOST) {
        last.page = this.sessions.current(joined(last.page, current));
      } else {
        texts.push({ start, page: current });
      }
    }
    const first = texts[0]!;
    if (from === null) first.page = { ...first.page, changes: first.page.changes.filter((change) => !change.deleted) };
    const before = new Map(old.map(({ start, page }) => [start, textOf(page)]));
    for (const link of texts) {
      if (textOf(link.page) !== before.get(link.start) && !(await this.set(link))) return;
      before.delete(link.start);
    }
    for (const start of Array.from(before.keys())) await this.remove(start);
    const index = this.starts.map((one) => one.start).indexOf(from);
    const anew = texts.map(({ start, page }) => ({ start, count: page.changes.length }));
    this.starts.splice(index, this.starts.length, ...anew);
    if (from !== null) return;
    this.sessions.outdated = 0;
    this.sessions.hasDeleted = false;
  }

  /** Removes texts that are no part of the chain: an app was ended before it could. */
  private async removeLeft(): Promise<void> {
    const chain = new Set(this.starts.map(({ start }) => this.key(start)));
    try {
      const keys = await this.storage.getAllKeys();
      const left = keys.filter((key) => key.startsWith(this.prefix) && !chain.has(key));
      for (const key of left) await this.remove(key.slice(this.prefix.length));
    } catch (error) {
      this.listener.storageFailed("list", error);
    }
  }

  private key(start: string | null): string {
    return this.prefix + (start === null ? BEGINNING : start);
  }

  private async get(start: string | null): Promise<Page | null> {
    let text: string | null;
    try {
      text = await this.storage.getItem(this.key(start));
    } catch (error) {
      this.listener.storageFailed("read", error);
      throw new Unreached();
    }
    if (text === null) return null;
    const page = readPage(parsed(text));
    if (!page) this.listener.unreadable(this.key(start), text); // it is fetched and written anew
    return page;
  }

  private async set({ start, page }: Link): Promise<boolean> {
    try {
      await this.storage.setItem(this.key(start), textOf(page));
      return true;
    } catch (error) {
      this.listener.storageFailed("write", error);
      return false;
    }
  }

  private async remove(start: string | null): Promise<void> {
    try {
      await this.storage.removeItem(this.key(start));
    } catch (error) {
      this.listener.storageFailed("remove", error);
    }
  }
}

function textOf({ next, reset, kept_since, changes }: Page): string {
  return JSON.stringify({ next, reset, kept_since, changes });
}
