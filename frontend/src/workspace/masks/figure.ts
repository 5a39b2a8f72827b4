/** The palette's figure: each part as a thick line, drawn as a person who faces you: their right on your left. */

export interface Limb {
  label: number;
  from: [x: number, y: number];
  to: [x: number, y: number];
  width: number;
}

export const FIGURE_WIDTH = 200;
export const FIGURE_HEIGHT = 316;

export const FIGURE: readonly Limb[] = [
  { label: 14, from: [100, 24], to: [100, 36], width: 36 },
  { label: 1, from: [100, 90], to: [100, 134], width: 56 },
  { label: 11, from: [58, 72], to: [50, 102], width: 23 },
  { label: 13, from: [45, 130], to: [38, 160], width: 21 },
  { label: 2, from: [33, 187], to: [31, 195], width: 23 },
  { label: 6, from: [85, 182], to: [82, 214], width: 25 },
  { label: 8, from: [80, 244], to: [78, 272], width: 22 },
  { label: 5, from: [77, 299], to: [68, 302], width: 19 },
  { label: 10, from: [142, 72], to: [150, 102], width: 23 },
  { label: 12, from: [155, 130], to: [162, 160], width: 21 },
  { label: 3, from: [167, 187], to: [169, 195], width: 23 },
  { label: 7, from: [115, 182], to: [118, 214], width: 25 },
  { label: 9, from: [120, 244], to: [122, 272], width: 22 },
  { label: 4, from: [123, 299], to: [132, 302], width: 19 },
];

/** The figure as seen from behind: their right on your right. */
export function mirrored({ label, from, to, width }: Limb): Limb {
  return { label, from: [FIGURE_WIDTH - from[0], from[1]], to: [FIGURE_WIDTH - to[0], to[1]], width };
}

/** Black or white, whichever is easier to read on a colour (relative luminance of WCAG). */
export function inkOn(colour: string): string {
  const value = Number.parseInt(colour.slice(1), 16);
  const [r, g, b] = [value >> 16, (value >> 8) & 255, value & 255].map((channel) => {
    const c = channel / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

const COCO_SHOULDERS = { left: 5, right: 6 };

/** Whether COCO keypoints show the person from behind: their left shoulder on the left. Null: they do not tell. */
export function seenFromBehind(keypoints: readonly number[] | null): boolean | null {
  if (!keypoints) return null;
  const at = (index: number) => ({ x: keypoints[index * 3] ?? 0, seen: (keypoints[index * 3 + 2] ?? 0) > 0 });
  const left = at(COCO_SHOULDERS.left);
  const right = at(COCO_SHOULDERS.right);
  if (!left.seen || !right.seen || left.x === right.x) return null;
  return left.x < right.x;
}
