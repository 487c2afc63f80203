/**
 * The kernel that spreads a visibility over cells: φ(x) = exp(β W ((1 − (2x/W)²)^e − 1)) for |x| ≤ W/2 cells, 0 beyond.
 *
 * Form: Barnett, Magland & af Klinteberg, SIAM J. Sci. Comput. 41 (2019) C479, with the exponent free as in Arras et al.,
 * A&A 646 (2021) A58. Its two constants are fitted here (`tools/kernel-fit`).
 */

/** A kernel: its constants, and what it leaves. */
export interface EsKernel {
  /** Cells that it covers. */
  readonly supportCount: number;
  /** Cells of the grid for each of the image, at least: the field is 1/σ of the grid's period. */
  readonly oversamplingFactor: number;
  readonly betaFactor: number;
  readonly exponentFactor: number;
}

/** φ at a distance from the centre, in cells. */
export function esKernel(kernel: EsKernel, distanceCells: number): number {
  const t = (2 * distanceCells) / kernel.supportCount;
  const inside = 1 - t * t;
  if (inside < 0) return 0;
  return Math.exp(kernel.betaFactor * kernel.supportCount * (inside ** kernel.exponentFactor - 1));
}

/** Nodes of the quadrature; the integrand is smooth in the angle and turns over at most some ten times. */
const NODE_COUNT = 96;
const quadrature = gaussLegendre(NODE_COUNT);

/**
 * Fourier transform of kernels, ∫ φ(x) cos(2π ν x) dx, by Gauss-Legendre quadrature after x = W/2 sin θ.
 *
 * @returns A function of ν, in turns per cell.
 */
export function kernelTransform(kernel: EsKernel): (frequencyTurns: number) => number {
  const half = kernel.supportCount / 2;
  const places = new Float64Array(NODE_COUNT);
  const amounts = new Float64Array(NODE_COUNT);
  for (let node = 0; node < NODE_COUNT; node++) {
    const angleRad = (Math.PI / 4) * (1 + quadrature.nodes[node]);
    places[node] = half * Math.sin(angleRad);
    // Twice for both halves of an even function; π/4 from the change of variable.
    amounts[node] =
      2 * (Math.PI / 4) * quadrature.amounts[node] * half * Math.cos(angleRad) * esKernel(kernel, places[node]);
  }
  return (frequencyTurns) => {
    let sum = 0;
    for (let node = 0; node < NODE_COUNT; node++) {
      sum += amounts[node] * Math.cos(2 * Math.PI * frequencyTurns * places[node]);
    }
    return sum;
  };
}

/** Periods of the grid on either side that count as aliases. */
const ALIAS_COUNT = 6;

/**
 * The factor by which an image is multiplied at ν to undo the gridding with least mean square misfit over all places of a
 * visibility between cells: φ̂(ν) / Σ_j φ̂(ν + j)².
 */
export function kernelCorrection(transform: (frequencyTurns: number) => number, frequencyTurns: number): number {
  return transform(frequencyTurns) / aliasPower(transform, frequencyTurns, true);
}

/** Rms of the error that gridding leaves at ν after `kernelCorrection`, relative to a visibility's amplitude. */
export function kernelMisfit(transform: (frequencyTurns: number) => number, frequencyTurns: number): number {
  const aliases = aliasPower(transform, frequencyTurns, false);
  return Math.sqrt(aliases / (aliases + transform(frequencyTurns) ** 2));
}

function aliasPower(
  transform: (frequencyTurns: number) => number,
  frequencyTurns: number,
  includesCentre: boolean,
): number {
  let power = includesCentre ? transform(frequencyTurns) ** 2 : 0;
  for (let period = 1; period <= ALIAS_COUNT; period++) {
    power += transform(frequencyTurns - period) ** 2 + transform(frequencyTurns + period) ** 2;
  }
  return power;
}

/** Nodes and amounts on [−1, 1]: zeros of the Legendre polynomial by Newton's method. */
export function gaussLegendre(nodeCount: number): { readonly nodes: Float64Array; readonly amounts: Float64Array } {
  const nodes = new Float64Array(nodeCount);
  const amounts = new Float64Array(nodeCount);
  for (let index = 0; index < nodeCount; index++) {
    let x = Math.cos((Math.PI * (index + 0.75)) / (nodeCount + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      let before = 1;
      let value = x;
      for (let order = 2; order <= nodeCount; order++) {
        [before, value] = [value, ((2 * order - 1) * x * value - (order - 1) * before) / order];
      }
      slope = (nodeCount * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    nodes[index] = x;
    amounts[index] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, amounts };
}
