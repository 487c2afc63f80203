/** What must hold after any number of crashes, once a stream was left alone until every group was done. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTable } from "@contimg/casacore-tables/node";
import { lockHolders } from "@contimg/file-locks/node";
import { defaultConvertConfig } from "../../src/stages/convert/config.ts";
import type { FlagConfig } from "../../src/stages/flag/config.ts";
import { type CrashSetup, SUBBAND_COUNT } from "./crash-setup.ts";
import { readJournal } from "./journal.ts";

export interface Expected {
  readonly groupCount: number;
  readonly fileCount: number;
}

/** @returns what is wrong, in words */
export async function checkAfterCrashes(
  root: string,
  setup: CrashSetup,
  { groupCount, fileCount }: Expected,
): Promise<readonly string[]> {
  const findings: string[] = [];
  const expectEqual = (what: string, found: unknown, expected: unknown) => {
    if (found !== expected) findings.push(`${what}: expected ${String(expected)}, found ${String(found)}`);
  };
  const database = new DatabaseSync(setup.queuePath, { readOnly: true });
  const count = (sql: string) => (database.prepare(`SELECT count(*) AS n FROM ${sql}`).get() as { n: number }).n;
  expectEqual("groups", count("ingest_queue"), groupCount);
  expectEqual("completed groups", count("ingest_queue WHERE state = 'completed'"), groupCount);
  expectEqual("arrivals", count("arrivals"), fileCount);
  expectEqual("queued files", count("arrivals WHERE fate = 'queued'"), fileCount);
  expectEqual("members of groups", count("subband_files"), fileCount);
  expectEqual("rows of performance_metrics", count("performance_metrics"), groupCount);
  expectEqual("rows of ms_index", count("ms_index"), groupCount);
  expectEqual("groups with checkpoints", count("ingest_queue WHERE checkpoint_path IS NOT NULL"), 0);
  expectEqual("groups with leases", count("ingest_queue WHERE lease_owner IS NOT NULL"), 0);
  const paths = (database.prepare("SELECT path FROM ms_index ORDER BY path").all() as { path: string }[]).map(
    (row) => row.path,
  );
  const tokens = new Map(
    (
      database.prepare("SELECT group_id, lease_token FROM ingest_queue").all() as {
        group_id: string;
        lease_token: number;
      }[]
    ).map((row) => [row.group_id, row.lease_token]),
  );
  findings.push(...completionsOutOfTurn(setup.journalPath, tokens));
  const failures = database.prepare("SELECT group_id, state, error FROM ingest_queue WHERE state <> 'completed'").all();
  for (const row of failures.slice(0, 3)) findings.push(JSON.stringify(row));
  database.close();
  const products = new DatabaseSync(setup.productsPath!, { readOnly: true });
  expectEqual(
    "rows of products",
    (products.prepare("SELECT count(*) AS n FROM ms_index").get() as { n: number }).n,
    groupCount,
  );
  products.close();

  const entries = readdirSync(root, { recursive: true, encoding: "utf8" });
  const leftovers = entries.filter((path) => /staging~|stream_|\.checkpoint\.uvh5|\.partial$/.test(path));
  for (const path of leftovers.slice(0, 5)) findings.push(`left behind: ${path}`);
  const onDisk = entries.filter((path) => /^ms\/.*\/[^/.][^/]*\.ms$/.test(path));
  expectEqual("Measurement Sets", onDisk.length, groupCount);
  for (const path of entries.filter((entry) => entry.endsWith(".ms.lock"))) {
    if (lockHolders(join(root, path)).length > 0) findings.push(`still locked: ${path}`);
  }
  findings.push(...(await compareWithReference(root, setup, paths)));
  return findings;
}

/** Only the last worker that claimed a group may complete it. */
function completionsOutOfTurn(journalPath: string, tokens: ReadonlyMap<string, number>): readonly string[] {
  const completions = readJournal(journalPath).filter(({ step }) => step === "completed-committed");
  return completions.flatMap(({ groupId, token }, at) => [
    ...(token === tokens.get(groupId)
      ? []
      : [`${groupId}: completed with token ${token}, and claimed with ${tokens.get(groupId)}`]),
    ...(completions.findIndex((other) => other.groupId === groupId) === at ? [] : [`${groupId}: completed twice`]),
  ]);
}

/** Every Measurement Set holds what a run that nobody disturbed makes of the same files. */
async function compareWithReference(
  root: string,
  setup: CrashSetup,
  paths: readonly string[],
): Promise<readonly string[]> {
  const { composeServices } = await import("../../src/compose/conversion.ts");
  const services = composeServices();
  const groups = services.findGroups({
    inputs: [setup.incomingDir],
    startUnixSec: Number.NEGATIVE_INFINITY,
    endUnixSec: Number.POSITIVE_INFINITY,
  }).groups;
  const outputDir = join(root, "reference");
  const outcomes = await services.convertGroups(
    {
      config: { ...defaultConvertConfig, expectedSubbandCount: SUBBAND_COUNT },
      outputDir,
      scratchDir: null,
      tmpfsPath: null,
      workerCount: 1,
      earthOrientationFiles: setup.chain.earthOrientationFiles,
      locks: setup.chain.locks,
    },
    groups,
    {
      dryRun: false,
      skipExisting: false,
      signal: new AbortController().signal,
      onStart() {},
      onProgress() {},
      onOutcome() {},
      onWait() {},
    },
  );
  const reference = new Map(
    outcomes.flatMap((outcome) =>
      outcome.kind === "converted" ? [[outcome.groupId, outcome.report.msPath] as const] : [],
    ),
  );
  if (setup.chain.flag !== null)
    for (const msPath of reference.values()) await flagUndisturbed(msPath, setup.chain.flag);
  return paths.flatMap((path) => {
    const groupId = path.slice(path.lastIndexOf("/") + 1, -".ms".length);
    const other = reference.get(groupId);
    if (!existsSync(path)) return [`${path}: is in ms_index and not on disk`];
    if (other === undefined) return [`${path}: of no group`];
    return contentDigest(path) === contentDigest(other) ? [] : [`${path}: differs from what an undisturbed run makes`];
  });
}

async function flagUndisturbed(msPath: string, config: FlagConfig): Promise<void> {
  const { composeFlags } = await import("../../src/compose/flagging.ts");
  const options = { lockTimeoutMs: 60_000, signal: new AbortController().signal, onWait() {} };
  const stage = { config, workerCount: 1, software: "reference", monotonicMs: () => performance.now() };
  await composeFlags(options).run(msPath, stage, () => undefined);
}

const SCALARS = ["TIME", "ANTENNA1", "ANTENNA2", "DATA_DESC_ID", "FIELD_ID"] as const;
const ARRAYS = ["UVW", "DATA", "FLAG", "WEIGHT_SPECTRUM"] as const;

function contentDigest(msPath: string): string {
  using table = openTable(msPath);
  const hash = createHash("sha256").update(String(table.rowCount));
  for (let row = 0; row < table.rowCount; row++) {
    for (const name of SCALARS) hash.update(`${table.column(name).getScalar(row) as number},`);
    for (const name of ARRAYS) {
      const { data } = table.column(name).getArray(row) as { readonly data: Float64Array };
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest("hex");
}
