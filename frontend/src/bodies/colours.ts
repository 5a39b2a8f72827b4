/** Colours for charts and parts, spread evenly to the eye: OKLCH, Ottosson 2020. */

/** "#rrggbb" of lightness 0..1, chroma and hue in turns; chroma is lowered until sRGB can show it. */
export function oklch(lightness: number, chroma: number, turns: number): string {
  const angle = 2 * Math.PI * turns;
  for (let c = chroma; ; c -= 0.005) {
    const rgb = linearRgb(lightness, Math.max(c, 0) * Math.cos(angle), Math.max(c, 0) * Math.sin(angle));
    if (c <= 0 || rgb.every((x) => x >= 0 && x <= 1)) return `#${rgb.map(hexByte).join("")}`;
  }
}

function linearRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function hexByte(linear: number): string {
  const x = Math.min(Math.max(linear, 0), 1);
  const value = x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
  return Math.round(255 * value)
    .toString(16)
    .padStart(2, "0");
}

const GOLDEN = 0.61803398875;
/** Lightness of a part's charts in turn. */
const LIGHTNESS = [0.83, 0.71, 0.77, 0.65];

interface PartOfCharts {
  label: number;
  mirror: number;
  charts: readonly number[];
}

/**
 * Calm tints, by chart number (index 0 unused): a hue for each part, shared by its mirror twin in another shade, and a
 * lightness for each of its charts.
 */
export function chartTints(parts: readonly PartOfCharts[]): string[] {
  const tints = ["#000000"];
  const hues = new Map<number, number>();
  for (const { label, mirror, charts } of parts) {
    const pair = Math.min(label, mirror);
    if (!hues.has(pair)) hues.set(pair, hues.size);
    const hue = (0.07 + (hues.get(pair) as number) * GOLDEN) % 1;
    const second = label > mirror;
    charts.forEach((chart, rank) => {
      const lightness = LIGHTNESS[rank % LIGHTNESS.length] as number;
      tints[chart] = oklch(lightness - (second ? 0.04 : 0), second ? 0.095 : 0.075, hue + (second ? 0.035 : 0));
    });
  }
  return tints;
}
