export type Role = "annotator" | "reviewer" | "lead" | "engineer" | "admin";

export interface User {
  id: string;
  username: string;
  name: string;
  role: Role;
}

export interface Account extends User {
  active: boolean;
  created_at: string;
}

/** A person who works in a project. */
export interface Member {
  user_id: string;
  username: string;
  name: string;
  role: Role;
}

export interface Me {
  user: User;
  version: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Progress {
  images: number;
  persons: number;
  masks_done: number;
  points_done: number;
  points: number;
  marks: number;
}

export interface Project {
  id: string;
  name: string;
  description: string;
  body: { name: string; hash: string };
  created_at: string;
  revision: number;
  progress: Progress;
  can: { manage: boolean; annotate: boolean; export: boolean };
}

export interface Image {
  id: string;
  file_name: string;
  width: number;
  height: number;
  persons: number;
  done: number;
  created_at: string;
}

export type Box = [x: number, y: number, width: number, height: number];
export type PersonState = "new" | "mask" | "points" | "done";

export interface Person {
  id: string;
  image_id: string;
  bbox: Box;
  area: number;
  keypoints: number[] | null;
  segmentation: boolean;
  source: "drawn" | "coco" | "rendered";
  revision: number;
  state: PersonState;
  deleted: boolean;
  masks: number;
  points: number;
  marks: number;
}

export interface ImageWithPersons extends Omit<Image, "persons"> {
  persons: Person[];
}

export interface Task {
  id: string;
  kind: "mask" | "points";
  project_id: string;
  person: Person;
  image: Image;
  lease: { user_id: string | null; until: string | null };
  state: "open" | "submitted" | "returned" | "waiting";
  body: { name: string; hash: string };
  mask_id: string;
  region: Box;
}

export interface Mask {
  id: string;
  person_id: string;
  revision: number;
  region: Box;
  runs: number[];
  updated_at: string | null;
}

export interface Projection {
  view: number;
  x: number;
  y: number;
  visible: boolean;
}

export type Flag = "occluded" | "ambiguous" | "wrong_part" | "outside";

export interface Mark {
  id: string;
  point_id: string;
  revision: number;
  kind: "surface" | "flag" | "cleared";
  flag: Flag | null;
  view: number | null;
  x: number | null;
  y: number | null;
  face: number | null;
  bary: [number, number, number] | null;
  i: number | null;
  u: number | null;
  v: number | null;
  projections: Projection[];
  annotator_id: string;
  updated_at: string;
}

export interface Point {
  id: string;
  part: number;
  x: number;
  y: number;
  order: number;
  mark: Mark | null;
}

export interface BodyPart {
  label: number;
  name: string;
  side: "left" | "right" | null;
  mirror: number;
  charts: number[];
  views: { index: number; name: string; title: string }[];
}

export interface Body {
  name: string;
  hash: string;
  parts: BodyPart[];
}

export interface MaskWrite {
  task_id: string;
  region: Box;
  runs: number[];
  revision: number;
  write_id: string;
  seconds: number;
}

export interface MarkWrite {
  task_id: string;
  point_id: string;
  revision: number;
  write_id: string;
  kind: "surface" | "flag" | "cleared";
  view: number | null;
  x: number | null;
  y: number | null;
  flag: Flag | null;
  seconds: number;
}

export interface PersonWrite {
  image_id: string;
  bbox: Box;
  revision: number;
  write_id: string;
}

export interface FileRefused {
  file: string;
  reason: string;
}

export interface FileStored {
  file: string;
  image: Image;
}

export interface UploadResult {
  stored: FileStored[];
  refused: FileRefused[];
  duplicates: FileStored[];
}

export interface CocoResult extends UploadResult {
  persons: number;
  persons_present: number;
  refused_persons: { id: string; reason: string }[];
}
