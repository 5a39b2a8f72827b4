import { describe, expect, it } from "vitest";
import { batches, formatBytes, fromDrop, fromInput, isJson, isPhoto, isZip, type Picked } from "./files";

const file = (name: string, size = 1, type = "") => new File([new Uint8Array(size)], name, { type });
const picked = (path: string, size = 1): Picked => ({ file: file(path, size), path });

type Tree = { [name: string]: Tree | File };

/** A folder as browsers hand it out: at most 100 entries per call of readEntries. */
function entry(name: string, content: Tree | File, parent = ""): FileSystemEntry {
  const fullPath = `${parent}/${name}`;
  if (content instanceof File) {
    return { isFile: true, name, fullPath, file: (give: FileCallback) => give(content) } as unknown as FileSystemEntry;
  }
  const children = Object.entries(content).map(([child, value]) => entry(child, value, fullPath));
  const createReader = () => {
    const left = [...children];
    return { readEntries: (give: (entries: FileSystemEntry[]) => void) => give(left.splice(0, 100)) };
  };
  return { isFile: false, isDirectory: true, name, fullPath, createReader } as unknown as FileSystemEntry;
}

/** A drop whose items vanish once the event is over. */
function drop(tree: Tree): { transfer: DataTransfer; end: () => void } {
  const items = Object.entries(tree).map(([name, content]) => ({
    kind: "file",
    webkitGetAsEntry: () => entry(name, content),
    getAsFile: () => null,
  }));
  return { transfer: { items } as unknown as DataTransfer, end: () => items.splice(0) };
}

describe("fromDrop", () => {
  it("finds every file of folders in folders, also beyond the first hundred", async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.jpg`, file(`${i}.jpg`)]));
    const { transfer, end } = drop({ day1: { morning: many, "a.zip": file("a.zip") }, "lone.png": file("lone.png") });
    const found = fromDrop(transfer);
    end();
    const paths = (await found).map(({ path }) => path);
    expect(paths).toHaveLength(252);
    expect(new Set(paths).size).toBe(252);
    expect(paths).toContain("day1/morning/249.jpg");
    expect(paths).toContain("lone.png");
  });

  it("sorts as people count and leaves out what systems put into folders", async () => {
    const { transfer } = drop({
      f: {
        "img10.jpg": file("img10.jpg"),
        "img2.jpg": file("img2.jpg"),
        ".DS_Store": file(".DS_Store"),
        "Thumbs.db": file("Thumbs.db"),
        ".cache": { "y.jpg": file("y.jpg") },
        __MACOSX: { "._img2.jpg": file("._img2.jpg"), "x.jpg": file("x.jpg") },
      },
    });
    expect((await fromDrop(transfer)).map(({ path }) => path)).toEqual(["f/img2.jpg", "f/img10.jpg"]);
  });

  it("rejects when a folder cannot be read, rather than dropping it silently", async () => {
    const readEntries = (_: unknown, fail: (error: Error) => void) => fail(new Error("not readable"));
    const broken = { isFile: false, fullPath: "/f", createReader: () => ({ readEntries }) };
    const item = { kind: "file", webkitGetAsEntry: () => broken };
    await expect(fromDrop({ items: [item] } as unknown as DataTransfer)).rejects.toThrow("not readable");
  });
});

describe("fromInput", () => {
  it("keeps the path inside a chosen folder", () => {
    const inFolder = file("1.jpg");
    Object.defineProperty(inFolder, "webkitRelativePath", { value: "set/1.jpg" });
    expect(fromInput([inFolder, file("b.jpg")]).map(({ path }) => path)).toEqual(["b.jpg", "set/1.jpg"]);
  });
});

describe("kinds", () => {
  it("tells photos, zips and COCO files apart by name or type", () => {
    expect(isPhoto(picked("a/B.JPEG"))).toBe(true);
    expect(isPhoto({ file: file("x", 1, "image/png"), path: "x" })).toBe(true);
    expect(isPhoto(picked("notes.txt"))).toBe(false);
    expect(isZip(picked("a.ZIP"))).toBe(true);
    expect(isJson(picked("persons.json"))).toBe(true);
    expect(isJson(picked("json.jpg"))).toBe(false);
  });
});

describe("batches", () => {
  const limits = { files: 3, bytes: 100 };

  it("keeps all files in order within the limits", () => {
    const files = Array.from({ length: 50 }, (_, i) => picked(`${i}.jpg`, 1 + ((i * 37) % 60)));
    const cut = batches(files, limits);
    expect(cut.flat()).toEqual(files);
    for (const batch of cut) {
      expect(batch.length).toBeLessThanOrEqual(3);
      expect(batch.reduce((n, one) => n + one.file.size, 0)).toBeLessThanOrEqual(100);
    }
  });

  it("sends a file beyond the limit, and every zip, alone", () => {
    const paths = (list: Picked[][]) => list.map((batch) => batch.map(({ path }) => path));
    const files = [picked("a.jpg"), picked("big.jpg", 500), picked("b.jpg"), picked("c.zip"), picked("d.jpg")];
    expect(paths(batches(files, limits))).toEqual([["a.jpg"], ["big.jpg"], ["b.jpg"], ["c.zip"], ["d.jpg"]]);
  });

  it("needs a couple of hundred calls for five thousand photos", () => {
    const files = Array.from({ length: 5000 }, (_, i) => picked(`${i}.jpg`));
    expect(batches(files).length).toBe(Math.ceil(5000 / 24));
    expect(batches([])).toEqual([]);
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KB"],
    [32 * 2 ** 20, "32 MB"],
    [3.2 * 2 ** 30, "3.2 GB"],
  ])("%d is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
