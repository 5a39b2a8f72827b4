/** What the pages do, as commands of the shell. */
import type { ExportFormat } from "../api/endpoints";
import type { Draft } from "./settings";

/** A word as a POSIX shell takes it unchanged. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A name as a folder's: what file systems do not like becomes a dash. */
export function folderName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "dataset";
}

export function exportCommand(project: string, snapshot: string | null, format: ExportFormat, body?: string): string {
  return command(
    "export",
    [project],
    [
      ...(snapshot === null ? [] : option("snapshot", snapshot)),
      ...option("format", format),
      ...(body === undefined ? [] : option("body", body)),
      ...option("out", folderName(snapshot ?? project)),
    ],
  );
}

/** The command that makes the snapshot of a form; `usernames` gives each annotator's. */
export function createCommand(project: string, draft: Draft, usernames: ReadonlyMap<string, string>): string {
  const number = (name: string, value: number | null) => (value === null ? [] : option(name, String(value)));
  const shares = draft.splits.map(({ name, percent }) => `${name.trim()}=${share(percent ?? 0)}`);
  return command(
    "snapshot create",
    [project, draft.name.trim()],
    [
      ...(shares.length > 0 ? option("split", shares.join(",")) : []),
      ...(draft.unfinished ? [...option("state", "done"), ...option("state", "points")] : []),
      ...(draft.others ? [] : ["--only"]),
      ...draft.annotators.flatMap((id) => option("annotator", usernames.get(id) ?? id)),
      ...number("max-error", draft.maxError),
      ...number("max-flagged", draft.maxFlagged === null ? null : draft.maxFlagged / 100),
      ...number("max-spread", draft.maxSpread),
      ...number("min-marks", draft.minMarks === 1 ? null : draft.minMarks),
      ...draft.tags.flatMap((tag) => option("tag", tag)),
      ...draft.withoutTags.flatMap((tag) => option("without-tag", tag)),
      ...(draft.rendered === "with" ? [] : option("rendered", draft.rendered)),
      ...(draft.gold === "with" ? [] : option("gold", draft.gold)),
      ...(draft.marks === "consensus" ? [] : option("marks", draft.marks)),
      ...(draft.body === null ? [] : option("body", draft.body)),
    ],
  );
}

/** Names that begin with a dash go to the end, behind the dashes that end the options. */
function command(name: string, args: readonly string[], options: readonly string[]): string {
  const words = args.map(quoted);
  return (
    args.some((word) => word.startsWith("-"))
      ? ["densemark", name, ...options, "--", ...words]
      : ["densemark", name, ...words, ...options]
  ).join(" ");
}

const option = (name: string, value: string) =>
  value.startsWith("-") ? [`--${name}=${quoted(value)}`] : [`--${name}`, quoted(value)];
/** Per cent as a share without needless digits: 80 is .8. */
const share = (percent: number) => String(Math.round(100 * percent) / 10_000).replace(/^0\./, ".");
