/**
 * Independent programs and data that tests compare with: casacore, h5py, astropy, WSClean, and recorded data beside the
 * repository. A test names what it needs; where that is missing the test is skipped and the skip says what to install.
 *
 * ```ts
 * import { describeWith, pythonWith, runPython } from "../../../tools/oracles.ts";
 *
 * const casacore = pythonWith("casacore");
 * describeWith(casacore, "a table written here", () => {
 *   test("opens in casacore", () => expect(runPython("import casacore.tables; print(1)")).toBe("1\n"));
 * });
 * ```
 *
 * With CONTIMG_REQUIRE_ORACLES=1 the reporter turns every skipped test into a failure; a test that is skipped only
 * because ../shared is not there fails when CONTIMG_REQUIRE_SHARED=1, one that needs a small file system of its own where
 * nobody may mount one when CONTIMG_REQUIRE_MOUNT=1.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { describe, test } from "vitest";

/** The folder that holds package.json of the workspace. */
export const repoRoot = resolve(import.meta.dirname, "..");

/** Debian's Python, which sees the python3-* packages; another Python on PATH usually does not. */
export const pythonPath = "/usr/bin/python3";

/** Something a test cannot do without. `missing` is the sentence to print when it is not there. */
export interface Oracle {
  readonly name: string;
  readonly isAvailable: boolean;
  readonly missing: string;
}

const PYTHON_PACKAGES = {
  astropy: "python3-astropy",
  casacore: "python3-casacore",
  erfa: "python3-erfa",
  h5py: "python3-h5py",
  hdf5plugin: "python3-hdf5plugin",
  numpy: "python3-numpy",
  scipy: "python3-scipy",
} as const;

/** A Python module that Debian packages and that a test may ask for. */
export type PythonModule = keyof typeof PYTHON_PACKAGES;

const COMMAND_PACKAGES = {
  bindfs: "bindfs",
  glusterfs: "glusterfs-server glusterfs-client",
  ip: "iproute2",
  fitsverify: "fitsverify",
  h5dump: "hdf5-tools",
  showtableinfo: "casacore-tools",
  flock: "util-linux",
  python3: "python3",
  "redis-server": "redis-server",
  sqlite3: "sqlite3",
  strace: "strace",
  taql: "casacore-tools",
  wsclean: "wsclean",
} as const;

/** A program that Debian packages and that a test may run. */
export type OracleCommand = keyof typeof COMMAND_PACKAGES;

const probes = new Map<string, boolean>();

function probe(key: string, isThere: () => boolean): boolean {
  const known = probes.get(key);
  if (known !== undefined) return known;
  const found = isThere();
  probes.set(key, found);
  return found;
}

/** Debian's Python with these modules. Finding a module takes tens of milliseconds once for each test file. */
export function pythonWith(...modules: readonly PythonModule[]): Oracle {
  const finds = modules.map((name) => `u.find_spec(${JSON.stringify(name)})`).join(",");
  const code = `import importlib.util as u,sys; sys.exit(0 if all([${finds}]) else 1)`;
  const packages = modules.map((name) => PYTHON_PACKAGES[name]).join(" ");
  return {
    name: `python3 with ${modules.join(", ")}`,
    isAvailable: probe(`python ${packages}`, () => spawnSync(pythonPath, ["-c", code]).status === 0),
    missing: `needs ${modules.join(", ")} for ${pythonPath}: apt-get install python3 ${packages}`,
  };
}

/** A program on PATH. */
export function hasCommand(command: OracleCommand): Oracle {
  return {
    name: command,
    isAvailable: probe(`command ${command}`, () => isOnPath(command)),
    missing: `needs ${command}: apt-get install ${COMMAND_PACKAGES[command]}`,
  };
}

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false; // accessSync has no answer but an exception
    }
  });
}

/** The mark by which the reporter knows a skip whose only reason is that ../shared is absent. */
export const SHARED_DATA_MARK = "needs the recorded data in ../shared";

/** The mark of a skip whose only reason is that this machine lets nobody mount a file system. */
export const MOUNT_MARK = "needs the right to mount a tmpfs";

/** The folder of recorded data beside the repository, or undefined when there is none. */
export function sharedDataDir(): string | undefined {
  const folder = resolve(repoRoot, "../shared/data");
  return existsSync(folder) ? folder : undefined;
}

/** The recorded data as something that a test needs. */
export function sharedData(): Oracle {
  return { name: "shared data", isAvailable: sharedDataDir() !== undefined, missing: SHARED_DATA_MARK };
}

/** The sentences of those needs that are not met, empty when all are. */
export function missingOf(needs: Oracle | readonly Oracle[]): readonly string[] {
  const list: readonly Oracle[] = "isAvailable" in needs ? [needs] : needs;
  return list.filter((need) => !need.isAvailable).map((need) => need.missing);
}

/** `describe` that runs when every need is met; otherwise the group is skipped and its title says what is missing. */
export function describeWith(needs: Oracle | readonly Oracle[], title: string, body: () => void): void {
  const missing = missingOf(needs);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} [${missing.join("; ")}]`, body);
}

/** `test` that runs when every need is met; otherwise it is skipped and its title says what is missing. */
export function testWith(
  needs: Oracle | readonly Oracle[],
  title: string,
  body: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  const missing = missingOf(needs);
  if (missing.length === 0) test(title, body, timeoutMs);
  else test.skip(`${title} [${missing.join("; ")}]`, body, timeoutMs);
}

/** Environment in which the numeric oracles run: one thread each, as tests already run side by side. */
export const oracleEnv: Readonly<Record<string, string | undefined>> = {
  ...process.env,
  OMP_NUM_THREADS: "1",
  OPENBLAS_NUM_THREADS: "1",
};

/**
 * Runs a Python program under Debian's Python and returns what it printed.
 *
 * @param program  source text; read its arguments from `sys.argv[1:]`
 * @throws Error with the program's standard error when it fails
 */
export function runPython(program: string, args: readonly string[] = [], input?: string): string {
  return runCommand(pythonPath, ["-c", program, ...args], input);
}

/**
 * Runs a program and returns its standard output.
 *
 * @throws Error with the exit status and standard error when it fails or cannot be started
 */
export function runCommand(command: string, args: readonly string[], input?: string): string {
  const run = spawnSync(command, args, {
    encoding: "utf8",
    env: oracleEnv,
    input: input ?? "",
    maxBuffer: 1 << 30,
  });
  if (run.error !== undefined) throw new Error(`${command} cannot be run`, { cause: run.error });
  if (run.status !== 0) {
    const how = run.signal === null ? `exit status ${run.status}` : `signal ${run.signal}`;
    throw new Error(`${command} ended with ${how}:\n${run.stderr}`);
  }
  return run.stdout;
}
