/** Figures of a study in words. */
import { count } from "../components/Meter";
import type { Figure, Rate } from "./report";

export const NONE = "–";

/** Metres as centimetres with one decimal, without the unit: for columns that say it once. */
export function cmNumber(metres: number | null | undefined): string {
  return metres === null || metres === undefined || Number.isNaN(metres) ? NONE : (100 * metres).toFixed(1);
}

/** Metres as "2.4 cm"; below a millimetre as "0.4 mm". */
export function cm(metres: number | null | undefined): string {
  if (metres && metres > 0 && metres < 0.00095) return `${(1000 * metres).toFixed(1)} mm`;
  const text = cmNumber(metres);
  return text === NONE ? NONE : `${text} cm`;
}

/** Metres as "2.4 mm": the tool's own floor, which is always told in millimetres. */
export function mm(metres: number | null): string {
  return metres === null || Number.isNaN(metres) ? NONE : `${(1000 * metres).toFixed(1)} mm`;
}

/** A 95% interval of lengths as "2.1 to 2.8". */
export function cmInterval({ low, high }: Pick<Figure, "low" | "high">): string {
  return low === null || high === null ? NONE : `${cmNumber(low)} to ${cmNumber(high)}`;
}

/** A share as "4.2%"; whole from ten up. */
export function share(value: number | null): string {
  if (value === null) return NONE;
  const percent = 100 * value;
  if (percent < 1e-9) return "0%";
  return `${percent >= 9.95 ? Math.round(percent) : percent.toFixed(1)}%`;
}

export function shareInterval({ low, high }: Pick<Rate, "low" | "high">): string {
  return low === null || high === null ? NONE : `${share(low).replace("%", "")} to ${share(high)}`;
}

/** A share as a figure, or that there are too few marks to say one: the server tells none then. */
export function rate({ value, of }: Rate): string {
  return value === null && of > 0 ? "too few to say" : share(value);
}

/** What a share rests on: "0 of 5 (0 to 43%)". */
export function rateBasis({ count: hits, of, low, high }: Rate): string {
  const basis = `${count(hits)} of ${count(of)}`;
  return low === null || high === null ? basis : `${basis} (${shareInterval({ low, high })})`;
}

/** A figure without a unit, as areas under a curve are written: "0.563". */
export function unitless(value: number | null, digits = 3): string {
  return value === null ? NONE : value.toFixed(digits);
}

export function points(n: number): string {
  return `${count(n)} ${n === 1 ? "point" : "points"}`;
}

export function marks(n: number): string {
  return `${count(n)} ${n === 1 ? "mark" : "marks"}`;
}

export function persons(n: number): string {
  return `${count(n)} ${n === 1 ? "person" : "persons"}`;
}

/** How long work takes, as people say it: "45 s", "12 min", "1 h 10 min"; hours in steps of five minutes. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const fives = 5 * Math.round(seconds / 300);
  const rest = fives % 60;
  return `${Math.floor(fives / 60)} h${rest ? ` ${rest} min` : ""}`;
}

/** A probability as it is reported: "< 0.001", "0.034", "0.21". */
export function pText(p: number | null): string {
  if (p === null) return NONE;
  if (p < 0.001) return "< 0.001";
  return unitless(p, p < 0.0995 ? 3 : 2);
}

const AGO: [seconds: number, unit: string][] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** "3 hours ago", "just now". */
export function ago(then: string, now = Date.now()): string {
  const seconds = (now - new Date(then).getTime()) / 1000;
  for (const [size, unit] of AGO) {
    const n = Math.floor(seconds / size);
    if (n >= 1) return `${n} ${unit}${n === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** Day and time in the viewer's own way. */
export function when(then: string): string {
  return new Date(then).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
