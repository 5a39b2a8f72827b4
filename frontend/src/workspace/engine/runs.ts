/** Run-length form of a label map, as the server takes it: row-major `[label, length, label, length, ...]`. */

import type { Rect } from "./geometry";
import { createLabelMap, type LabelMap, wordsOf } from "./labelMap";

/** Index of the first pixel from `start` whose label is not `label`, at most `end`. */
function runEnd(data: Uint8Array, words: Uint32Array, start: number, end: number, label: number): number {
  let i = start;
  while (i < end && i % 4 !== 0 && data[i] === label) i++;
  if (i % 4 === 0 && i < end) {
    const word = label * 0x01010101;
    let w = i >> 2;
    const last = end >> 2;
    while (w < last && words[w] === word) w++;
    i = w * 4;
  }
  while (i < end && data[i] === label) i++;
  return i;
}

/** Runs of the whole map; neighbouring runs have different labels. */
export function encodeRuns(map: LabelMap): number[] {
  const { data } = map;
  const words = wordsOf(map);
  const runs: number[] = [];
  let start = 0;
  while (start < data.length) {
    const label = data[start] as number;
    const end = runEnd(data, words, start, data.length, label);
    runs.push(label, end - start);
    start = end;
  }
  return runs;
}

/**
 * Label map of runs; no runs at all make an empty map.
 *
 * @param labels the largest label that a part has.
 * @throws RangeError unless the runs are pairs of a label 0..labels and a length >= 1 that fill exactly width x height.
 */
export function decodeRuns(runs: readonly number[], width: number, height: number, labels: number): LabelMap {
  const map = createLabelMap(width, height);
  if (runs.length === 0) return map;
  if (runs.length % 2 !== 0) throw new RangeError(`runs come in pairs, not ${runs.length} numbers`);
  let at = 0;
  for (let k = 0; k < runs.length; k += 2) {
    const label = runs[k] as number;
    const length = runs[k + 1] as number;
    if (!(Number.isInteger(label) && label >= 0 && label <= labels)) {
      throw new RangeError(`run ${k / 2}: label ${label} is outside 0..${labels}`);
    }
    if (!(Number.isInteger(length) && length >= 1 && at + length <= map.data.length)) {
      throw new RangeError(`run ${k / 2}: length ${length} does not fit ${width}x${height}`);
    }
    map.data.fill(label, at, at + length);
    at += length;
  }
  if (at !== map.data.length) throw new RangeError(`runs cover ${at} pixels of ${width}x${height}`);
  return map;
}

/** Runs of the pixels of a rectangle, row by row; small enough to keep hundreds of them for undo. */
export function encodeRect(map: LabelMap, rect: Rect): Uint32Array {
  const words = wordsOf(map);
  const runs: number[] = [];
  let label = -1;
  let length = 0;
  for (let y = rect.y0; y < rect.y1; y++) {
    const rowEnd = y * map.width + rect.x1;
    let i = y * map.width + rect.x0;
    while (i < rowEnd) {
      const value = map.data[i] as number;
      const end = runEnd(map.data, words, i, rowEnd, value);
      if (value !== label) {
        if (length > 0) runs.push(label, length);
        label = value;
        length = 0;
      }
      length += end - i;
      i = end;
    }
  }
  if (length > 0) runs.push(label, length);
  return Uint32Array.from(runs);
}

/** Writes runs made by `encodeRect` of the same rectangle back into the map. */
export function decodeRect(map: LabelMap, rect: Rect, runs: Uint32Array): void {
  const width = rect.x1 - rect.x0;
  let at = 0;
  for (let k = 0; k < runs.length; k += 2) {
    const label = runs[k] as number;
    let left = runs[k + 1] as number;
    while (left > 0) {
      const column = at % width;
      const count = Math.min(left, width - column);
      const start = (rect.y0 + (at - column) / width) * map.width + rect.x0 + column;
      map.data.fill(label, start, start + count);
      at += count;
      left -= count;
    }
  }
}
