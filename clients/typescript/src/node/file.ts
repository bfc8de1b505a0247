/** Storage for Node: a folder with one file for each text. Several processes may share it. */

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Storage } from "../storage.js";

const SUFFIX = ".json";
const DRAFT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.draft$/;
const LEFT_MS = 3_600_000; // a draft of a process that still writes it is younger

export class FileStorage implements Storage {
  constructor(private readonly folder: string) {}

  async getItem(key: string): Promise<string | null> {
    return readFile(this.path(key), "utf8").catch(unlessMissing(null));
  }

  /** A file is whole or absent: it is written beside, reaches the disk, and is then given its name. */
  async setItem(key: string, text: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const draft = join(this.folder, `${randomUUID()}.draft`);
    try {
      const file = await open(draft, "w", 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.path(key));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async removeItem(key: string): Promise<void> {
    await rm(this.path(key), { force: true });
  }

  async getAllKeys(): Promise<string[]> {
    const names = await readdir(this.folder).catch(unlessMissing<string[]>([]));
    for (const name of names) if (DRAFT.test(name)) await this.removeLeft(join(this.folder, name));
    return names.map(keyOf).filter((key) => key !== null);
  }

  /** Removes a draft whose process has ended before it could give it its name. */
  private async removeLeft(draft: string): Promise<void> {
    try {
      const { mtimeMs } = await stat(draft);
      if (Date.now() - mtimeMs > LEFT_MS) await rm(draft, { force: true });
    } catch {
      // Another process was quicker, or the next listing succeeds.
    }
  }

  private path(key: string): string {
    return join(this.folder, encodeURIComponent(key) + SUFFIX);
  }
}

/** The key of a file; null if its name is not one that `path` gives. */
function keyOf(name: string): string | null {
  try {
    const key = decodeURIComponent(name.slice(0, -SUFFIX.length));
    return encodeURIComponent(key) + SUFFIX === name ? key : null;
  } catch {
    return null;
  }
}

function unlessMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
