/**
 * CPU time of the search for interference, per visibility and for a whole group.
 *
 * node --conditions=@contimg/source packages/kernels/bench/flag.ts [BASELINES]
 *
 * Baselines of 24 integrations, 768 channels and 2 correlations: a bright point source with a bandpass, noise, and
 * interference in five channels half of the time. Rows lie as in a Measurement Set: all baselines of an integration together.
 */
import {
  createRfiSearch,
  flagInvalid,
  gatherAmplitudes,
  measureBaseline,
  RFI_SEARCH_DEFAULTS,
  searchBaseline,
  type VisibilityBlock,
} from "../src/flag/index.ts";
import { uniformFrom } from "../test/uniform-from.ts";

const TIMES = 24;
const CHANNELS = 768;
const CORRELATIONS = 2;
const GROUP_ROWS = 111_744;
const ROUNDS = 5;
const RFI_CHANNELS = [95, 383, 422, 605, 678];
const baselineCount = Number(process.argv[2] ?? 64);

function makeBlock(): VisibilityBlock {
  const uniform = uniformFrom(1);
  const rowCount = TIMES * baselineCount;
  const vis = new Float32Array(2 * rowCount * CHANNELS * CORRELATIONS);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      const hit = RFI_CHANNELS.includes(channel) && (Math.floor(row / baselineCount) * 7 + channel) % 2 === 0;
      const level = (1 + 0.1 * Math.cos(channel / 60)) * (12 + (hit ? 300 : 0));
      for (let correlation = 0; correlation < CORRELATIONS; correlation++, at += 2) {
        const radius = 2.6 * Math.sqrt(-2 * Math.log(1 - uniform()));
        const angle = 2 * Math.PI * uniform();
        vis[at] = level + radius * Math.cos(angle);
        vis[at + 1] = radius * Math.sin(angle);
      }
    }
  }
  return {
    vis,
    flags: new Uint8Array(vis.length / 2),
    rowCount,
    channelCount: CHANNELS,
    correlationCount: CORRELATIONS,
  };
}

const block = makeBlock();
const rowsOf = Array.from({ length: baselineCount }, (_, baseline) =>
  Int32Array.from({ length: TIMES }, (_unused, time) => time * baselineCount + baseline),
);
const OPTIONS = { ...RFI_SEARCH_DEFAULTS, subbandChannelCount: 48 };
const search = createRfiSearch(TIMES, CHANNELS, OPTIONS);

function measure(name: string, work: () => void): void {
  let bestMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    block.flags.fill(0);
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    bestMs = Math.min(bestMs, (user + system) / 1e3);
  }
  const nsPerVisibility = (bestMs * 1e6) / block.flags.length;
  const groupSec = (nsPerVisibility * GROUP_ROWS * CHANNELS * CORRELATIONS) / 1e9;
  console.log(
    `${name.padEnd(34)} ${nsPerVisibility.toFixed(1).padStart(6)} ns/vis ${groupSec.toFixed(2).padStart(7)} CPU s/group`,
  );
}

function eachPlane(work: (rows: Int32Array, correlation: number) => void): void {
  for (const rows of rowsOf)
    for (let correlation = 0; correlation < CORRELATIONS; correlation++) work(rows, correlation);
}

measure("exact zeros and non-finite", () => {
  flagInvalid(block);
});
measure("gathering amplitudes", () => {
  eachPlane((rows, correlation) => gatherAmplitudes(block, rows, correlation, search.amplitudes, search.flags));
});
for (const kind of ["wasm", "plain"] as const) {
  const twin = createRfiSearch(TIMES, CHANNELS, OPTIONS, kind);
  measure(`RFI search, ${kind}`, () => {
    eachPlane((rows, correlation) => searchBaseline(twin, block, rows, correlation));
  });
}
measure("noise and correlated power", () => {
  eachPlane((rows, correlation) => measureBaseline(block, rows, correlation));
});
