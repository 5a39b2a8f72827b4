import type { BoxStorage } from "./store";

/** localStorage, or nothing where the browser blocks it or it is full: boxes then live as long as the page. */
export const boxStorage: BoxStorage = {
  getItem: (key) => attempt(() => localStorage.getItem(key)),
  setItem: (key, value) => attempt(() => localStorage.setItem(key, value)),
  removeItem: (key) => attempt(() => localStorage.removeItem(key)),
};

function attempt<T>(use: () => T): T | null {
  try {
    return use();
  } catch {
    return null;
  }
}
