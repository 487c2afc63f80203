#!/usr/bin/env node
/**
 * Starts contimg under the Node that it needs. The Node that happens to be first on PATH may be older: then the pinned
 * one, an optional dependency, takes over with the same arguments, standard streams, signals and exit status.
 * This file must run under any Node since 18, so it is plain JavaScript that needs nothing new.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = [24, 15];
const SOURCE_CONDITION = "--conditions=@contimg/source";

const packageDir = join(dirname(fileURLToPath(import.meta.url)), "..");
const sourceMain = join(packageDir, "src/cli/main.ts");
const builtMain = join(packageDir, "dist/cli/main.js");
// Installed packages have no src/. In the repository the source runs, so that no build can be stale.
const runsSource = existsSync(sourceMain);

if (!isNewEnough(process.versions.node)) {
  const runtime = findPinnedRuntime();
  if (runtime === undefined) fail();
  else runUnder(runtime);
} else if (runsSource && !process.execArgv.includes(SOURCE_CONDITION)) {
  runUnder(process.execPath);
} else {
  // Compiled code is kept between starts: half the time of a start, and of each thread's.
  module.enableCompileCache?.();
  await import(pathToFileURL(runsSource ? sourceMain : builtMain).href);
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/**
 * The Node binary of the optional dependency for this machine, beside this package or the current folder.
 * @returns {string | undefined}
 */
function findPinnedRuntime() {
  const name = `node-${process.platform}-${process.arch}`;
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), "package.json"))]) {
    try {
      const require = createRequire(from);
      const { version } = /** @type {{ version: string }} */ (require(`${name}/package.json`));
      const binary = join(dirname(require.resolve(`${name}/package.json`)), "bin/node");
      if (isNewEnough(version) && existsSync(binary)) return binary;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

/** @param {string} runtime */
function runUnder(runtime) {
  const conditions = runsSource ? [SOURCE_CONDITION] : [];
  const args = [...conditions, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"), ...process.env };
  const child = spawn(runtime, args, { stdio: "inherit", env });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGQUIT"])) {
    // A terminal sends these to both processes; sent on, they would arrive twice and look like an impatient user.
    process.on(signal, () => process.stdin.isTTY || child.kill(signal));
  }
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP", "SIGUSR2"]))
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`contimg: cannot start ${runtime}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (status, signal) => {
    if (signal === null) {
      process.exitCode = status;
      return;
    }
    // End as the child did, so that a shell or supervisor sees the signal and not a number.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail() {
  console.error(
    [
      `contimg needs Node ${NEEDED.join(".")} or newer; this is Node ${process.versions.node} (${process.execPath}).`,
      `The pinned runtime node-${process.platform}-${process.arch} is not installed beside it: install contimg with optional`,
      "dependencies (npm install without --omit=optional), or put a newer Node first on PATH.",
    ].join("\n"),
  );
  process.exitCode = 1;
}
