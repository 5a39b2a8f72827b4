/** Working time: the time between signs of life, of which a long one counts only in part. */

const PAUSE_MS = 20_000;

export class WorkClock {
  private worked = 0;
  private last: number;

  constructor(private readonly now: () => number) {
    this.last = now();
  }

  /** The annotator did something. */
  touch(): void {
    const now = this.now();
    this.worked += Math.min(now - this.last, PAUSE_MS);
    this.last = now;
  }

  /** Seconds worked since the last call. */
  take(): number {
    this.touch();
    const seconds = Math.round(this.worked) / 1000;
    this.worked = 0;
    return seconds;
  }
}
