/** The colours of errors: those of the server's pictures (matplotlib's viridis), on the body, in bars and on points. */

const VIRIDIS: readonly string[] = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
];

/** Red, green and blue of each anchor in [0,1], for shaders. */
export const ANCHORS: readonly (readonly [number, number, number])[] = VIRIDIS.map((colour) => {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
});

/** Where no error is known. */
export const UNKNOWN = { light: "#c3c9d2", dark: "#3d424c" };

/** The colour of `t` in [0,1] as "#rrggbb". */
export function rampColour(t: number): string {
  const place = Math.min(Math.max(t, 0), 1) * (ANCHORS.length - 1);
  const below = Math.min(Math.floor(place), ANCHORS.length - 2);
  const [a, b] = [ANCHORS[below], ANCHORS[below + 1]] as [readonly number[], readonly number[]];
  const mixed = a.map((low, k) => Math.round(255 * (low + (place - below) * ((b[k] as number) - low))));
  return `#${mixed.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}

export const RAMP_CSS = `linear-gradient(to right, ${VIRIDIS.join(", ")})`;

/** The end of the colour bar in metres: the 98th percentile, rounded up to half centimetres; as in the pictures. */
export function topOf(values: ArrayLike<number>): number {
  const known = Array.from(values).filter(Number.isFinite);
  if (known.length === 0) return 0.01;
  known.sort((a, b) => a - b);
  const place = 0.98 * (known.length - 1);
  const [low, high] = [known[Math.floor(place)], known[Math.ceil(place)]] as [number, number];
  const top = low + (place - Math.floor(place)) * (high - low);
  return Math.max(Math.ceil(200 * top - 1e-6) / 2, 0.5) / 100;
}

/** Ticks of a colour bar in whole steps of 1, 2 or 5 times a power of ten, at most seven; `top` and ticks in centimetres. */
export function ticksTo(top: number): number[] {
  const rough = top / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough - 1e-9) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, k) => Number((k * step).toFixed(digits)));
}
