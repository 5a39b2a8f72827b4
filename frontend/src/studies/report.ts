/** A study's report as the server computes it. Lengths are metres, shares are in [0,1]; null is "cannot be said". */

export interface Figure {
  value: number | null;
  low: number | null;
  high: number | null;
  count: number;
}

export interface Rate extends Omit<Figure, "count"> {
  count: number;
  of: number;
}

export interface Group {
  kind: "part" | "group" | "all";
  name: string;
  label: number | null;
  persons: number;
  points: number;
  flagged: number;
  mean: Figure;
  median: Figure;
  p90: Figure;
  surface_mean: Figure;
}

export interface Curve {
  source: "annotators" | "annotator" | "network" | "floor";
  name: string;
  thresholds: number[];
  ratio: number[];
  low: number[];
  high: number[];
  auc10: Figure;
  auc30: Figure;
}

export interface Published {
  name: string;
  citation: string;
  auc10: number;
  auc30: number;
}

export interface AnnotatorReport {
  name: string;
  simulated: boolean;
  rank: number;
  group: string;
  persons: number;
  points: number;
  flagged: number;
  outside: number;
  mean: Figure;
  median: Figure;
  p90: Figure;
  surface_mean: Figure;
  auc10: Figure;
  auc30: Figure;
  left_right: Rate;
  front_back: Rate;
  suspect: string[];
  seconds_per_point: Figure;
  mask_iou: Figure | null;
  retest: Figure | null;
  parts: Group[];
}

export interface Difference {
  first: string;
  second: string;
  points: number;
  persons: number;
  difference: Figure;
  p: number;
  p_corrected: number;
  differs: boolean;
}

export interface Trend {
  name: string;
  label: string;
  unit: string;
  bins: { low: number; high: number; mean: Figure }[];
  slope: Figure;
  p: number | null;
  says: string;
}

export interface Report {
  form: number;
  title: string;
  body: string;
  body_hash: string;
  persons: number;
  annotators: number;
  points: number;
  marked: number;
  flagged: number;
  outside: number;
  simulated: string[];
  floor: Figure;
  groups: Group[];
  curves: Curve[];
  published: Published[];
  by_annotator: AnnotatorReport[];
  differences: Difference[];
  left_right: Rate;
  front_back: Rate;
  trends: Trend[];
  shares: { annotator: Figure; image: Figure; part: Figure; rest: Figure; spread: number | null };
  masks: { name: string; label: number | null; iou: Figure; masks: number }[] | null;
  retest: { points: number; distance: Figure; first: Figure; second: Figure; correlation: Figure } | null;
  plan: { rows: { points_per_person: number; difference: number; persons: number | null }[]; says: string };
  interpolation: { points: number; measured: number | null; foretold: number | null };
  says: string[];
  notes: string[];
}
