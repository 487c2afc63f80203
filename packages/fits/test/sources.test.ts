/** Where bytes come from: files, servers, streams, blobs; and that no more of them is asked for than is needed. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AsyncByteSource,
  BinTable,
  blobSource,
  bytesInMemory,
  createFits,
  FitsImage,
  FitsWriter,
  forwardSource,
  httpSource,
  memoryTarget,
  openFits,
  openFitsSource,
  planRegion,
  type Region,
  walkHdus,
  writeImage,
} from "../src/node.ts";

const WIDTH = 640;
const HEIGHT = 480;

/** The value of a pixel, exact in float32. */
const valueAt = (x: number, y: number): number => 1000 * y + x;

async function sample(): Promise<Uint8Array> {
  const target = memoryTarget();
  const writer = new FitsWriter(target);
  const values = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => valueAt(i % WIDTH, Math.floor(i / WIDTH)));
  await writer.addImage({ shape: [WIDTH, HEIGHT, 1], type: "float32", values });
  await writer.addTable({
    rowCount: 100_000,
    columns: [
      { name: "A", kind: "numbers", values: Int32Array.from({ length: 100_000 }, (_, i) => 3 * i) },
      { name: "B", kind: "numbers", values: new Float64Array(100_000) },
    ],
  });
  return target.bytes();
}

/** A source that remembers what was asked of it. */
function counted(source: AsyncByteSource): AsyncByteSource & { readonly asked: { count: number; bytes: number } } {
  const asked = { count: 0, bytes: 0 };
  return {
    name: source.name,
    byteLength: source.byteLength,
    asked,
    slice(startByte, endByte) {
      asked.count += 1;
      asked.bytes += endByte - startByte;
      return source.slice(startByte, endByte);
    },
  };
}

const corner: Region = { startPx: [600, 100, 0], endPx: [640, 130, 1] };

function expectCorner(data: Float32Array): void {
  expect(data).toHaveLength(40 * 30);
  for (let row = 0; row < 30; row++) {
    for (let column = 0; column < 40; column++) expect(data[40 * row + column]).toBe(valueAt(600 + column, 100 + row));
  }
}

describe("a source", () => {
  const folder = mkdtempSync(join(tmpdir(), "contimg-fits-"));
  const path = join(folder, "sample.fits");
  let bytes = new Uint8Array(0);
  let server: Server;
  let url = "";
  const answer = { etag: '"1"', ignoresRange: false };
  beforeAll(async () => {
    bytes = new Uint8Array(await sample());
    writeFileSync(path, bytes);
    server = createServer((request, response) => {
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      if (start === undefined || answer.ignoresRange) return void response.end(bytes);
      const piece = bytes.subarray(Number(start), Number(end) + 1);
      const range = `bytes ${start}-${Number(start) + piece.length - 1}/${bytes.length}`;
      response.writeHead(206, { "content-range": range, etag: answer.etag });
      response.end(piece);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sample.fits`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  test("is asked for headers and the part that is wanted, no more", async () => {
    const source = counted(bytesInMemory(bytes));
    const file = await openFitsSource(source);
    expect(source.asked.bytes).toBeLessThan(50_000);
    const before = source.asked.bytes;
    const { data, shape } = await file.image().read("float32", { region: corner, maxGapBytes: 0 });
    expect(shape).toEqual([40, 30, 1]);
    expectCorner(data);
    expect(source.asked.bytes - before).toBe(40 * 30 * 4);
    const countBefore = source.asked.count;
    expectCorner((await file.image().read("float32", { region: corner })).data);
    expect(source.asked.count - countBefore).toBe(1); // gaps are read where asking again would cost more
  });

  test("of a file, a blob and a server are the same", async () => {
    await using file = await openFits(path);
    expectCorner((await file.image().read("float32", { region: corner })).data);
    const blob = await openFitsSource(blobSource(new Blob([bytes])));
    expectCorner((await blob.image().read("float32", { region: corner })).data);
    const remote = await openFitsSource(await httpSource(url));
    expectCorner((await remote.image().read("float32", { region: corner })).data);
    expect(remote.source.byteLength).toBe(bytes.length);
  });

  test("on a server that knows no ranges, or whose file changes, is refused", async () => {
    answer.ignoresRange = true;
    await expect(httpSource(url)).rejects.toMatchObject({ tag: "io", found: "status 200" });
    answer.ignoresRange = false;
    const file = await openFitsSource(await httpSource(url));
    answer.etag = '"2"';
    await expect(file.image().read("float32")).rejects.toMatchObject({ tag: "io", place: "ETag" });
    answer.etag = '"1"';
    await expect(httpSource("http://127.0.0.1:1/none.fits")).rejects.toMatchObject({ tag: "io", found: "no answer" });
  });

  test("of a stream in pieces of any size is walked with little memory", async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0, length = 1; at < bytes.length; at += length, length = 1 + ((at * 7919) % 70_001)) {
        await later(0);
        yield bytes.subarray(at, at + length);
      }
    }
    let rowCount = 0;
    const kinds: string[] = [];
    for await (const hdu of walkHdus(forwardSource(pieces()))) {
      kinds.push(hdu.layout.kind);
      if (hdu.layout.kind === "image" && hdu.layout.dataBytes > 0) {
        for await (const { rowStart, rowEnd, data } of new FitsImage(hdu).rows("float64", { blockRowCount: 7 })) {
          expect(data[WIDTH - 1]).toBe(valueAt(WIDTH - 1, rowStart));
          rowCount += rowEnd - rowStart;
        }
      } else if (hdu.layout.kind === "bintable") {
        const column = await new BinTable(hdu).readColumn("A");
        expect(column.kind === "numbers" && column.values[99_999]).toBe(299_997);
      }
    }
    expect(kinds).toEqual(["image", "bintable"]);
    expect(rowCount).toBe(HEIGHT);
  });

  test("of a stream says what it cannot do", async () => {
    const source = forwardSource(Array.from({ length: 1000 }, (_, i) => bytes.subarray(i * 10_000, (i + 1) * 10_000)));
    for await (const hdu of walkHdus(source)) {
      if (hdu.index === 0) continue;
      await new BinTable(hdu).readColumn("A");
      await expect(source.slice(0, 10)).rejects.toMatchObject({ tag: "unsupported" });
    }
    const short = forwardSource([bytes.subarray(0, 100_000)]);
    for await (const hdu of walkHdus(short)) {
      await expect(new FitsImage(hdu).read("float32")).rejects.toMatchObject({ tag: "truncated" });
      break;
    }
  });

  test("plans every wanted element once, in pieces of bounded size", () => {
    const axis = fc.integer({ min: 1, max: 9 }).chain((length) =>
      fc.record({
        length: fc.constant(length),
        ends: fc.tuple(fc.integer({ min: 0, max: length }), fc.integer({ min: 0, max: length })),
      }),
    );
    const options = { maxGapBytes: fc.nat(64), maxFetchBytes: fc.integer({ min: 4, max: 200 }) };
    fc.assert(
      fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), fc.record(options), (axes, plan) => {
        const shape = axes.map(({ length }) => length);
        const startPx = axes.map(({ ends }) => Math.min(...ends));
        const endPx = axes.map(({ ends }) => Math.max(...ends));
        // The slow way: every element of the image in order, kept when all its indices are wanted.
        const expected: number[] = [];
        for (let element = 0; element < shape.reduce((a, b) => a * b, 1); element++) {
          let rest = element;
          const isIn = shape.every((length, n) => {
            const index = rest % length;
            rest = Math.floor(rest / length);
            return index >= startPx[n]! && index < endPx[n]!;
          });
          if (isIn) expected.push(element);
        }
        const found: number[] = [];
        let lastByte = 0;
        for (const { startByte, endByte, runs } of planRegion(shape, 4, 100, { startPx, endPx }, plan)) {
          expect(endByte - startByte).toBeLessThanOrEqual(Math.max(4, plan.maxFetchBytes));
          expect(startByte).toBeGreaterThanOrEqual(lastByte);
          lastByte = endByte;
          for (const run of runs) {
            expect(run.startByte >= startByte && run.startByte + 4 * run.elementCount <= endByte).toBe(true);
            for (let at = 0; at < run.elementCount; at++) found[run.outIndex + at] = (run.startByte - 100) / 4 + at;
          }
        }
        expect(found).toEqual(expected);
      }),
    );
  });
});

describe("a file that is written", () => {
  const folder = mkdtempSync(join(tmpdir(), "contimg-fits-"));
  const path = join(folder, "made.fits");
  afterAll(() => rmSync(folder, { recursive: true }));
  const spec = { shape: [2], type: "float32" as const, values: Float32Array.of(1, 2) };

  test("by rows, by pieces and at once is the same", async () => {
    const at = (x: number, y: number): number => x + 10 * y;
    const rows = { shape: [600, 900], type: "float32" as const };
    const all = Float32Array.from({ length: 600 * 900 }, (_, i) => at(i % 600, Math.floor(i / 600)));
    await writeImage(join(folder, "all.fits"), { ...rows, values: all });
    await writeImage(join(folder, "rows.fits"), {
      ...rows,
      values: async (rowStart, rowEnd, out) => {
        await later(0);
        for (let row = rowStart; row < rowEnd; row++) {
          for (let x = 0; x < 600; x++) out[(row - rowStart) * 600 + x] = at(x, row);
        }
      },
    });
    await writeImage(join(folder, "pieces.fits"), {
      ...rows,
      values: Array.from({ length: 54 }, (_, piece) => all.subarray(piece * 10_000, (piece + 1) * 10_000)),
    });
    const made = readFileSync(join(folder, "all.fits"));
    expect(readFileSync(join(folder, "rows.fits")).equals(made)).toBe(true);
    expect(readFileSync(join(folder, "pieces.fits")).equals(made)).toBe(true);
  });

  test("has its name only when it is whole", async () => {
    const failing = { ...spec, shape: [2, 600_000], values: () => Promise.reject(new Error("no data")) };
    await expect(writeImage(path, failing)).rejects.toThrow("no data");
    await expect(writeImage(path, { ...spec, shape: [3] })).rejects.toMatchObject({
      tag: "write",
      expected: "3 values",
    });
    expect(readdirSync(folder).filter((name) => name.includes("made"))).toEqual([]);
    {
      await using writer = await createFits(path);
      await writer.addImage(spec);
      expect(readdirSync(folder).filter((name) => name.includes("made"))).toEqual([
        expect.stringMatching(/^\..*part$/),
      ]);
    }
    expect(readdirSync(folder).filter((name) => name.includes("made"))).toEqual([]);
  });

  test("replaces another, or does not, as asked", async () => {
    await writeImage(path, spec);
    await writeImage(path, { ...spec, values: Float32Array.of(3, 4) });
    await expect(writeImage(path, spec, { ifExists: "refuse" })).rejects.toMatchObject({ tag: "io", found: "EEXIST" });
    await using file = await openFits(path);
    expect((await file.image().read("float32")).data).toEqual(Float32Array.of(3, 4));
    expect(readdirSync(folder).filter((name) => name.endsWith("part"))).toEqual([]);
  });

  test("in a folder that is not there says so", async () => {
    await expect(writeImage(join(folder, "none/x.fits"), spec)).rejects.toMatchObject({ tag: "io", found: "ENOENT" });
    await expect(openFits(join(folder, "none.fits"))).rejects.toMatchObject({ tag: "io", found: "ENOENT" });
  });

  test.each([
    ["values of another type", { ...spec, type: "float64" as const }, "float64", "float32"],
    ["too many values", { ...spec, shape: [1] }, "1 values", "more"],
    ["a value beyond its integers", { ...spec, storage: { type: "uint8", bscale: 0.001 } as const }, "a value", "1"],
    [
      "NaN without a blank",
      { ...spec, values: Float32Array.of(1, NaN), storage: { type: "int16" } as const },
      "a value",
      "NaN",
    ],
    ["a shape that is none", { ...spec, shape: [1.5] }, "axes", "[1.5]"],
  ])("is refused for %s", async (_what, wrong, expected, found) => {
    const error = await writeImage(path, wrong).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      tag: "write",
      expected: expect.stringContaining(expected),
      found: expect.stringContaining(found),
    });
  });
});
