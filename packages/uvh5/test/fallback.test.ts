import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { isUvh5Error } from "../src/errors.ts";
import { isWhole, openUvh5 } from "../src/node.ts";
import { sameSnapshot, snapshot } from "./snapshot.ts";

const CORPUS = join(import.meta.dirname, "corpus");
const folder = mkdtempSync(join(tmpdir(), "uvh5-fallback-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("files that h5wasm reads in a worker", () => {
  it("gives the same as the own reader gives of the same contents", () => {
    using own = openUvh5(join(CORPUS, "legacy.uvh5"));
    using other = openUvh5(join(CORPUS, "bitshuffle.uvh5"));
    expect([own.engine, other.engine]).toEqual(["own", "h5wasm"]);
    expect(sameSnapshot(snapshot(own), snapshot(other))).toBe(true);
  });

  it("says a uniform array is uniform, and leaves it when told to", () => {
    using file = openUvh5(join(CORPUS, "fallback-big-endian.uvh5"));
    const flags = new Uint8Array(10 * file.header.channelCount * 2).fill(9);
    const { flagsUniform } = file.readRows({ bltStart: 0, bltEnd: 10 }, { flags }, { skipUniform: true });
    expect(flagsUniform).toBeUndefined();
    expect(flags.every((flag) => flag <= 1)).toBe(true);
  });

  it("refuses damaged data with an error of this package, lets go of the file, and reads the next one", async () => {
    const good = readFileSync(join(CORPUS, "latest-gzip.uvh5"));
    const path = join(folder, "damaged.uvh5");
    let refused = 0;
    for (let i = 1; i <= 6; i++) {
      const bytes = Buffer.from(good);
      bytes.fill(0xa5, Math.floor((bytes.length * i) / 8), Math.floor((bytes.length * i) / 8) + 3000);
      writeFileSync(path, bytes);
      try {
        using file = openUvh5(path);
        snapshot(file);
      } catch (error) {
        expect(isUvh5Error(error)).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(2);
    using again = openUvh5(join(CORPUS, "latest-gzip.uvh5"));
    expect(snapshot(again).arrays.length).toBe(13);
    // Ending a worker takes a moment, and closes what it had open.
    for (let tries = 0; tries < 50 && openDescriptors(path) > 0; tries++) await sleep(20);
    expect(openDescriptors(path)).toBe(0);
  });

  it("judges them by what can be asked: the end, the shapes, the header, the count of integrations", () => {
    const path = join(CORPUS, "latest-extensible-array.uvh5");
    expect(isWhole(path, { expectedTimeCount: 3 })).toMatchObject({ verdict: "complete", timeCount: 3, bltCount: 45 });
    expect(isWhole(path, { expectedTimeCount: 4 })).toMatchObject({
      verdict: "writing",
      code: "FEWER_TIMES_THAN_EXPECTED",
    });
    const bytes = readFileSync(path);
    const cut = join(folder, "cut.uvh5");
    writeFileSync(cut, bytes.subarray(0, bytes.length - 100));
    expect(isWhole(cut)).toMatchObject({ verdict: "truncated" });
    const temporary = join(folder, "x_incomplete.uvh5");
    writeFileSync(temporary, bytes);
    expect(isWhole(temporary)).toMatchObject({ verdict: "writing", code: "TEMPORARY_NAME" });
  });
});

/** Descriptors of this process that lead to `path`. */
function openDescriptors(path: string): number {
  const name = path.split("/").pop() as string;
  return readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).includes(name);
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}
