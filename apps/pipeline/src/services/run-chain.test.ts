import { describe, expect, test } from "vitest";
import type { Artifacts } from "../domain/artifacts.ts";
import { PipelineError } from "../domain/error-codes.ts";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import type { ChainJob } from "../ports/chain-runner.ts";
import type { Checkpoint } from "../ports/checkpoint-store.ts";
import { type ChainStage, runChain } from "./run-chain.ts";

const GROUP = "2025-10-03T11:48:50";
const ms = { path: `/ms/${GROUP}.ms`, groupId: GROUP } as MeasurementSet;

const job = (checkpoint: Checkpoint | null = null, inputsDigest = "one"): ChainJob => ({
  group: { groupId: GROUP, startUnixSec: 0, files: [] },
  expectedSubbandCount: 16,
  allowMissingCount: 0,
  inputsDigest,
  inputSignatures: [],
  checkpoint,
  heldMs: 0,
});

/** Three stages, the second of which rewrites what the first made; all that happens is written down in order. */
function bench(failing: Readonly<Record<string, Error>> = {}) {
  const happened: string[] = [];
  const gone = new Set<string>();
  let saved: Checkpoint | null = null;
  const stage = (name: string, consumes: ChainStage["consumes"], produces: ChainStage["produces"]): ChainStage => ({
    name,
    consumes,
    produces,
    async plan(inputs) {
      for (const kind of consumes) expect(inputs[kind]).toBeDefined();
      return name;
    },
    async run(plan) {
      expect(plan).toBe(name);
      if (failing[name] !== undefined) throw failing[name];
      happened.push(`ran ${name}`);
      return Object.fromEntries(produces.map((kind) => [kind, ms])) as Partial<Artifacts>;
    },
  });
  const stages = [
    stage("convert", ["uvh5-group"], ["ms:DATA", "ms:FLAG", "ms:WEIGHT"]),
    stage("flag", ["ms:DATA", "ms:FLAG"], ["ms:FLAG"]),
    stage("weigh", ["ms:FLAG"], ["ms:WEIGHT"]),
  ];
  const run = (chainJob: ChainJob, signal = new AbortController().signal, withStages = stages) =>
    runChain(
      chainJob,
      {
        stages: withStages,
        checkpoints: {
          save(checkpoint) {
            saved = structuredClone(checkpoint);
            happened.push(`saved behind ${checkpoint.doneStages.at(-1)}`);
            return "/checkpoints/it";
          },
          load: () => undefined,
          remove() {},
          groupIds: () => [],
        },
        clock: { nowUnixSec: () => 1_759_000_000, monotonicMs: () => 5 },
        exists: (_kind, artifact) => !("path" in artifact && gone.has(artifact.path)),
      },
      signal,
      {
        onProgress() {},
        onStageEnd: (run) => happened.push(`${run.outcome} ${run.stage}`),
        onCheckpoint: (path) => happened.push(`told of ${path}`),
        onAlert() {},
        onMessage: (level, message) => happened.push(`${level} ${message}`),
      },
    );
  return { stage, stages, happened, gone, run, saved: () => saved };
}

const whole = (name: string) => [`ran ${name}`, `done ${name}`, `saved behind ${name}`, "told of /checkpoints/it"];

test("each stage's checkpoint is on disk and told of before the next begins", async () => {
  const { run, happened } = bench();
  await expect(run(job())).resolves.toEqual({ ms, calibration: null });
  expect(happened).toEqual([...whole("convert"), ...whole("flag"), ...whole("weigh")]);
});

describe("a chain that failed at its second stage", () => {
  const failed = async () => {
    const first = bench({ flag: Object.assign(new Error("no room"), { code: "ENOSPC" }) });
    await expect(first.run(job())).rejects.toMatchObject({ code: "DISK_FULL", subject: GROUP });
    expect(first.happened.slice(4)).toEqual(["failed flag"]);
    expect(first.saved()?.doneStages).toEqual(["convert"]);
    return first.saved();
  };

  test("goes on there, and not behind it although what it rewrites exists", async () => {
    const { run, happened } = bench();
    await run(job(await failed()));
    expect(happened).toEqual([`INFO Group ${GROUP} resumes at stage flag`, ...whole("flag"), ...whole("weigh")]);
  });

  test("begins anew when its input is another", async () => {
    const { run, happened } = bench();
    await run(job(await failed(), "two"));
    expect(happened[0]).toBe(`WARNING Checkpoint of group ${GROUP} is not used: it is of other input`);
    expect(happened.filter((each) => each.startsWith("ran"))).toEqual(["ran convert", "ran flag", "ran weigh"]);
  });

  test("begins anew when the Measurement Set has vanished", async () => {
    const { run, happened, gone } = bench();
    gone.add(ms.path);
    await run(job(await failed()));
    expect(happened[0]).toContain("what stage convert made is gone");
    expect(happened.filter((each) => each.startsWith("ran"))).toEqual(["ran convert", "ran flag", "ran weigh"]);
  });

  test("begins anew when a stage was put before the one that failed", async () => {
    const { run, happened, stage, stages } = bench();
    await run(job(await failed()), undefined, [stage("inspect", ["uvh5-group"], ["ms:FLAG"]), ...stages]);
    expect(happened.filter((each) => each.startsWith("ran"))).toHaveLength(4);
  });
});

test("a chain that was done runs no stage again", async () => {
  const first = bench();
  await first.run(job());
  const { run, happened } = bench();
  await expect(run(job(first.saved()))).resolves.toEqual({ ms, calibration: null });
  expect(happened).toEqual([`INFO Group ${GROUP} resumes behind the last stage`]);
});

test("an error without a code leaves as INTERNAL, one with a code as it is", async () => {
  await expect(bench({ convert: new TypeError("odd") }).run(job())).rejects.toMatchObject({ code: "INTERNAL" });
  const coded = new PipelineError("UVH5_CORRUPT", "bad file", { subject: "f" });
  await expect(bench({ convert: coded }).run(job())).rejects.toBe(coded);
});

test("no stage begins after a stop", async () => {
  const { run, happened } = bench();
  await expect(run(job(), AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(happened).toEqual(["failed convert"]);
});

test("a stage that took over what was there is recorded as skipped", async () => {
  const { run, happened, stages } = bench();
  const [convert, ...rest] = stages as [ChainStage, ...ChainStage[]];
  await run(job(), undefined, [{ ...convert, isAdopting: () => true }, ...rest]);
  expect(happened[1]).toBe("skipped convert");
});

test("a stage that does not make what it declares has failed", async () => {
  const { run, happened, stages } = bench();
  const [convert, ...rest] = stages as [ChainStage, ...ChainStage[]];
  const forgetful: ChainStage = { ...convert, run: async () => ({ "ms:DATA": ms }) };
  await expect(run(job(), undefined, [forgetful, ...rest])).rejects.toThrow("stage convert did not make ms:FLAG");
  expect(happened).toEqual(["failed convert"]);
});
