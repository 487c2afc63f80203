/** AOFlagger as the search for interference: on a shadow of the Measurement Set, so that the flags in place are never half written. */

import { spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openTable, openTableForUpdate } from "@contimg/casacore-tables/node";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { FlagPlan } from "../../../domain/flagging.ts";
import type { FlagRunOptions } from "../../../ports/ms-flags.ts";
import { type CellShapes, readFlags, writeFlags } from "./flag-columns.ts";
import { flagFiles, JOURNAL } from "./flag-journal.ts";
import type { PackedFlags } from "./packed-flags.ts";

/** What AOFlagger writes to; all else is a link to the Measurement Set. */
const COPIED = ["table.dat", "table.lock", "table.info", "HISTORY"];
const KEPT_OUTPUT_LENGTH = 2000;

/** @returns the flags with those that AOFlagger added. @throws PipelineError AOFLAGGER_FAILED, INTERRUPTED */
export async function flagByAoflagger(
  plan: FlagPlan,
  flags: PackedFlags,
  shapes: CellShapes,
  options: FlagRunOptions,
): Promise<PackedFlags> {
  const msPath = plan.ms.path;
  const shadow = join(msPath, JOURNAL, "aoflagger.ms");
  try {
    makeShadow(msPath, shadow);
    const update = openTableForUpdate(shadow);
    try {
      writeFlags(update, flags, shapes);
      await update.finish();
    } finally {
      update.abandon();
    }
    await runAoflagger(plan, shadow, options);
    using table = openTable(shadow);
    return readFlags(table, shapes);
  } finally {
    rmSync(join(msPath, JOURNAL), { recursive: true, force: true });
  }
}

function makeShadow(msPath: string, shadow: string): void {
  mkdirSync(shadow, { recursive: true });
  const copied = new Set([...COPIED, ...flagFiles(msPath)]);
  for (const name of readdirSync(msPath)) {
    if (name === JOURNAL) continue;
    const path = join(msPath, name);
    if (!copied.has(name)) symlinkSync(join("..", "..", name), join(shadow, name));
    else if (statSync(path).isDirectory()) cpSync(path, join(shadow, name), { recursive: true });
    else copyFileSync(path, join(shadow, name));
  }
}

function runAoflagger({ ms, dataColumn, aoflagger }: FlagPlan, shadow: string, options: FlagRunOptions): Promise<void> {
  const { command, strategyPath } = aoflagger!;
  const strategy = strategyPath === null ? [] : ["-strategy", strategyPath];
  const args = ["-j", `${options.workerCount}`, "-column", dataColumn, ...strategy, shadow];
  const failed = (what: string, cause?: unknown) =>
    new PipelineError("AOFLAGGER_FAILED", `${ms.path}: ${what}`, { subject: ms.path, cause });
  if (strategyPath !== null && !existsSync(strategyPath))
    throw failed(`strategy of AOFlagger: expected a file, found nothing at ${strategyPath}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], signal: options.signal });
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_LENGTH);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (options.signal.aborted)
        reject(new PipelineError("INTERRUPTED", `${ms.path}: AOFlagger was stopped`, { subject: ms.path }));
      else if (error.code === "ENOENT")
        reject(
          failed(`expected the command ${command}, found none: install AOFlagger, or use --engine contimg`, error),
        );
      else reject(failed(`${command}: ${error.message}`, error));
    });
    child.on("close", (status, signal) => {
      if (status === 0) resolve();
      else reject(failed(`${command} ended with ${signal ?? `status ${status}`}: ${output.trim()}`));
    });
  });
}
