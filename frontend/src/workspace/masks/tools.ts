import type { Parts } from "@/parts";
import { ValueStore } from "../valueStore";

export type ToolName = "brush" | "eraser" | "polygon" | "fill";

export interface Tool {
  name: ToolName;
  title: string;
  /** KeyboardEvent.code; keys that no part has, under the left hand. */
  code: string;
  key: string;
  hint: string;
}

export const TOOLS: readonly Tool[] = [
  { name: "brush", title: "Brush", code: "KeyS", key: "S", hint: "Drag to paint. Right button erases." },
  { name: "eraser", title: "Eraser", code: "KeyX", key: "X", hint: "Drag to erase." },
  {
    name: "polygon",
    title: "Polygon",
    code: "KeyC",
    key: "C",
    hint: "Click the corners; Enter or a double click closes, Backspace takes the last back, Esc cancels.",
  },
  {
    name: "fill",
    title: "Fill",
    code: "KeyZ",
    key: "Z",
    hint: "Click inside an outline to fill it, on a painted area to give it the current part.",
  },
];

/** What the hand holds. */
export interface Hand {
  tool: ToolName;
  /** The label of a part. */
  label: number;
}

/** A brush with the part that is listed first of those wanted. */
export function createHand(parts: Parts, isWanted: (label: number) => boolean = () => true): ValueStore<Hand> {
  const first = parts.inPairs.find(({ label }) => isWanted(label));
  return new ValueStore<Hand>({ tool: "brush", label: first?.label ?? 1 });
}
