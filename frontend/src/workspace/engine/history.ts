/** Undo and redo by patches: the rectangle that a step changed, before and after, as runs. Bounded in steps and bytes. */

import type { Rect } from "./geometry";
import type { LabelMap } from "./labelMap";
import { decodeRect, encodeRect } from "./runs";

export interface Patch {
  rect: Rect;
  before: Uint32Array;
  after: Uint32Array;
}

export interface HistoryLimits {
  steps: number;
  bytes: number;
}

const DEFAULT_LIMITS: HistoryLimits = { steps: 500, bytes: 64 << 20 };

function cost(patch: Patch): number {
  return patch.before.byteLength + patch.after.byteLength + 64;
}

export class History {
  private done: Patch[] = [];
  private undone: Patch[] = [];
  private bytes = 0;

  constructor(private readonly limits: HistoryLimits = DEFAULT_LIMITS) {}

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  get size(): { steps: number; bytes: number } {
    return { steps: this.done.length + this.undone.length, bytes: this.bytes };
  }

  /** Remembers one step that changed `rect` from what `before` shows to what `after` shows. */
  record(before: LabelMap, after: LabelMap, rect: Rect): void {
    for (const patch of this.undone) this.bytes -= cost(patch);
    this.undone = [];
    const patch = { rect, before: encodeRect(before, rect), after: encodeRect(after, rect) };
    this.done.push(patch);
    this.bytes += cost(patch);
    // The newest step always stays, however large: the last stroke can be taken back.
    while (this.done.length > 1 && (this.done.length > this.limits.steps || this.bytes > this.limits.bytes)) {
      this.bytes -= cost(this.done.shift() as Patch);
    }
  }

  /** Takes the last step back; the rectangle it changed, or null when there is none. */
  undo(map: LabelMap): Rect | null {
    const patch = this.done.pop();
    if (!patch) return null;
    decodeRect(map, patch.rect, patch.before);
    this.undone.push(patch);
    return patch.rect;
  }

  redo(map: LabelMap): Rect | null {
    const patch = this.undone.pop();
    if (!patch) return null;
    decodeRect(map, patch.rect, patch.after);
    this.done.push(patch);
    return patch.rect;
  }
}
