import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { QueuedFile } from "../../domain/queue.ts";
import { fileSystemInputStaging, signatureOf } from "./input-staging.ts";
import { systemClock } from "./system-clock.ts";

const GROUP = "2025-10-03T11:48:50";
let root: string;
let files: QueuedFile[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "contimg-staging-"));
  mkdirSync(join(root, "in"));
  files = Array.from({ length: 5 }, (_, subbandIndex) => {
    const path = join(root, "in", `x_sb0${subbandIndex}.hdf5`);
    writeFileSync(path, `content ${subbandIndex}`);
    return {
      subbandIndex,
      path,
      sizeBytes: 9,
      signature: signatureOf(path)!,
      firstTimeJd: 1,
      integrationTimeSec: 12,
      topFreqHz: 1e9,
      sampleDigest: null,
    };
  });
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (workerCount = 2) =>
  fileSystemInputStaging({ directory: join(root, "scratch"), workerCount, clock: systemClock });
const isEmpty = () => readdirSync(join(root, "scratch")).length === 0;
const goOn = () => new AbortController().signal;

test.each([1, 3, 16])(
  "all files are copied by %d at a time, in their order, with signatures of the copies",
  async (n) => {
    const staged = await open(n).stage(GROUP, files, goOn());
    expect(staged.files.map((file) => readFileSync(file.path, "utf8"))).toEqual(files.map((_, k) => `content ${k}`));
    expect(staged.files.map(({ subbandIndex }) => subbandIndex)).toEqual([0, 1, 2, 3, 4]);
    for (const file of staged.files) {
      expect(file.signature).toBe(signatureOf(file.path));
      expect(file.path.startsWith(staged.directory)).toBe(true);
    }
    open().remove(staged);
    expect(isEmpty()).toBe(true);
    expect(files.every((file) => existsSync(file.path))).toBe(true);
  },
);

test("a file that is another than the one that was claimed is refused, and nothing is left", async () => {
  writeFileSync(files[3]!.path, "other, longer");
  await expect(open().stage(GROUP, files, goOn())).rejects.toMatchObject({ code: "INPUT_CHANGED" });
  expect(isEmpty()).toBe(true);
});

test("a file that is gone is told, and nothing is left", async () => {
  rmSync(files[2]!.path);
  await expect(open().stage(GROUP, files, goOn())).rejects.toMatchObject({
    code: "INPUT_UNREADABLE",
    subject: files[2]!.path,
  });
  expect(isEmpty()).toBe(true);
});

test("too little room is said before anything is copied", async () => {
  const huge = files.map((file) => ({ ...file, sizeBytes: 1e18 }));
  await expect(open().stage(GROUP, huge, goOn())).rejects.toMatchObject({
    code: "DISK_FULL",
    message: expect.stringMatching(/free, expected at least/),
  });
  expect(isEmpty()).toBe(true);
});

test("a stop leaves nothing", async () => {
  await expect(open().stage(GROUP, files, AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(isEmpty()).toBe(true);
});

test("what is not there has no signature", () => {
  expect(signatureOf(join(root, "none"))).toBeUndefined();
});
