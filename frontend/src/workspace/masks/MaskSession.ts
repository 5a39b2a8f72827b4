import { ApiError } from "@/api/error";
import type { Mask, Task } from "@/api/types";
import type { Parts } from "@/parts";
import { WorkClock } from "../activity";
import type { Rect } from "../engine/geometry";
import { type LabelMap, moveToRegion, type Region, sameRegion } from "../engine/labelMap";
import { MaskEditor } from "../engine/maskEditor";
import { decodeRuns, encodeRuns } from "../engine/runs";
import type { MaskPayload } from "../journal/http";
import type { Journal } from "../journal/journal";
import type { ObjectRef } from "../journal/types";
import { ValueStore } from "../valueStore";
import { createHand, type Hand } from "./tools";

/** Strokes within this time go to the server together. */
const SEND_AFTER_MS = 400;

export interface MaskState {
  canUndo: boolean;
  canRedo: boolean;
  /** Labels that have pixels. */
  painted: ReadonlySet<number>;
}

/** The work on one person's mask: the editor, what the hand holds, and where each step is kept. */
export class MaskSession {
  readonly editor: MaskEditor;
  readonly hand: ValueStore<Hand>;
  readonly state: ValueStore<MaskState>;
  readonly clock = new WorkClock(() => performance.now());
  readonly ref: ObjectRef;
  /** Labels that the task's study asks for; null for all. */
  readonly wanted: ReadonlySet<number> | null;
  /** Redraws a rectangle of the map; set while there is a canvas. */
  onDraw: (rect: Rect) => void = () => {};

  /** @param local the state that the journal holds, newer than the server's; null when there is none. */
  constructor(
    readonly task: Task,
    mask: Mask,
    local: MaskPayload | null,
    private readonly journal: Journal,
    readonly parts: Parts,
  ) {
    this.wanted = task.study?.parts ? new Set(task.study.parts) : null;
    this.hand = createHand(parts, (label) => this.isWanted(label));
    this.ref = { kind: "mask", id: task.mask_id };
    const map = mapIn(task.region, local ?? mask, parts);
    this.editor = new MaskEditor(
      map,
      (rect) => this.onDraw(rect),
      () => this.edited(),
    );
    this.state = new ValueStore<MaskState>({ canUndo: false, canRedo: false, painted: paintedIn(encodeRuns(map)) });
  }

  isWanted(label: number): boolean {
    return this.wanted?.has(label) ?? true;
  }

  /** Takes a part into the hand; false where the study does not ask for it. */
  pick(label: number, hand: Partial<Hand> = {}): boolean {
    if (!this.isWanted(label)) return false;
    this.hand.set({ ...hand, label });
    return true;
  }

  /** Takes the server's mask in place of ours, as a step that undo takes back. */
  adopt(mask: Mask): void {
    this.editor.replace(mapIn(this.task.region, mask, this.parts));
  }

  /**
   * Ends the mask. If it was last saved over another window, since the person's box was changed after that, what is
   * shown here is saved over this window first.
   */
  async submit(send: (revision: number) => Promise<Task>): Promise<Task> {
    const revision = await this.journal.finish(this.ref);
    try {
      return await send(revision);
    } catch (error) {
      if (!isOurs(error, revision)) throw error;
      await this.save(encodeRuns(this.editor.map));
      return await send(await this.journal.finish(this.ref));
    }
  }

  private edited(): void {
    const runs = encodeRuns(this.editor.map);
    const { history } = this.editor;
    this.state.set({ canUndo: history.canUndo, canRedo: history.canRedo, painted: paintedIn(runs) });
    void this.save(runs);
  }

  private save(runs: number[]): Promise<unknown> {
    const payload: MaskPayload = { task_id: this.task.id, region: this.task.region, runs };
    return this.journal.record(this.ref, payload, this.clock.take(), SEND_AFTER_MS);
  }
}

/** The map of a mask over a region, even where the person's box was changed since it was painted. */
export function mapIn(
  region: Region,
  { region: own, runs }: { region: Region; runs: readonly number[] },
  parts: Parts,
): LabelMap {
  const [, , width = 0, height = 0] = own;
  const map = decodeRuns(runs, width, height, parts.count);
  return sameRegion(own, region) ? map : moveToRegion(map, own, region);
}

/** Whether the server refused as stale the very revision that it has: not the mask changed, but its window. */
function isOurs(error: unknown, revision: number): boolean {
  return (
    error instanceof ApiError && error.kind === "stale" && (error.current as Mask | undefined)?.revision === revision
  );
}

function paintedIn(runs: readonly number[]): ReadonlySet<number> {
  const labels = new Set<number>();
  for (let k = 0; k < runs.length; k += 2) labels.add(runs[k] as number);
  labels.delete(0);
  return labels;
}
