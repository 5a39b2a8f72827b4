/**
 * The 14 coarse parts: mask labels in the order of DensePose-COCO. Left and right are the person's own.
 *
 * Colours: a limb's two sides are one hue family, the person's right light, their left dark. They were chosen so that
 * mirror twins and parts that touch stay apart in normal vision and under protanopia, deuteranopia and tritanopia
 * (parts.test.ts measures it).
 *
 * Keys: physical positions (KeyboardEvent.code, so they hold on any layout), laid out under the left hand like a person
 * who faces you: their right on your left.
 *
 *     1 upper arm   2 head    3 upper arm
 *     Q lower arm   W torso   E lower arm     R upper leg   T upper leg
 *     A hand                  D hand          F lower leg   G lower leg
 *                                             V foot        B foot
 */
export type Side = "left" | "right";

export interface Part {
  label: number;
  name: string;
  side: Side | null;
  /** The label of the same part on the other side; its own label where there is none. */
  mirror: number;
  colour: string;
  /** The key as printed on a QWERTY keyboard, for showing. */
  key: string;
  /** KeyboardEvent.code, for listening. */
  code: string;
}

export const PARTS: readonly Part[] = [
  { label: 1, name: "Torso", side: null, mirror: 1, colour: "#685dd1", key: "W", code: "KeyW" },
  { label: 2, name: "Right Hand", side: "right", mirror: 3, colour: "#fbcda9", key: "A", code: "KeyA" },
  { label: 3, name: "Left Hand", side: "left", mirror: 2, colour: "#d43c28", key: "D", code: "KeyD" },
  { label: 4, name: "Left Foot", side: "left", mirror: 5, colour: "#cb7603", key: "B", code: "KeyB" },
  { label: 5, name: "Right Foot", side: "right", mirror: 4, colour: "#c1b55d", key: "V", code: "KeyV" },
  { label: 6, name: "Upper Leg Right", side: "right", mirror: 7, colour: "#cf82c9", key: "R", code: "KeyR" },
  { label: 7, name: "Upper Leg Left", side: "left", mirror: 6, colour: "#a1368a", key: "T", code: "KeyT" },
  { label: 8, name: "Lower Leg Right", side: "right", mirror: 9, colour: "#9ef35e", key: "F", code: "KeyF" },
  { label: 9, name: "Lower Leg Left", side: "left", mirror: 8, colour: "#559980", key: "G", code: "KeyG" },
  { label: 10, name: "Upper Arm Left", side: "left", mirror: 11, colour: "#3497eb", key: "3", code: "Digit3" },
  { label: 11, name: "Upper Arm Right", side: "right", mirror: 10, colour: "#a9bfed", key: "1", code: "Digit1" },
  { label: 12, name: "Lower Arm Left", side: "left", mirror: 13, colour: "#966784", key: "E", code: "KeyE" },
  { label: 13, name: "Lower Arm Right", side: "right", mirror: 12, colour: "#ef9397", key: "Q", code: "KeyQ" },
  { label: 14, name: "Head", side: null, mirror: 14, colour: "#f66a9d", key: "2", code: "Digit2" },
];

/** The part of a mask label 1..14; throws RangeError on any other. */
export function part(label: number): Part {
  const found = PARTS[label - 1];
  if (!found) throw new RangeError(`no part has the label ${label}`);
  return found;
}

/** The part whose key was pressed, if any. */
export function partOfCode(code: string): Part | undefined {
  return PARTS.find((p) => p.code === code);
}
