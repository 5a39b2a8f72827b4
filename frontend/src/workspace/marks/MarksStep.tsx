import type { Point, Task, User } from "@/api/types";
import type { Journal } from "../journal/journal";
import type { Settings } from "../settings";
import type { ValueStore } from "../valueStore";

interface Props {
  task: Task;
  user: User;
  points: Point[];
  local: Map<string, object>;
  journal: Journal;
  settings: ValueStore<Settings>;
  onTask: (next: Task) => void;
}

export function MarksStep({ points }: Props) {
  return <p>{points.length}</p>;
}
