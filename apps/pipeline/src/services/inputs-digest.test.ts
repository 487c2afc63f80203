import { expect, test } from "vitest";
import type { QueuedFile } from "../domain/queue.ts";
import { inputsDigest } from "./inputs-digest.ts";

const file = (change: Partial<QueuedFile> = {}): QueuedFile => ({
  subbandIndex: 0,
  path: "/in/a_sb00.hdf5",
  sizeBytes: 10,
  signature: "1:10:1",
  firstTimeJd: 1,
  integrationTimeSec: 12,
  topFreqHz: 1e9,
  sampleDigest: "a",
  ...change,
});
const second = file({ subbandIndex: 1, path: "/in/a_sb01.hdf5", sampleDigest: "b" });
const digest = inputsDigest([file(), second]);

test("the content counts: not where it lies, when it was sent, nor in which order it is told", () => {
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(inputsDigest([second, file({ path: "/scratch/copy", signature: "9:10:9" })])).toBe(digest);
});

test.each([
  ["other content", [file({ sampleDigest: "c" }), second]],
  ["another length", [file({ sizeBytes: 11 }), second]],
  ["contents of two subbands exchanged", [file({ sampleDigest: "b" }), { ...second, sampleDigest: "a" }]],
  ["a subband less", [file()]],
])("%s is another identity", (_what, files) => {
  expect(inputsDigest(files)).not.toBe(digest);
});

test("a file whose content is not known is known by its version", () => {
  const unknown = inputsDigest([file({ sampleDigest: null })]);
  expect(inputsDigest([file({ sampleDigest: null })])).toBe(unknown);
  expect(inputsDigest([file({ sampleDigest: null, signature: "2:10:2" })])).not.toBe(unknown);
});
