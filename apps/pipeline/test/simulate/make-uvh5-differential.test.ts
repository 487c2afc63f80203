import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openUvh5 } from "@contimg/uvh5/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, pythonPath, pythonWith, repoRoot, runCommand, sharedData } from "../../../../tools/oracles.ts";
import { nodeSimulatorDeps } from "../../src/simulate/node-deps.ts";
import { simulateGroups } from "../../src/simulate/simulate-groups.ts";
import { parseSky } from "../../src/simulate/sky-model.ts";

const layout = { antennaCount: 24, integrationCount: 3, channelCount: 6, subbandCount: 16 };

function readAll(path: string) {
  using file = openUvh5(path);
  const { bltCount, channelCount, polarizationCount, freqHz, timeJd, ant1, ant2 } = file.header;
  const count = bltCount * channelCount * polarizationCount;
  const vis = new Float32Array(2 * count);
  const nsamples = new Float32Array(count);
  const flags = new Uint8Array(count);
  file.readRows({ bltStart: 0, bltEnd: bltCount }, { vis, nsamples, flags });
  return { freqHz, timeJd, ant1, ant2, vis, nsamples, flags };
}

describeWith([pythonWith("erfa", "astropy", "scipy", "h5py", "numpy"), sharedData()], "a group of make_uvh5.py", () => {
  const folder = mkdtempSync(join(tmpdir(), "contimg-simulate-"));
  const theirs = join(folder, "theirs");
  const ours = join(folder, "ours");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    const script = resolve(repoRoot, "../shared/tools/make_uvh5.py");
    const sizes = ["--nant", "24", "--nint", "3", "--nchan", "6", "--group-index", "2", "--seed", "7"];
    runCommand(pythonPath, ["-B", script, "--out", theirs, ...sizes, "--gains", "unit", "--noise", "0", "--no-rfi"]);
    const sky = parseSky(readFileSync(join(theirs, "truth.json"), "utf8"));
    const perfect = { gains: "unit", noiseScaleFactor: 0, hasRfi: false, groupIndex: 2 } as const;
    simulateGroups({ outputDir: ours, ...layout, ...perfect, sky }, nodeSimulatorDeps);
  });

  // Measured: 1.8e-7 of the smallest visibility of a file.
  test("holds the same noise-free visibilities to 1e-5 of each, the same flags, nsamples and header", () => {
    const names = readdirSync(theirs).filter((name) => name.endsWith(".hdf5"));
    expect(readdirSync(ours).filter((name) => name.endsWith(".hdf5"))).toEqual(names);
    expect(names).toHaveLength(16);
    for (const name of names) {
      const { vis: theirVis, ...a } = readAll(join(theirs, name));
      const { vis: ourVis, ...b } = readAll(join(ours, name));
      expect(b).toEqual(a);
      expect(ourVis).toHaveLength(theirVis.length);
      let worst = 0;
      for (let k = 0; k < theirVis.length; k += 2) {
        const size = Math.hypot(theirVis[k]!, theirVis[k + 1]!);
        const difference = Math.hypot(ourVis[k]! - theirVis[k]!, ourVis[k + 1]! - theirVis[k + 1]!);
        worst = Math.max(worst, difference / size);
      }
      expect(worst).toBeLessThan(1e-5);
    }
  });

  test("has the same truth, apart from prose and what only one of them says", () => {
    const truth = (path: string) =>
      JSON.parse(readFileSync(join(path, "truth.json"), "utf8")) as Record<string, unknown>;
    const own = new Set(["description", "command", "seed", "group_index", "faults"]);
    const a = truth(theirs);
    const b = truth(ours);
    expect(
      Object.keys(a)
        .filter((key) => !own.has(key))
        .toSorted(),
    ).toEqual(
      Object.keys(b)
        .filter((key) => !own.has(key))
        .toSorted(),
    );
    for (const key of Object.keys(a)) if (!own.has(key)) expectAlike(b[key], a[key], key);
  });
});

/** Equal structure, equal strings, numbers within 1e-9. */
function expectAlike(found: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number") {
    expect(typeof found, path).toBe("number");
    expect(Math.abs((found as number) - expected), path).toBeLessThan(1e-9 * Math.max(1e-3, Math.abs(expected)));
  } else if (typeof expected === "object" && expected !== null) {
    expect(Object.keys(found as object), path).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectAlike((found as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else expect(found, path).toBe(expected);
}
