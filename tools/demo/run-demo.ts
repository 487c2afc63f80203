/**
 * A telescope in small: simulates observations, lets their files arrive one by one as the correlator nodes send them,
 * while `contimg stream` converts, flags and calibrates what is complete; then shows the queue, the ledger, the calibration
 * tables and a Measurement Set.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, globSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const GROUP_COUNT = 3;
/** Time between groups: 309 s at the telescope. */
const CADENCE_MS = 3_000;
/** Within a group, files come over this time: 1 to 2 s at most groups of the telescope, up to 82 s at some. */
const SPREAD_MS = 2_000;

const root = join(import.meta.dirname, "../..");
const folder = join(root, "demo");
const correlator = join(folder, "correlator");
const incoming = join(folder, "incoming");
const queueDb = join(folder, "state/ingest.sqlite3");
const registryDb = join(folder, "state/cal_registry.sqlite3");
const skyCatalog = join(folder, "sky.sqlite3");
const launcher = join(root, "apps/pipeline/bin/contimg.js");

/** The command as a user in the repository would type it. */
function announce(args: readonly string[]): void {
  const shown = args.map((arg) => (arg.startsWith(root) ? relative(root, arg) : arg));
  console.log(`\n$ npx contimg ${shown.join(" ")}`);
}

/** Runs one command of contimg from source; what it prints goes to this terminal. */
function contimg(...args: readonly string[]): void {
  announce(args);
  const { status } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}

function startStream(): ChildProcess {
  const args = ["stream", "--input-dir", incoming, "--output-dir", join(folder, "ms"), "--queue-db", queueDb];
  args.push("--sky-catalog", skyCatalog);
  announce(args);
  const env = {
    ...process.env,
    CONTIMG_CAL_REGISTRY_DB: registryDb,
    // The limits are those of an observatory's disks.
    CONTIMG_DISK_WARN_GB: "1",
    CONTIMG_DISK_CRITICAL_GB: "0.1",
  };
  return spawn(process.execPath, [launcher, ...args], { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
}

/** How many groups the queue has in a state. */
function countOf(state: string): number {
  const { stdout, status } = spawnSync(
    process.execPath,
    [launcher, "queue", "stats", "--queue-db", queueDb, "--json"],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error("contimg queue stats failed");
  return (JSON.parse(stdout) as Readonly<Record<string, number>>)[state] ?? 0;
}

/** One file arrives as rsync brings it: under a hidden temporary name, then renamed. */
function deliver(name: string): void {
  const partial = join(incoming, `.${name}.Xk3vQ2`);
  copyFileSync(join(correlator, name), partial);
  renameSync(partial, join(incoming, name));
}

/** All files of all groups, each at its own time: 16 nodes whose clocks and networks differ. */
async function observe(groups: readonly (readonly string[])[]): Promise<void> {
  const arrivals = groups.flatMap((names, groupIndex) =>
    names.map((name) => ({ name, atMs: groupIndex * CADENCE_MS + Math.random() * SPREAD_MS })),
  );
  const startMs = performance.now();
  for (const { name, atMs } of arrivals.toSorted((a, b) => a.atMs - b.atMs)) {
    await sleep(Math.max(0, atMs - (performance.now() - startMs)));
    deliver(name);
  }
}

const startMs = performance.now();
rmSync(folder, { recursive: true, force: true });
mkdirSync(incoming, { recursive: true });
contimg("simulate", "--output-dir", correlator, "--small", "--jitter", "--groups", String(GROUP_COUNT));
contimg("catalog", "build", "synthetic", join(correlator, "truth_g0.json"), "--output", skyCatalog);
const files = readdirSync(correlator).filter((name) => name.endsWith(".hdf5"));
const groups = Array.from({ length: GROUP_COUNT }, (_, at) => files.toSorted().slice(16 * at, 16 * (at + 1)));

const stream = startStream();
const ended = once(stream, "exit") as Promise<[number | null]>;
// Whatever happens here, the stream does not stay behind.
process.once("exit", () => stream.kill("SIGKILL"));
const isCut = ended.then(([status]) => Promise.reject(new Error(`the stream ended by itself with status ${status}`)));
await Promise.race([observe(groups), isCut]);
while (countOf("completed") < GROUP_COUNT && countOf("failed") === 0) await Promise.race([sleep(200), isCut]);
isCut.catch(() => undefined);
stream.kill("SIGTERM");
const [status] = await ended;
if (status !== 0) process.exit(status ?? 1);

contimg("queue", "ls", "--queue-db", queueDb);
contimg("ledger", "--queue-db", queueDb);
contimg("cal", "ls", "--registry-db", registryDb);
const [measurementSet] = globSync("ms/science/*/*.ms", { cwd: folder }).toSorted();
if (measurementSet === undefined) throw new Error(`no Measurement Set appeared under ${folder}/ms/science`);
contimg("ms", "summary", join(folder, measurementSet));
console.log(
  `\n${GROUP_COUNT} groups converted, flagged and calibrated as they arrived, in ${((performance.now() - startMs) / 1000).toFixed(1)} s; ` +
    `Measurement Sets under ${relative(process.cwd(), join(folder, "ms/science"))}`,
);
