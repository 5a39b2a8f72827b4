import { ValueStore } from "./valueStore";

/** What an annotator likes, remembered in this browser. */
export interface Settings {
  /** Diameter of the brush on the screen, CSS pixels: zooming in makes it finer on the photo. */
  brush: number;
  /** Of the overlay, 0.1 to 1. */
  opacity: number;
  outlines: boolean;
  onlyEmpty: boolean;
  /** After a mark is placed, go on to the next point without a key. */
  goOn: boolean;
  /** Screen pixels per photo pixel in the magnifier. */
  magnification: number;
  /** The first hint about painting was read, or not needed any more. */
  hinted: boolean;
}

export const DEFAULTS: Settings = {
  brush: 28,
  opacity: 0.55,
  outlines: false,
  onlyEmpty: false,
  goOn: false,
  magnification: 8,
  hinted: false,
};

export const BRUSH_MIN = 2;
export const BRUSH_MAX = 240;

const stores = new Map<string, ValueStore<Settings>>();

/** The settings of one user; changes are kept at once. */
export function settingsOf(user: string): ValueStore<Settings> {
  let store = stores.get(user);
  if (!store) {
    const key = `densemark:workspace:${user}`;
    store = new ValueStore(readSettings(localStorage.getItem(key)));
    const { get } = store;
    store.subscribe(() => localStorage.setItem(key, JSON.stringify(get())));
    stores.set(user, store);
  }
  return store;
}

/** Settings from what was kept; anything unknown or of another type falls back to the default. */
export function readSettings(text: string | null): Settings {
  let kept: unknown = null;
  try {
    kept = JSON.parse(text ?? "null");
  } catch {
    // Kept by something else; the defaults do.
  }
  const settings = { ...DEFAULTS };
  if (typeof kept !== "object" || kept === null) return settings;
  for (const [name, value] of Object.entries(kept)) {
    if (name in DEFAULTS && typeof value === typeof DEFAULTS[name as keyof Settings]) {
      Object.assign(settings, { [name]: value });
    }
  }
  return settings;
}
