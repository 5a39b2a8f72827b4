import { createLabelMap, type LabelMap } from "./labelMap";

/** A map from rows of characters: "." is empty, a hexadecimal digit a label. */
export function mapOf(...rows: string[]): LabelMap {
  const map = createLabelMap(rows[0]?.length ?? 0, rows.length);
  rows
    .join("")
    .split("")
    .forEach((c, i) => {
      map.data[i] = c === "." ? 0 : Number.parseInt(c, 16);
    });
  return map;
}

export function rowsOf(map: LabelMap): string[] {
  const text = [...map.data].map((label) => (label === 0 ? "." : label.toString(16))).join("");
  return Array.from({ length: map.height }, (_, y) => text.slice(y * map.width, (y + 1) * map.width));
}
