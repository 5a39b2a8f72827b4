import type { Flag, Mark, Point, Task } from "@/api/types";
import { uuid } from "@/lib/uuid";
import { type Parts, spoken } from "@/parts";
import { WorkClock } from "../activity";
import type { MarkPayload } from "../journal/http";
import type { Journal, JournalEvent } from "../journal/journal";
import type { ObjectRef } from "../journal/types";
import { ValueStore } from "../valueStore";

/** A mark as it is shown: the newest state, confirmed or not. */
export interface ShownMark {
  kind: "surface" | "flag";
  flag: Flag | null;
  /** Where it was clicked; null for flags. */
  view: number | null;
  x: number | null;
  y: number | null;
  /** Where the six views show it; empty until the server has answered. */
  projections: Mark["projections"];
}

/** Where a click was refused, and why. */
export interface Refusal {
  pointId: string;
  view: number;
  x: number;
  y: number;
  message: string;
}

export interface MarksState {
  /** Index of the current point in `points`. */
  index: number;
  marks: ReadonlyMap<string, ShownMark>;
  refusal: Refusal | null;
  canUndo: boolean;
}

type Placing = Pick<MarkPayload, "kind" | "view" | "x" | "y" | "flag">;

const CLEARED: Placing = { kind: "cleared", view: null, x: null, y: null, flag: null };

interface PointMark {
  ref: ObjectRef;
  /** What the server confirmed last. */
  stored: Mark | null;
  /** What it has not confirmed yet. */
  local: Placing | null;
}

/** The marks of one person: which point is at hand, what each point has, and what can be taken back. */
export class MarksSession {
  readonly points: readonly Point[];
  readonly state: ValueStore<MarksState>;
  readonly clock = new WorkClock(() => performance.now());
  private readonly marks = new Map<string, PointMark>();
  private readonly byMarkId = new Map<string, string>();
  private readonly undoable: { pointId: string; before: Placing }[] = [];
  private clicks = new Map<string, Placing>();

  /** @param unconfirmed what the journal holds of marks, by mark id. */
  constructor(
    readonly task: Task,
    points: readonly Point[],
    unconfirmed: ReadonlyMap<string, object>,
    readonly user: string,
    private readonly journal: Journal,
    readonly parts: Parts,
  ) {
    this.points = [...points].sort((a, b) => a.order - b.order);
    const kept = new Map<string, { id: string; payload: MarkPayload }>();
    for (const [id, payload] of unconfirmed) {
      const mark = payload as MarkPayload;
      kept.set(mark.point_id, { id, payload: mark });
    }
    for (const point of this.points) {
      const local = kept.get(point.id) ?? null;
      // A mark of somebody who had the person before is shown, and ours is put beside it.
      const own = point.mark?.annotator_id === user ? point.mark : null;
      this.bind(point.id, local?.id ?? own?.id ?? uuid(), point.mark, local?.payload ?? null);
      if (own) journal.seen({ kind: "mark", id: own.id }, own.revision);
    }
    const marks = this.shown();
    const first = this.points.findIndex((point) => !marks.has(point.id));
    this.state = new ValueStore<MarksState>({ index: Math.max(first, 0), marks, refusal: null, canUndo: false });
  }

  /** Follows the journal; returns how to stop. */
  follow(): () => void {
    return this.journal.onEvent((event) => this.happened(event));
  }

  get current(): Point {
    return this.points[this.state.get().index] as Point;
  }

  get refs(): ObjectRef[] {
    return [...this.marks.values()].map(({ ref }) => ref);
  }

  place(view: number, x: number, y: number): void {
    this.write(this.current.id, { kind: "surface", view, x, y, flag: null });
  }

  /** Says of a click beside the part that it is none; nothing is written. */
  refuse(view: number, x: number, y: number): void {
    const { id, part } = this.current;
    const message = `that is not the ${spoken(this.parts.part(part)).full.toLowerCase()}; click on it`;
    this.state.set({ refusal: { pointId: id, view, x, y, message } });
  }

  flag(flag: Flag): void {
    this.write(this.current.id, { kind: "flag", view: null, x: null, y: null, flag });
  }

  clear(): void {
    if (this.state.get().marks.has(this.current.id)) this.write(this.current.id, CLEARED);
  }

  /** Takes the last mark, flag or clearing back, and shows its point. */
  undo(): void {
    const last = this.undoable.pop();
    if (!last) return;
    this.record(last.pointId, last.before);
    this.goTo(this.points.findIndex((point) => point.id === last.pointId));
    this.update();
  }

  goTo(index: number): void {
    if (index < 0 || index >= this.points.length) return;
    this.state.set({ index, refusal: null });
  }

  step(by: 1 | -1): void {
    this.goTo(this.state.get().index + by);
  }

  /** Goes to the next point without a mark, from the current one on and around; false when there is none. */
  nextUnmarked(): boolean {
    const { index, marks } = this.state.get();
    const count = this.points.length;
    for (let k = 1; k <= count; k++) {
      const at = (index + k) % count;
      if (marks.has((this.points[at] as Point).id)) continue;
      this.goTo(at);
      return true;
    }
    return false;
  }

  /** Points with neither mark nor flag. */
  get left(): number {
    return this.points.length - this.state.get().marks.size;
  }

  /** Points whose mark met another one of the same annotator, written elsewhere. */
  conflicts(): { pointId: string; theirs: Mark }[] {
    const found: { pointId: string; theirs: Mark }[] = [];
    for (const [pointId, { ref }] of this.marks) {
      const theirs = this.journal.conflict(ref) as Mark | null;
      if (theirs) found.push({ pointId, theirs });
    }
    return found;
  }

  /** Settles all conflicts alike. */
  async settle(keep: "mine" | "theirs"): Promise<void> {
    for (const { pointId, theirs } of this.conflicts()) {
      const mark = this.marks.get(pointId) as PointMark;
      const mine = this.journal.local(mark.ref) as MarkPayload | null;
      const sameObject = theirs.id === mark.ref.id;
      await this.journal.resolve(mark.ref, sameObject ? keep : "theirs");
      mark.stored = theirs;
      mark.local = keep === "mine" ? mine : null;
      if (!sameObject) {
        // The server has one mark of an annotator on a point: ours goes on under the id of that one.
        this.bind(pointId, theirs.id, theirs, mark.local);
        this.journal.seen({ kind: "mark", id: theirs.id }, theirs.revision);
        if (keep === "mine" && mine) this.record(pointId, mine);
      }
    }
    this.update();
  }

  private bind(pointId: string, id: string, stored: Mark | null, local: Placing | null): void {
    this.marks.set(pointId, { ref: { kind: "mark", id }, stored, local });
    this.byMarkId.set(id, pointId);
  }

  private write(pointId: string, placing: Placing): void {
    this.undoable.push({ pointId, before: this.placingOf(pointId) });
    this.record(pointId, placing);
    this.update();
  }

  private record(pointId: string, placing: Placing): void {
    const mark = this.marks.get(pointId) as PointMark;
    const { kind, view, x, y, flag } = placing;
    const payload: MarkPayload = { task_id: this.task.id, point_id: pointId, kind, view, x, y, flag };
    mark.local = payload;
    if (kind === "surface") this.clicks.set(mark.ref.id, payload);
    void this.journal.record(mark.ref, payload, this.clock.take());
  }

  private placingOf(pointId: string): Placing {
    const { local, stored } = this.marks.get(pointId) as PointMark;
    const source = local ?? stored;
    if (!source) return CLEARED;
    const { kind, view, x, y, flag } = source;
    return { kind, view: view ?? null, x: x ?? null, y: y ?? null, flag: flag ?? null };
  }

  private happened(event: JournalEvent): void {
    const pointId = this.byMarkId.get(event.ref.id);
    const mark = pointId === undefined ? undefined : this.marks.get(pointId);
    if (!pointId || !mark) return;
    if (event.type === "stored") {
      mark.stored = event.current as Mark;
      mark.local = this.journal.local(mark.ref) as MarkPayload | null;
    } else if (event.dropped) {
      const click = this.clicks.get(mark.ref.id);
      mark.local = this.journal.local(mark.ref) as MarkPayload | null;
      if (this.undoable.at(-1)?.pointId === pointId) this.undoable.pop();
      if (click && click.view != null && click.x != null && click.y != null) {
        const { view, x, y } = click;
        this.state.set({ refusal: { pointId, view, x, y, message: event.message } });
      }
    }
    this.update();
  }

  private update(): void {
    const { refusal, index } = this.state.get();
    const shownNow = refusal && this.points[index]?.id === refusal.pointId && !this.marks.get(refusal.pointId)?.local;
    this.state.set({
      marks: this.shown(),
      canUndo: this.undoable.length > 0,
      refusal: shownNow ? refusal : null,
    });
  }

  private shown(): Map<string, ShownMark> {
    const shown = new Map<string, ShownMark>();
    for (const [pointId, { local, stored }] of this.marks) {
      const source = local ?? stored;
      if (!source || source.kind === "cleared") continue;
      const { kind, flag, view, x, y } = source;
      // The server's projections hold while what is shown is what it confirmed.
      const projections = local ? [] : (stored?.projections ?? []);
      shown.set(pointId, { kind, flag: flag ?? null, view: view ?? null, x: x ?? null, y: y ?? null, projections });
    }
    return shown;
  }
}
