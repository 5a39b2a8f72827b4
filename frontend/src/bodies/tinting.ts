/** Which colour each chart of a body is drawn in. */
import type { Body } from "../api/types";
import type { Parts } from "../parts";

export type Mode = "charts" | "parts" | "distance";

/** A part or a chart, as pointed at or singled out. */
export type Focus = { kind: "part" | "chart"; number: number } | null;

/** What is not coloured by chart or part. */
const PLAIN = "#d8d4cc";

export function isIn(body: Body, chart: number, focus: Focus): boolean {
  if (!focus) return false;
  return focus.kind === "chart" ? chart === focus.number : partOf(body, chart) === focus.number;
}

export function partOf(body: Body, chart: number): number {
  return body.charts[chart - 1]?.part ?? 0;
}

/** The colours of all charts, by chart number, without highlights. */
export function baseColours(body: Body, parts: Parts, mode: Mode): string[] {
  const tint = {
    charts: (chart: Body["charts"][number]) => chart.colour,
    parts: (chart: Body["charts"][number]) => parts.part(chart.part).colour,
    distance: () => PLAIN,
  }[mode];
  return ["#000000", ...body.charts.map(tint)];
}

export function chartsOf(body: Body, part: number): number[] {
  return body.charts.filter((each) => each.part === part).map(({ chart }) => chart);
}

/** Base colours with the chart under the pointer lit, its part a little, and all but a singled-out one left out. */
export function shownColours(body: Body, base: readonly string[], pointed: Focus, single: Focus): (string | null)[] {
  const part = pointed?.kind === "chart" ? partOf(body, pointed.number) : null;
  return base.map((colour, chart) => {
    if (chart === 0 || (single && !isIn(body, chart, single))) return null;
    if (isIn(body, chart, pointed)) return lighten(colour, 0.3);
    return part !== null && partOf(body, chart) === part ? lighten(colour, 0.1) : colour;
  });
}

/** A colour mixed with white. */
export function lighten(colour: string, share: number): string {
  const value = Number.parseInt(colour.slice(1), 16);
  const mixed = [value >> 16, (value >> 8) & 255, value & 255].map((c) => Math.round(c + share * (255 - c)));
  return `#${mixed.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}
