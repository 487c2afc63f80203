/** Every primitive that can be tested by name, between two processes. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testWith } from "../../../tools/oracles.ts";
import type { LockPrimitive } from "../src/primitive.ts";
import { primitives } from "../src/primitives/index.ts";
import { LedProcess } from "./lead-sessions.ts";
import { redisServer, startRedis } from "./redis-server.ts";

let folder: string;
let redisUrl = "";
let stopRedis: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lock-primitives-"));
  if (redisServer.isAvailable) ({ url: redisUrl, stop: stopRedis } = await startRedis(folder));
});
afterAll(async () => {
  await stopRedis();
  rmSync(folder, { recursive: true, force: true });
});

const KILLED_HOLDER_FREES = new Set([
  "flock",
  "fcntl",
  "ofd",
  "casacore",
  "sqlite",
  "sqlite-immediate",
  "redis",
  "redis-fenced",
  "ms-lock",
]);

/** Two processes with a session each, step by step. */
async function keepsApart(name: string, { shared, upgrade, ranges }: LockPrimitive["supports"]): Promise<void> {
  const path = join(folder, `${name}.lock`);
  const [one, two] = await Promise.all([0, 1].map(() => LedProcess.start(name, path, { redisUrl })));
  try {
    const a = one!.session("a");
    const b = two!.session("b");
    expect(await a.release()).toBe("released");
    expect(await a.acquire("exclusive")).toBe(true);
    expect(await b.acquire("exclusive")).toBe(false);
    expect(await b.acquire("exclusive", { timeoutMs: 30 })).toBe(false);
    const waiting = b.acquire("exclusive", { timeoutMs: 20_000 });
    await a.release();
    expect(await waiting).toBe(true);
    expect(await a.acquire("exclusive")).toBe(false);
    // What one does not hold it cannot give away.
    await a.release();
    expect(await a.acquire("exclusive")).toBe(false);
    await b.close();
    if (shared) {
      expect([await a.acquire("shared"), await b.acquire("shared")]).toEqual([true, true]);
      if (upgrade) {
        expect(await a.acquire("exclusive")).toBe(false);
        await b.release();
        expect([await a.acquire("exclusive"), await b.acquire("shared")]).toEqual([true, false]);
      }
      await Promise.all([a.release(), b.release()]);
      expect([await a.acquire("shared"), await b.acquire("exclusive")]).toEqual([true, false]);
      await a.release();
    } else expect(await a.acquire("shared")).toMatch(/exclusive locks only/);
    if (ranges) {
      const range = { startByte: 10, endByte: 20 };
      expect(await a.acquire("exclusive", { range })).toBe(true);
      expect(await b.acquire("exclusive", { range: { startByte: 20, endByte: 30 } })).toBe(true);
      expect(await b.acquire("exclusive", { range: { startByte: 19, endByte: 20 } })).toBe(false);
      expect(await b.acquire("exclusive")).toBe(false);
      await Promise.all([a.release(range), b.release()]);
    }
    expect(await a.acquire("exclusive")).toBe(true);
    const after = b.acquire("exclusive", { timeoutMs: KILLED_HOLDER_FREES.has(name) ? 20_000 : 200 });
    await one!.kill();
    expect(await after).toBe(KILLED_HOLDER_FREES.has(name));
    await b.close();
  } finally {
    await Promise.all([one!.kill(), two!.kill()]);
  }
}

describe("primitives", { concurrent: true }, () => {
  for (const [name, { supports }] of primitives)
    testWith(
      name.startsWith("redis") ? redisServer : [],
      `${name} keeps two processes apart and does what it says`,
      () => keepsApart(name, supports),
    );
});

async function growingNumbers(): Promise<void> {
  const locker = await LedProcess.start("redis-fenced", join(folder, "fenced"), { redisUrl });
  try {
    const session = locker.session("a");
    for (let fencingToken = 1; fencingToken <= 3; fencingToken++) {
      expect(await session.grant("exclusive")).toEqual({ fencingToken });
      await session.release();
    }
  } finally {
    await locker.kill();
  }
}

describe("fencing", () => {
  testWith(redisServer, "each grant has a larger number than the last", growingNumbers);

  test("without a server it says so", async () => {
    expect(await primitives.get("redis")!.unavailable("x")).toMatch(/no Redis server is given/);
    expect(await primitives.get("redis")!.unavailable("x", { redisUrl: "redis://127.0.0.1:1" })).toMatch(
      /no server answers/,
    );
  });
});
