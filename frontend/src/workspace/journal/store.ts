import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Entry, JournalStore } from "./types";

interface Schema extends DBSchema {
  entries: { key: string; value: Entry; indexes: { user: string } };
  aside: { key: number; value: { entry: Entry; at: string } };
}

/** Copies of replaced work that are kept; older ones go. */
const ASIDE_LIMIT = 50;

/** The journal in IndexedDB. Writes are on disk when their promise resolves. */
export class IdbStore implements JournalStore {
  private readonly opened: Promise<IDBPDatabase<Schema>>;

  constructor(name = "densemark-journal") {
    this.opened = openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore("entries", { keyPath: "key" }).createIndex("user", "user");
        db.createObjectStore("aside", { autoIncrement: true });
      },
    });
    // Each use below reports the failure; without this the first would also count as unhandled.
    this.opened.catch(() => {});
  }

  async load(user: string): Promise<Entry[]> {
    return (await this.opened).getAllFromIndex("entries", "user", user);
  }

  async put(entry: Entry): Promise<void> {
    const tx = (await this.opened).transaction("entries", "readwrite", { durability: "strict" });
    await Promise.all([tx.store.put(entry), tx.done]);
  }

  async remove(key: string): Promise<void> {
    await (await this.opened).delete("entries", key);
  }

  async setAside(entry: Entry): Promise<void> {
    const tx = (await this.opened).transaction("aside", "readwrite", { durability: "strict" });
    await tx.store.add({ entry, at: new Date().toISOString() });
    const keys = await tx.store.getAllKeys();
    for (const key of keys.slice(0, Math.max(0, keys.length - ASIDE_LIMIT))) await tx.store.delete(key);
    await tx.done;
  }

  async asides(): Promise<Entry[]> {
    return (await (await this.opened).getAll("aside")).map(({ entry }) => entry);
  }
}
