/** Studies of the annotators' accuracy, as the server tells of them. */
import type { Geodesics, Mark, SurfacePoint, Task } from "../api/types";
import type { Job } from "../jobs/api";
import type { Report } from "./report";

export type StudyState = "draft" | "open" | "closed";
export type MasksWay = "given" | "drawn";
export type TaskKind = Task["kind"];
export type MarkKind = Mark["kind"];

export interface StudyAnnotator {
  user_id: string;
  username: string;
  name: string;
  /** A program, no person. */
  simulated: boolean;
}

export interface Study {
  id: string;
  project_id: string;
  name: string;
  description: string;
  state: StudyState;
  body: { name: string; hash: string };
  /** Persons that are measured, and those that come before them for practice. */
  persons: number;
  practice: number;
  /** How many of the measured ones everybody gets twice. */
  again: number;
  annotators: StudyAnnotator[];
  parts: number[] | null;
  points_per_part: number;
  masks: MasksWay;
  seed: number;
  /** Measured persons handed in by all annotators, of all that are given out. */
  done: number;
  total: number;
  created_at: string;
  opened_at: string | null;
  closed_at: string | null;
  revision: number;
}

export interface StudyCreate {
  name: string;
  description: string;
  persons?: string[];
  count?: number;
  annotators: string[];
  parts: number[] | null;
  points_per_part: number;
  masks: MasksWay;
  practice: number;
  again: number;
  seed?: number;
}

export interface AnnotatorProgress extends StudyAnnotator {
  done: number;
  total: number;
  practice_done: number;
  practice: number;
  /** Points of the measured persons handed out so far, and those of them with a mark or a flag. */
  points: number;
  marks: number;
  /** Work on measured persons. */
  seconds: number;
  last_seen: string | null;
}

export interface StudyProgress {
  done: number;
  total: number;
  annotators: AnnotatorProgress[];
}

/** A study as one of its annotators sees it. */
export interface MyStudy {
  id: string;
  project_id: string;
  name: string;
  description: string;
  state: StudyState;
  masks: MasksWay;
  done: number;
  total: number;
  practice: number;
  practice_left: number;
  /** What waits; null when all is done or the study is not open. */
  next: TaskKind | null;
}

export interface PointFeedback {
  point_id: string;
  part: number;
  x: number;
  y: number;
  kind: MarkKind;
  marked: SurfacePoint | null;
  true: SurfacePoint | null;
  /** Metres along the surface; null where one of the two is missing, or not measured yet. */
  error: number | null;
}

/** `measured` is false while the body's table of distances is being made. */
export interface Feedback {
  measured: boolean;
  table: Geodesics;
  mean: number | null;
  median: number | null;
  items: PointFeedback[];
}

export interface ReportStatus {
  report: Report | null;
  computed_at: string | null;
  stale: boolean;
  job: Job | null;
  table: Geodesics;
}
