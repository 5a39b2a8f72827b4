import { useSyncExternalStore } from "react";

/** A value outside React that components and the canvas both follow. */
export class ValueStore<T extends object> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly set = (change: Partial<T>): void => {
    this.value = { ...this.value, ...change };
    for (const listener of this.listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useValue<T extends object>(store: ValueStore<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
