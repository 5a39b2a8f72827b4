/** What a study will cost its annotators, before it begins. */
import type { MasksWay, StudyProgress } from "./types";

/** Of a body's parts, those that a rendered person shows: some are hidden by others or by what stands before them. */
const SEEN = 0.8;
/** Until this project has measured it. */
export const SECONDS_PER_POINT = 6;
export const SECONDS_PER_MASK = 240;
/** The server gives no more points of a part on a person for practice. */
export const PRACTICE_POINTS = 2;

export interface Outline {
  persons: number;
  annotators: number;
  /** Parts asked for. */
  parts: number;
  pointsPerPart: number;
  masks: MasksWay;
  practice: number;
  again: number;
  /** Seconds per point as measured in earlier studies, if there are any. */
  measured?: number | null;
}

export interface Estimate {
  pointsPerPerson: number;
  /** Persons that each annotator is given, practice and second times included. */
  personsEach: number;
  /** Points of all annotators that enter the report. */
  points: number;
  secondsEach: number;
}

export function estimate(outline: Outline): Estimate {
  const { persons, annotators, parts, pointsPerPart, masks, practice, again, measured } = outline;
  const pointsPerPerson = Math.round(SEEN * parts * pointsPerPart);
  const pointsForPractice = Math.round(SEEN * parts * Math.min(pointsPerPart, PRACTICE_POINTS));
  const personsEach = persons + practice + again;
  const pointsEach = (persons + again) * pointsPerPerson + practice * pointsForPractice;
  return {
    pointsPerPerson,
    personsEach,
    points: annotators * (persons + again) * pointsPerPerson,
    secondsEach:
      pointsEach * (measured ?? SECONDS_PER_POINT) + (masks === "drawn" ? personsEach * SECONDS_PER_MASK : 0),
  };
}

/** Below so many marks a pace is chance. */
const ENOUGH = 50;

/** Seconds that people took for a point in earlier studies, programs left out; null while they have marked too few. */
export function paceOf(studies: readonly Pick<StudyProgress, "annotators">[]): number | null {
  const people = studies.flatMap(({ annotators }) => annotators.filter(({ simulated }) => !simulated));
  const marks = people.reduce((sum, each) => sum + each.marks, 0);
  const seconds = people.reduce((sum, each) => sum + each.seconds, 0);
  return marks >= ENOUGH && seconds > 0 ? seconds / marks : null;
}

/** A count with as many digits as an estimate has: two. */
export function rounded(value: number): number {
  if (value < 100) return value >= 20 ? 5 * Math.round(value / 5) : value;
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return step * Math.round(value / step);
}
