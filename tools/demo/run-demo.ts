/** Simulates a small observation, converts it and prints what is in the Measurement Set, as a user would at a terminal. */
import { spawnSync } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "demo");
const incoming = join(folder, "incoming");

/** Runs one command of contimg from source and shows it; what it prints goes to this terminal. */
function contimg(...args: readonly string[]): void {
  const shown = args.map((arg) => (arg.startsWith(root) ? relative(root, arg) : arg));
  console.log(`\n$ npx contimg ${shown.join(" ")}`);
  const launcher = join(root, "apps/pipeline/bin/contimg.js");
  const { status } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}

const startMs = performance.now();
rmSync(folder, { recursive: true, force: true });
contimg("simulate", "--output-dir", incoming, "--small");
contimg("convert", incoming, "--output-dir", folder);
const [measurementSet] = globSync("ms/science/*/*.ms", { cwd: folder });
if (measurementSet === undefined) throw new Error(`no Measurement Set appeared under ${folder}/ms/science`);
contimg("ms", "summary", join(folder, measurementSet));
console.log(
  `\n${relative(process.cwd(), join(folder, measurementSet))} made in ${((performance.now() - startMs) / 1000).toFixed(1)} s`,
);
