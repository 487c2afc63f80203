/** Closure phases: what no gain of an antenna can change, so that they say whether the model is the sky. */
import { type GainTable, gainIndex } from "./gain-table.ts";
import { baselineCountOf, baselineIndex, CELL_LENGTH_COUNT, type NormalCells } from "./normal-cells.ts";

export interface ClosurePhases {
  /** Weighted by what noise leaves of each; NaN without a triangle. */
  readonly rmsRad: number;
  /** In units of what noise makes of them, when weights are 1/σ² of real and imaginary part: 1 for a model that is the sky. */
  readonly rmsSigma: number;
  readonly triangleCount: number;
}

/**
 * Phases of V_ri V_ij V_jr over the model, around all triangles of one antenna r with two others. Gains drop out of such a
 * product, phase by phase (Jennison 1958, MNRAS 118, 276); what is left is noise, and where the model is not the sky.
 *
 * The triangles of one antenna are the independent ones: all others are sums of them.
 *
 * @param solutions As solved from `cells`: triangles with a flagged antenna are left out.
 * @param referenceAnt The r.
 * @throws RangeError when `solutions` have another shape.
 */
export function closurePhases(cells: NormalCells, solutions: GainTable, referenceAnt: number): ClosurePhases {
  const { antennaCount, intervalCount, polCount, binCount, sums } = cells;
  for (const name of ["antennaCount", "intervalCount", "polCount", "binCount"] as const) {
    if (solutions[name] !== cells[name])
      throw new RangeError(`${name}: expected ${cells[name]}, found ${solutions[name]}`);
  }
  const baselineCount = baselineCountOf(antennaCount);
  let squares = 0;
  let weights = 0;
  let triangleCount = 0;
  for (let interval = 0; interval < intervalCount; interval++) {
    for (let pol = 0; pol < polCount; pol++) {
      for (let bin = 0; bin < binCount; bin++) {
        const present = Array.from({ length: antennaCount }, (_, antenna) => antenna).filter(
          (antenna) => solutions.flags[gainIndex(solutions, interval, antenna, bin, pol)] === 0,
        );
        if (!present.includes(referenceAnt)) continue;
        const start = (interval * polCount + pol) * baselineCount;
        const placeOf = (i: number, j: number): number =>
          CELL_LENGTH_COUNT * ((start + baselineIndex(Math.min(i, j), Math.max(i, j), antennaCount)) * binCount + bin);
        const phaseOf = (place: number, isReversed: boolean): number => {
          const phase = Math.atan2(sums[place + 1], sums[place]);
          return isReversed ? -phase : phase;
        };
        for (const [at, i] of present.entries()) {
          if (i === referenceAnt) continue;
          const one = placeOf(referenceAnt, i);
          const oneVariance = phaseVariance(sums, one);
          for (const j of present.slice(at + 1)) {
            if (j === referenceAnt) continue;
            const other = placeOf(referenceAnt, j);
            const third = placeOf(i, j);
            const variance = oneVariance + phaseVariance(sums, other) + phaseVariance(sums, third);
            if (!(variance < Infinity)) continue;
            const sum = phaseOf(one, i < referenceAnt) + phaseOf(third, false) - phaseOf(other, j < referenceAnt);
            const closure = sum - 2 * Math.PI * Math.round(sum / (2 * Math.PI));
            squares += (closure * closure) / variance;
            weights += 1 / variance;
            triangleCount++;
          }
        }
      }
    }
  }
  return {
    rmsRad: triangleCount === 0 ? Number.NaN : Math.sqrt(squares / weights),
    rmsSigma: triangleCount === 0 ? Number.NaN : Math.sqrt(squares / triangleCount),
    triangleCount,
  };
}

/** Σ w |M|² / |Σ w V M*|², of a phase for noise of 1/√w; infinite without a signal. */
function phaseVariance(sums: Float32Array, place: number): number {
  const power = sums[place] ** 2 + sums[place + 1] ** 2;
  return sums[place + 2] > 0 && power > 0 ? sums[place + 2] / power : Infinity;
}
