import { useEffect, useState, useSyncExternalStore } from "react";
import { uuid } from "@/lib/uuid";
import { sendToServer } from "./http";
import { Journal } from "./journal";
import { IdbStore } from "./store";
import { claimWork } from "./tabs";
import type { JournalStatus } from "./types";

interface Work {
  journal: Journal;
  ready: Promise<void>;
  taken: boolean;
  listeners: Set<() => void>;
}

// One journal per user for as long as the page lives, so that leaving the workspace does not stop the sending.
const works = new Map<string, Work>();

function start(user: string): Work {
  const journal = new Journal({
    user,
    store: new IdbStore(),
    send: sendToServer,
    schedule: (run, milliseconds) => window.setTimeout(run, milliseconds),
    newId: uuid,
  });
  const work: Work = { journal, ready: journal.load(), taken: false, listeners: new Set() };
  const retry = () => journal.sendAll();
  const hidden = () => document.visibilityState === "hidden" && journal.sendAll();
  window.addEventListener("online", retry);
  document.addEventListener("visibilitychange", hidden);
  const release = claimWork(user, uuid(), () => {
    journal.stop();
    work.taken = true;
    works.delete(user);
    window.removeEventListener("online", retry);
    document.removeEventListener("visibilitychange", hidden);
    release();
    for (const listener of work.listeners) listener();
  });
  return work;
}

export interface JournalInUse {
  /** Null until what an earlier page left has been taken up. */
  journal: Journal | null;
  /** Another page of this browser has taken over. */
  taken: boolean;
}

/** The journal of a user. */
export function useJournal(user: string): JournalInUse {
  const [work, setWork] = useState<Work | null>(null);
  const [ready, setReady] = useState(false);
  const [taken, setTaken] = useState(false);
  useEffect(() => {
    const current = works.get(user) ?? start(user);
    works.set(user, current);
    setWork(current);
    let shown = true;
    const onTaken = () => setTaken(true);
    current.listeners.add(onTaken);
    current.ready.then(() => shown && setReady(true));
    return () => {
      shown = false;
      current.listeners.delete(onTaken);
      current.journal.sendAll();
    };
  }, [user]);
  return { journal: ready && work ? work.journal : null, taken };
}

export function useJournalStatus(journal: Journal): JournalStatus {
  return useSyncExternalStore(journal.subscribe, journal.getStatus);
}
