#!/usr/bin/env node
/**
 * Starts the lock tester. It needs Node 24.15; this file runs under any since 18, so that an older one is told what is
 * missing. In the repository the source runs, so that no build can be stale; installed packages have none.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = [24, 15];
const SOURCE_CONDITION = "--conditions=@contimg/source";
const packageDir = join(dirname(fileURLToPath(import.meta.url)), "..");
const sourceMain = join(packageDir, "src/cli/main.ts");
const runsSource = existsSync(sourceMain);
const main = runsSource ? sourceMain : join(packageDir, "dist/cli/main.js");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isNewEnough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
const runtime = isNewEnough ? process.execPath : pinnedRuntime();

if (runtime === undefined) {
  console.error(`contimg-locktest needs Node ${NEEDED.join(".")} or newer; this is Node ${process.versions.node}.`);
  process.exitCode = 2;
} else if (isNewEnough && (!runsSource || process.execArgv.includes(SOURCE_CONDITION))) {
  await import(pathToFileURL(main).href);
} else {
  const child = spawn(runtime, [...(runsSource ? [SOURCE_CONDITION] : []), main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A terminal sends an interrupt to both; the child decides when it is done.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (status, signal) => {
    process.exitCode = status ?? 2;
    if (signal !== null) process.kill(process.pid, signal);
  });
}

/** @returns {string | undefined} the Node that the workspace or the pipeline brings along */
function pinnedRuntime() {
  const name = `node-${process.platform}-${process.arch}`;
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), "package.json"))]) {
    try {
      const binary = join(dirname(createRequire(from).resolve(`${name}/package.json`)), "bin/node");
      if (existsSync(binary)) return binary;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}
