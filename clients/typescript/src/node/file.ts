/** Storage for Node: a folder with one file for each text. Several processes may share it. */

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Storage } from "../storage.js";

const SUFFIX = ".json";

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
    const stored = names.filter((name) => name.endsWith(SUFFIX));
    return stored.map((name) => decodeURIComponent(name.slice(0, -SUFFIX.length)));
  }

  private path(key: string): string {
    return join(this.folder, encodeURIComponent(key) + SUFFIX);
  }
}

function unlessMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
