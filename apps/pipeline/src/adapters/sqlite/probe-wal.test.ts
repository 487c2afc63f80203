import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeWriteAheadLog } from "./probe-wal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-wal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("works on a local disk and leaves nothing behind", () => {
  expect(probeWriteAheadLog(folder)).toMatchObject({ works: true });
  expect(readdirSync(folder)).toEqual([]);
});

test("says why it does not work", () => {
  expect(probeWriteAheadLog(join(folder, "gone"))).toEqual({ works: false, found: expect.stringContaining("ENOENT") });
});
