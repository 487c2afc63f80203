/** `contimg-locktest`: the tester as a program. */

import { readFileSync, writeFileSync } from "node:fs";
import { type LockTestOptions, runLockTest } from "../controller/run-lock-test.ts";
import { isLockTesterError } from "../errors.ts";
import { joinTest } from "../network/join.ts";
import { listenForHosts } from "../network/listen.ts";
import type { RemoteHost } from "../network/remote-host.ts";
import { primitives } from "../primitives/index.ts";
import { probeMount } from "../probes/probe-mount.ts";
import { compareReports, comparisonLines } from "../report/compare.ts";
import { reportHtml } from "../report/html.ts";
import { readReport, reportJson, snakeCased } from "../report/json.ts";
import { exitStatusOf, type LockReport } from "../report/report.ts";
import { actionLines, reportLines } from "../report/text.ts";
import { type Scenario, seedExample } from "../scenario/scenario.ts";
import { writeScenario } from "../scenario/write-scenario.ts";
import { isCondemned, tryPrimitive } from "../trial/condemn.ts";
import { shrinkTest } from "../trial/shrink-run.ts";
import { Arguments, hostAndPort, usage, wholeNumber } from "./arguments.ts";
import { helpText } from "./help.ts";
import { loadScenario } from "./load-scenario.ts";
import { probeLines } from "./probe-lines.ts";

export interface CommandLineOptions {
  /** By which name it was called, for help. */
  readonly program: string;
  out(line: string): void;
  err(line: string): void;
  /** Interrupts a test; it then leaves nothing behind. */
  readonly signal?: AbortSignal;
}

const COULD_NOT_RUN = 2;
const DEFAULT_LOCKERS = 10;
const JOIN_WITHIN_MS = 10 * 60_000;
const MODES = ["exclusive", "shared", "mixed", "upgrade"] as const;

/**
 * Does what the arguments say.
 *
 * @returns the exit status: 0 trusted, 1 not, 2 it could not be run
 */
export async function runCommandLine(args: readonly string[], options: CommandLineOptions): Promise<0 | 1 | 2> {
  try {
    const given = new Arguments(args);
    if (given.has("help")) {
      options.out(helpText(options.program));
      return 0;
    }
    if (given.has("list")) return await listPrimitives(given, options);
    if (given.positionals[0] === "compare") return compare(given, options);
    if (given.positionals[0] === "join") return await join(given, options);
    if (given.positionals[0] === "probe") return await probe(given, options);
    return await test(given, options);
  } catch (error) {
    if (!isLockTesterError(error)) throw error;
    options.err(`${options.program}: ${error.message}`);
    if (error.tag === "usage") options.err("(--help shows all options)");
    return COULD_NOT_RUN;
  }
}

async function listPrimitives(given: Arguments, { out }: CommandLineOptions): Promise<0> {
  const redisUrl = given.text("redis");
  for (const { name, summary, supports, owner, unavailable } of primitives.values()) {
    const missing = await unavailable(given.positionals[0] ?? ".", redisUrl === undefined ? {} : { redisUrl });
    const can = [
      supports.shared ? "readers" : "",
      supports.ranges ? "ranges" : "",
      supports.blocking ? "blocking" : "polling",
    ];
    out(
      `${name.padEnd(18)}${summary} [${[...can.filter(Boolean), `of the ${owner}`].join(", ")}]${missing ? `; not here: ${missing}` : ""}`,
    );
  }
  return 0;
}

function compare(given: Arguments, { out }: CommandLineOptions): 0 {
  const [, before, after, ...more] = given.positionals;
  if (before === undefined || after === undefined || more.length > 0) throw usage("compare: expected two reports");
  const [a, b] = [before, after].map((path) => readReport(readText(path), path));
  for (const line of comparisonLines(compareReports(a!, b!))) out(line);
  return 0;
}

/** What locks in a directory do, and what that means for programs that use them. */
async function probe(given: Arguments, { out }: CommandLineOptions): Promise<0 | 1> {
  const [, directory, otherDirectory, ...more] = given.positionals;
  if (directory === undefined || more.length > 0) throw usage("probe: expected a directory");
  const found = await probeMount(directory, otherDirectory === undefined ? {} : { otherDirectory });
  const json = given.text("json");
  if (json === "-") out(JSON.stringify(snakeCased(found)));
  else for (const line of probeLines(found, given.has("quiet"))) out(line);
  if (json !== undefined && json !== "-") writeFileSync(json, `${JSON.stringify(snakeCased(found))}\n`);
  return found.advice.every(({ safety }) => safety !== "unsafe") ? 0 : 1;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usage(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function join(given: Arguments, { out, signal }: CommandLineOptions): Promise<0> {
  const [, where, ...more] = given.positionals;
  const token = given.text("token");
  if (where === undefined || more.length > 0) throw usage("join: expected HOST:PORT");
  if (token === undefined) throw usage("join: expected --token with what the controller printed");
  await joinTest({ ...hostAndPort("join", where), token, say: out, ...(signal ? { signal } : {}) });
  out("the test is over");
  return 0;
}

async function test(given: Arguments, options: CommandLineOptions): Promise<0 | 1> {
  const [path, lockers, ...more] = given.positionals;
  if (path === undefined) throw usage("expected the file to lock");
  if (more.length > 0) throw usage(`expected FILE and LOCKERS, found "${more.join(" ")}" as well`);
  const scenario = await scenarioOf(given);
  const lockerCount =
    lockers === undefined ? (scenario.lockerCount ?? DEFAULT_LOCKERS) : wholeNumber("LOCKERS", lockers, 1, 5_000);
  const asked = given.text("primitive") ?? scenario.primitive ?? "flock";
  const names = asked === "all" ? await availableNames(path, given) : asked.split(",");
  if (names.length > 1 && (given.has("listen") || given.has("shrink")))
    throw usage("--listen and --shrink are for one primitive at a time");
  const otherHosts = await otherHostsOf(given, options);
  const reports: LockReport[] = [];
  try {
    for (const primitive of names) {
      const testOptions = { ...testOptionsOf(given, options), path, lockerCount, scenario, primitive };
      const withHosts: LockTestOptions = otherHosts.length > 0 ? { ...testOptions, otherHosts } : testOptions;
      const found = given.has("battery") ? await tryPrimitive(withHosts) : [await runLockTest(withHosts)];
      for (const report of found) tell(report, given, options);
      reports.push(...found);
      if (exitStatusOf(found.at(-1)!) !== 0 && !given.has("battery"))
        await shrink(withHosts, found[0]!, given, options);
    }
  } finally {
    for (const host of otherHosts) await host.close();
  }
  write(reports, given, options);
  const isTrusted = given.has("battery")
    ? reports.every((report) => !isCondemned(report) && report.verdict !== "inconclusive")
    : reports.every((report) => exitStatusOf(report) === 0);
  return isTrusted ? 0 : 1;
}

async function scenarioOf(given: Arguments): Promise<Scenario> {
  const path = given.text("scenario");
  const count = given.wholeNumber("acquisitions", 1, 1e9);
  if ([path !== undefined, count !== undefined, given.has("battery")].filter(Boolean).length > 1)
    throw usage("--scenario, --acquisitions and --battery exclude each other");
  if (path !== undefined) return await loadScenario(path);
  if (count === undefined) return seedExample;
  const asked = given.text("mode") ?? "exclusive";
  const mode = MODES.find((one) => one === asked);
  if (!mode) throw usage(`--mode: expected one of ${MODES.join(", ")}, found "${asked}"`);
  const holdMs = given.durationMs("hold") ?? 0;
  const pauseMs = given.durationMs("pause") ?? 0;
  const timeoutMs = given.durationMs("timeout") ?? 60_000;
  const action = { kind: "contend", count, mode, readerFraction: 0.8, holdMs, pauseMs, timeoutMs, ranges: [] } as const;
  return { steps: [{ kind: "send", to: "all", action }] };
}

async function availableNames(path: string, given: Arguments): Promise<readonly string[]> {
  const redisUrl = given.text("redis");
  const names: string[] = [];
  for (const { name, unavailable } of primitives.values())
    if ((await unavailable(path, redisUrl === undefined ? {} : { redisUrl })) === undefined) names.push(name);
  return names;
}

function testOptionsOf(given: Arguments, { out, signal }: CommandLineOptions) {
  const seed = given.wholeNumber("seed", 0, 2 ** 32 - 1);
  const processCount = given.wholeNumber("processes", 1, 5_000);
  const timeoutMs = given.durationMs("timeout");
  const limitMs = given.durationMs("limit");
  const pollMs = given.durationMs("poll");
  const redisUrl = given.text("redis");
  const say = given.has("quiet") || given.text("json") === "-" ? () => undefined : out;
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(processCount === undefined ? {} : { processCount }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(limitMs === undefined ? {} : { limitMs }),
    ...(signal ? { signal } : {}),
    openOptions: { ...(pollMs === undefined ? {} : { pollMs }), ...(redisUrl === undefined ? {} : { redisUrl }) },
    events: {
      say,
      result: (locker: number, processNumber: number) =>
        say(`Controller received: OK from ${processNumber} (locker ${locker})`),
    },
  };
}

async function otherHostsOf(given: Arguments, options: CommandLineOptions): Promise<readonly RemoteHost[]> {
  const where = given.text("listen");
  if (where === undefined) return [];
  const { address, port } = hostAndPort("--listen", where);
  return await listenForHosts({
    address,
    port,
    hostCount: given.wholeNumber("hosts", 1, 64) ?? 1,
    timeoutMs: JOIN_WITHIN_MS,
    onListening: (listening, listeningPort, token) =>
      options.err(`on the other machine: ${options.program} join ${listening}:${listeningPort} --token ${token}`),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

function tell(report: LockReport, given: Arguments, { out }: CommandLineOptions): void {
  if (given.text("json") === "-") return;
  if (given.has("quiet")) return out(report.sentence);
  if (given.has("actions")) for (const line of actionLines(report)) out(line);
  for (const line of ["", ...reportLines(report)]) out(line);
}

async function shrink(
  test: LockTestOptions,
  failed: LockReport,
  given: Arguments,
  { out, err }: CommandLineOptions,
): Promise<void> {
  const path = given.text("shrink");
  if (path === undefined) return;
  err("cutting the failing steps down");
  const { scenario, steps, runCount } = await shrinkTest(test, failed);
  writeFileSync(path, writeScenario(steps, scenario));
  out(
    `${steps.length} steps still fail, found with ${runCount} runs; written to ${path}: run them with --scenario ${path}`,
  );
}

/** One report as it is; several as a list. */
function write(reports: readonly LockReport[], given: Arguments, { out }: CommandLineOptions): void {
  const json = given.text("json");
  if (json === "-") for (const report of reports) out(reportJson(report).trimEnd());
  else if (json !== undefined) writeFileSync(json, reports.map(reportJson).join(""));
  const html = given.text("html");
  if (html === undefined) return;
  for (const [at, report] of reports.entries())
    writeFileSync(
      reports.length === 1 ? html : html.replace(/(\.html?)?$/, `-${at + 1}-${report.primitive.name}$1`),
      reportHtml(report),
    );
}
