/**
 * Fits the constants of the gridding kernel for each support and oversampling, and writes
 * `packages/kernels/src/grid/kernel-constants.ts`.
 *
 * node --conditions=@contimg/source tools/kernel-fit/fit-kernels.ts
 *
 * What is least is the largest misfit over the field: the error of an image pixel, relative to a visibility's amplitude, in
 * the root mean square over places between cells, at the pixel where it is largest. Misfit and correction: Ye, Gull, Tan &
 * Nikolic, MNRAS 491 (2020) 1146. Search: Nelder and Mead's simplex, from several starts. Takes a minute.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EsKernel, kernelMisfit, kernelTransform } from "../../packages/kernels/src/grid/es-kernel.ts";

const SUPPORTS = [3, 4, 5, 6, 7, 8];
const OVERSAMPLINGS = [1.2, 1.25, 1.3, 1.35, 1.4, 1.45, 1.5, 1.55, 1.6, 1.7, 1.8, 1.9, 2, 2.25, 2.5, 3];
/** Places over half the field at which the misfit is looked at. */
const FIELD_STEPS = 24;

/** The largest misfit of a kernel over the field, [0, 1/(2σ)] by symmetry. */
export function largestMisfit(kernel: EsKernel): number {
  const transform = kernelTransform(kernel);
  let largest = 0;
  for (let step = 0; step <= FIELD_STEPS; step++) {
    largest = Math.max(largest, kernelMisfit(transform, step / FIELD_STEPS / (2 * kernel.oversamplingFactor)));
  }
  return largest;
}

type Point = readonly [number, number];

/** The least of a function of two numbers near a start. */
function simplexMinimum(cost: (point: Point) => number, start: Point, size: Point): { point: Point; value: number } {
  const at = (point: Point): { point: Point; value: number } => ({ point, value: cost(point) });
  let corners = [at(start), at([start[0] + size[0], start[1]]), at([start[0], start[1] + size[1]])];
  for (let step = 0; step < 90; step++) {
    corners = corners.toSorted((a, b) => a.value - b.value);
    const [best, middle, worst] = corners as [(typeof corners)[0], (typeof corners)[0], (typeof corners)[0]];
    const along = (length: number): { point: Point; value: number } =>
      at([
        (1 + length) * 0.5 * (best.point[0] + middle.point[0]) - length * worst.point[0],
        (1 + length) * 0.5 * (best.point[1] + middle.point[1]) - length * worst.point[1],
      ]);
    const mirrored = along(1);
    if (mirrored.value < best.value) {
      const further = along(2);
      corners[2] = further.value < mirrored.value ? further : mirrored;
    } else if (mirrored.value < middle.value) {
      corners[2] = mirrored;
    } else {
      const nearer = along(mirrored.value < worst.value ? 0.5 : -0.5);
      if (nearer.value < Math.min(worst.value, mirrored.value)) {
        corners[2] = nearer;
      } else {
        const towards = (corner: Point): Point => [
          0.5 * (corner[0] + best.point[0]),
          0.5 * (corner[1] + best.point[1]),
        ];
        corners = [best, at(towards(middle.point)), at(towards(worst.point))];
      }
    }
  }
  return corners.toSorted((a, b) => a.value - b.value)[0] as { point: Point; value: number };
}

/** The constants of least misfit. */
export function fitKernel(supportCount: number, oversamplingFactor: number): EsKernel & { misfit: number } {
  // The logarithm is smoother; constants outside these bounds are no kernels.
  const cost = ([betaFactor, exponentFactor]: Point): number =>
    betaFactor < 0.5 || betaFactor > 4 || exponentFactor < 0.3 || exponentFactor > 1
      ? 10
      : Math.log(largestMisfit({ supportCount, oversamplingFactor, betaFactor, exponentFactor }));
  const starts: readonly Point[] = [
    [Math.PI * (1 - 1 / (2 * oversamplingFactor)), 0.5],
    [0.8 * Math.PI * (1 - 1 / (2 * oversamplingFactor)), 0.55],
    [1.3, 0.65],
  ];
  const [best] = starts
    .map((start) => simplexMinimum(cost, start, [0.1, 0.03]))
    .toSorted((a, b) => a.value - b.value) as [{ point: Point; value: number }];
  const round = (value: number): number => Number(value.toFixed(5));
  const kernel = {
    supportCount,
    oversamplingFactor,
    betaFactor: round(best.point[0]),
    exponentFactor: round(best.point[1]),
  };
  return { ...kernel, misfit: largestMisfit(kernel) };
}

if (process.argv[1] === import.meta.filename) {
  const rows = SUPPORTS.flatMap((support) => OVERSAMPLINGS.map((oversampling) => fitKernel(support, oversampling)));
  const text = rows.map(
    (row) =>
      `[${row.supportCount}, ${row.oversamplingFactor}, ${row.betaFactor}, ${row.exponentFactor}, ${row.misfit.toExponential(2)}],`,
  );
  const file = join(import.meta.dirname, "../../packages/kernels/src/grid/kernel-constants.ts");
  writeFileSync(
    file,
    `/** Made by tools/kernel-fit/fit-kernels.ts: support in cells, oversampling, β, exponent, largest misfit over the field. */
export const KERNEL_CONSTANTS: readonly (readonly [number, number, number, number, number])[] = [
${text.join("\n")}
];
`,
  );
  spawnSync("npx", ["biome", "format", "--write", file]);
  console.log(`${rows.length} kernels`);
}
