/** What was dropped or chosen: a file and its path inside the dropped folder ("run1/0001.jpg"). */
export interface Picked {
  file: File;
  path: string;
}

/** Files that systems leave behind in folders; nobody means to upload them. */
const LITTER = /(^|\/)((\.[^/]*|__MACOSX)(\/.*)?|Thumbs\.db|desktop\.ini)$/i;
const PHOTO = /\.(jpe?g|png|webp|bmp|tiff?|gif|avif|heic|heif|jp2|ppm|pgm)$/i;
const byPath = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function isZip({ file, path }: Picked): boolean {
  return /\.zip$/i.test(path) || file.type === "application/zip";
}

export function isJson({ file, path }: Picked): boolean {
  return /\.json$/i.test(path) || file.type === "application/json";
}

/** Whether the file may be a photo; the server looks inside and decides. */
export function isPhoto({ file, path }: Picked): boolean {
  return PHOTO.test(path) || file.type.startsWith("image/");
}

/** Sorted by path as people count (2 before 10), without system litter. */
function tidy(picked: Picked[]): Picked[] {
  return picked.filter(({ path }) => !LITTER.test(path)).sort((a, b) => byPath.compare(a.path, b.path));
}

/** Opens the system's chooser. Call it from a click; resolves to nothing when the person cancels. */
export function chooseFiles({ accept = "", folder = false }: { accept?: string; folder?: boolean }): Promise<Picked[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = accept;
    input.webkitdirectory = folder;
    input.hidden = true;
    const done = () => {
      resolve(fromInput(input.files ?? []));
      input.remove();
    };
    input.addEventListener("change", done);
    input.addEventListener("cancel", done);
    document.body.append(input);
    input.click();
  });
}

export const PHOTO_TYPES = "image/*,.zip,application/zip";

/** The files of a file or folder chooser. */
export function fromInput(files: Iterable<File>): Picked[] {
  return tidy(Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/**
 * The files of a drop, with those in dropped folders at any depth. Call it inside the event handler: the list of items
 * is emptied as soon as that returns, so all entries are taken before the first await.
 */
export async function fromDrop(transfer: DataTransfer): Promise<Picked[]> {
  const entries: FileSystemEntry[] = [];
  const plain: File[] = [];
  for (const item of Array.from(transfer.items)) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    else if (file) plain.push(file);
  }
  const found = plain.map((file) => ({ file, path: file.name }));
  for (const entry of entries) await walk(entry, found);
  return tidy(found);
}

async function walk(entry: FileSystemEntry, found: Picked[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // One call gives at most 100 entries; an empty answer means that the folder is done.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const child of some) await walk(child, found);
  }
}

export interface BatchLimits {
  files: number;
  bytes: number;
}

/** Small enough that a batch takes seconds and a lost one costs little, large enough that 5,000 photos need few calls. */
export const BATCH: BatchLimits = { files: 24, bytes: 32 * 2 ** 20 };

/** Cuts the files into batches in order. A file beyond the byte limit, and every zip, travels alone. */
export function batches(picked: readonly Picked[], limits: BatchLimits = BATCH): Picked[][] {
  const result: Picked[][] = [];
  let batch: Picked[] = [];
  let bytes = 0;
  const close = () => {
    if (batch.length > 0) result.push(batch);
    batch = [];
    bytes = 0;
  };
  for (const one of picked) {
    const alone = isZip(one);
    if (alone || batch.length >= limits.files || bytes + one.file.size > limits.bytes) close();
    batch.push(one);
    bytes += one.file.size;
    if (alone) close();
  }
  close();
  return result;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** 1536 -> "1.5 KB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
