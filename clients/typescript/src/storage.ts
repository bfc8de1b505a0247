/** Where the queue keeps its sessions. */

/** Texts by name, like React Native's `AsyncStorage`, which can be given as it is. */
export interface Storage {
  getItem(key: string): Promise<string | null> | string | null;
  /** Rejects or throws if the text was not stored, such as on a full disk. */
  setItem(key: string, text: string): Promise<unknown> | unknown;
  removeItem(key: string): Promise<unknown> | unknown;
  getAllKeys(): Promise<readonly string[]> | readonly string[];
}

/** Keeps texts until the app ends. */
export class MemoryStorage implements Storage {
  private readonly texts = new Map<string, string>();

  getItem(key: string): string | null {
    const text = this.texts.get(key);
    return text === undefined ? null : text;
  }

  setItem(key: string, text: string): void {
    this.texts.set(key, text);
  }

  removeItem(key: string): void {
    this.texts.delete(key);
  }

  getAllKeys(): string[] {
    return Array.from(this.texts.keys());
  }
}

/** The part of a browser's `localStorage` that is used. */
export interface WebStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
}

/** Keeps texts in a browser's `localStorage`; several tabs may share it. */
export function webStorage(storage: WebStorage): Storage {
  return {
    getItem: (key) => storage.getItem(key),
    setItem: (key, text) => storage.setItem(key, text),
    removeItem: (key) => storage.removeItem(key),
    getAllKeys: () => {
      const keys: string[] = [];
      for (let index = 0; index < storage.length; index++) {
        const key = storage.key(index);
        if (key !== null) keys.push(key);
      }
      return keys;
    },
  };
}
