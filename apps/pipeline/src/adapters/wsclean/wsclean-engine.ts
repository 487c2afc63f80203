/** WSClean as the imager: its command line is built, shown, run, and its files taken over. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PipelineError } from "../../domain/error-codes.ts";
import { type ImageProduct, parseProductName } from "../../domain/image-products.ts";
import type { Imager, ImagingPlan, ImagingRequest, ImagingRun } from "../../ports/imager.ts";
import { type CommandEnd, runCommand } from "./run-command.ts";
import { commandText, wscleanArguments } from "./wsclean-arguments.ts";

export interface WscleanOptions {
  /** A name on PATH, or a path. */
  readonly command: string;
  readonly timeoutMs: number;
}

/** Older ones know `-use-wgridder` not at all, or have other names for it. */
const LEAST_VERSION = [3, 0] as const;
const VERSION_TIMEOUT_MS = 20_000;
/** WSClean refuses to start when its linear algebra has threads of its own. */
const ENV = { OPENBLAS_NUM_THREADS: "1" };

export function wscleanEngine({ command, timeoutMs }: WscleanOptions): Imager {
  return {
    engine: "wsclean",

    async plan(request: ImagingRequest): Promise<ImagingPlan> {
      if (request.calibration !== null)
        throw new PipelineError(
          "CONFIG_INVALID",
          `${request.msPath}: WSClean applies no calibration: expected CORRECTED_DATA, found tables to apply on the way; use contimg cal apply --mode corrected-data first, or --engine embedded`,
          { subject: request.msPath },
        );
      const engineVersion = await versionOf(command);
      const description = [commandText(command, wscleanArguments(request, "NAME", "TEMP_DIR"))];
      return { engine: "wsclean", engineVersion, request, description };
    },

    async run({ request }: ImagingPlan, run: ImagingRun): Promise<readonly ImageProduct[]> {
      const args = wscleanArguments(request, join(run.workDir, run.base), run.workDir);
      run.onMessage(`${Object.entries(ENV)[0]!.join("=")} ${commandText(command, args)}`);
      const end = await runCommand(command, args, {
        env: ENV,
        workDir: run.workDir,
        signal: run.signal,
        timeoutMs,
        onLine(line) {
          run.onMessage(line);
          const step = /^\s*== (.+?) ==\s*$/.exec(line)?.[1];
          if (step !== undefined) run.onProgress(step, null);
        },
      });
      if (end.kind !== "done") throw errorOf(end, command, request.msPath, timeoutMs);
      return productsIn(run.workDir, run.base);
    },
  };
}

/** @throws PipelineError ENGINE_UNUSABLE */
async function versionOf(command: string): Promise<string> {
  let text = "";
  const end = await runCommand(command, ["-version"], {
    env: ENV,
    workDir: "/",
    signal: new AbortController().signal,
    timeoutMs: VERSION_TIMEOUT_MS,
    onLine: (line) => (text += `${line}\n`),
  });
  const unusable = (message: string) => new PipelineError("ENGINE_UNUSABLE", message, { subject: command });
  if (end.kind === "not-found")
    throw unusable(`${command}: there is no such program; install WSClean, or say with --wsclean where it is`);
  const [version, major, minor] = /WSClean version (\d+)\.(\d+)\S*/i.exec(text) ?? [];
  if (version === undefined)
    throw unusable(`${command} -version: expected the version of WSClean, found "${text.trim().slice(0, 200)}"`);
  const [leastMajor, leastMinor] = LEAST_VERSION;
  if (Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor))
    throw unusable(`${command}: expected WSClean ${LEAST_VERSION.join(".")} or later, found ${version}`);
  if (!/WGridder is available/i.test(text))
    throw unusable(`${command}: expected a WSClean that was built with its w-gridder, found ${version} without`);
  return version;
}

function errorOf(
  end: Exclude<CommandEnd, { readonly kind: "done" }>,
  command: string,
  msPath: string,
  timeoutMs: number,
): PipelineError {
  const failed = (message: string) => new PipelineError("IMAGING_FAILED", `${msPath}: ${message}`, { subject: msPath });
  switch (end.kind) {
    case "not-found":
      return new PipelineError("ENGINE_UNUSABLE", `${command}: there is no such program`, { subject: command });
    case "aborted":
      return new PipelineError("INTERRUPTED", `${msPath}: ${command} was stopped`, { subject: msPath });
    case "timeout":
      return failed(`${command} was ended after ${(timeoutMs / 1000).toFixed(0)} s`);
    case "failed":
      return failed(`${command} ended with ${end.how}: ${end.lastLines.join("\n").trim()}`);
  }
}

function productsIn(directory: string, base: string): readonly ImageProduct[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => {
      const product = parseProductName(name, base);
      return product === undefined ? [] : [{ ...product, path: join(directory, name) }];
    });
}
