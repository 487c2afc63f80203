/** Rows of visibilities from the order and phase centre of one file to those of another, in one pass over memory. */

const SPEED_OF_LIGHT_M_PER_SEC = 299_792_458;

/** How a block of rows lies in the input, and how it shall lie in the output. */
export interface RowLayout {
  readonly rowCount: number;
  readonly chanCountIn: number;
  readonly polCountIn: number;
  /** For each output channel of this segment, the input channel it takes. */
  readonly chanIndexIn: Int32Array;
  /** For each output polarisation, the input polarisation it takes; `polIndexInSwapped` for rows that are conjugated. */
  readonly polIndexIn: Int32Array;
  readonly polIndexInSwapped: Int32Array;
  /** Channels of a whole output row, of which this segment fills some from `chanStartOut` on. */
  readonly chanCountOut: number;
  readonly chanStartOut: number;
  /** Centre frequency of each output channel of this segment. */
  readonly freqHz: Float64Array;
}

export interface RowArrays {
  /** Complex input, interleaved re, im; row-major [row, chanIn, polIn]. */
  readonly vis: Float32Array;
  /** Input flags, 0 or 1; row-major [row, chanIn, polIn]; null: none is set. */
  readonly flags: Uint8Array | null;
  /** Complex output, interleaved re, im; row-major [row, chanOut, polOut]. */
  readonly visOut: Float32Array;
  /** Output flags, 0 or 1; row-major [row, chanOut, polOut]. */
  readonly flagsOut: Uint8Array;
  /** Path by which the new phase centre is nearer than the old, baseline·(s_new − s_old), one a row; null: no rotation. */
  readonly pathM: Float64Array | null;
  /** 1 where the row's baseline is turned round: the conjugate is stored, and polarisations are swapped; null: none. */
  readonly conjugate: Uint8Array | null;
}

/** What {@link rotateRows} met. */
export interface RowsRotated {
  /** Output values that are flagged, for whatever reason. */
  readonly flaggedCount: number;
  /** Those of them that are exactly zero or not finite in the input. */
  readonly unusableCount: number;
}

/** The step between neighbouring frequencies, or NaN when they are not evenly spaced to 1e-9 of a turn at 1e5 m. */
function evenStepHz(freqHz: Float64Array): number {
  const count = freqHz.length;
  if (count < 2) return 0;
  const stepHz = (freqHz[count - 1]! - freqHz[0]!) / (count - 1);
  for (let chan = 1; chan < count; chan++) {
    if (Math.abs(freqHz[0]! + chan * stepHz - freqHz[chan]!) > 1e-6 * Math.abs(stepHz) + 1e-6) return Number.NaN;
  }
  return stepHz;
}

/**
 * Rotates visibilities to a new phase centre, V·exp(−2πi ν/c·path), reorders channels and polarisations,
 * conjugates rows whose baseline is turned round, and carries flags along. A value that is exactly zero (a
 * lost packet or dead input) or not finite is flagged; what is not finite is stored as zero, since imagers
 * multiply by a weight of zero rather than skip.
 *
 * The sign is that of V = Σ S exp(+2πi ν/c b·(s − s_centre)), b = r(ant2) − r(ant1). A conjugated row is rotated
 * before it is conjugated, so `pathM` always belongs to the baseline as the input has it.
 *
 * @throws RangeError when an array is shorter than the layout needs
 *
 * Phases are float64, stepped from channel to channel where frequencies are evenly spaced; the result differs
 * from the explicit exponential by less than float32 rounding (rotate-rows.test.ts).
 */
export function rotateRows(layout: RowLayout, arrays: RowArrays): RowsRotated {
  const { rowCount, chanCountIn, polCountIn, chanIndexIn, chanCountOut, chanStartOut, freqHz } = layout;
  const { vis, flags, visOut, flagsOut, pathM, conjugate } = arrays;
  const polCount = layout.polIndexIn.length;
  const chanCount = chanIndexIn.length;
  const rowLengthIn = chanCountIn * polCountIn;
  const rowLengthOut = chanCountOut * polCount;
  checkLength("vis", vis.length, 2 * rowCount * rowLengthIn);
  if (flags) checkLength("flags", flags.length, rowCount * rowLengthIn);
  checkLength("visOut", visOut.length, 2 * rowCount * rowLengthOut);
  checkLength("flagsOut", flagsOut.length, rowCount * rowLengthOut);
  if (pathM) checkLength("pathM", pathM.length, rowCount);
  const stepHz = evenStepHz(freqHz);
  const isEven = !Number.isNaN(stepHz);
  // What DSA-110 files are: two polarisations in order, evenly spaced channels, no flags. It has a loop of its own.
  const isPlain =
    isEven &&
    flags === null &&
    polCount === 2 &&
    polCountIn === 2 &&
    layout.polIndexIn[0] === 0 &&
    layout.polIndexIn[1] === 1;
  let flaggedCount = 0;
  let unusableCount = 0;

  for (let row = 0; row < rowCount; row++) {
    const path = pathM ? pathM[row]! : 0;
    const rotates = path !== 0;
    const turned = conjugate !== null && conjugate[row] === 1;
    const polIn = turned ? layout.polIndexInSwapped : layout.polIndexIn;
    const imSign = turned ? -1 : 1;
    let cos = 1;
    let sin = 0;
    let cosStep = 1;
    let sinStep = 0;
    if (rotates) {
      const phaseRad = phaseOf(path, freqHz[0]!);
      cos = Math.cos(phaseRad);
      sin = Math.sin(phaseRad);
      if (isEven) {
        const stepRad = phaseOf(path, stepHz);
        cosStep = Math.cos(stepRad);
        sinStep = Math.sin(stepRad);
      }
    }
    const rowIn = row * rowLengthIn;
    const out = row * rowLengthOut + chanStartOut * polCount;
    if (isPlain && !turned) {
      const unusable = rotatePlainRow(vis, visOut, flagsOut, chanIndexIn, rowIn, out, cos, sin, cosStep, sinStep);
      flaggedCount += unusable;
      unusableCount += unusable;
      continue;
    }
    for (let chan = 0; chan < chanCount; chan++) {
      const cellIn = rowIn + chanIndexIn[chan]! * polCountIn;
      for (let pol = 0; pol < polCount; pol++) {
        const at = cellIn + polIn[pol]!;
        const to = out + chan * polCount + pol;
        const re = vis[2 * at]!;
        const im = vis[2 * at + 1]!;
        if (!isUsable(re, im)) {
          visOut[2 * to] = 0;
          visOut[2 * to + 1] = 0;
          flagsOut[to] = 1;
          flaggedCount++;
          unusableCount++;
          continue;
        }
        visOut[2 * to] = re * cos - im * sin;
        visOut[2 * to + 1] = imSign * (re * sin + im * cos);
        if (flags !== null && flags[at] !== 0) {
          flagsOut[to] = 1;
          flaggedCount++;
        } else flagsOut[to] = 0;
      }
      if (!rotates) continue;
      if (isEven) {
        const next = cos * cosStep - sin * sinStep;
        sin = cos * sinStep + sin * cosStep;
        cos = next;
      } else if (chan + 1 < chanCount) {
        const phaseRad = phaseOf(path, freqHz[chan + 1]!);
        cos = Math.cos(phaseRad);
        sin = Math.sin(phaseRad);
      }
    }
  }
  return { flaggedCount, unusableCount };
}

/** The phase of the rotation within (−π, π]: sines of thousands of radians take several times longer. */
function phaseOf(pathM: number, freqHz: number): number {
  const turns = (pathM * freqHz) / SPEED_OF_LIGHT_M_PER_SEC;
  return -2 * Math.PI * (turns - Math.round(turns));
}

/** Neither exactly zero nor infinite nor NaN: a sum of moduli is cheaper to test than both parts. */
function isUsable(re: number, im: number): boolean {
  const size = Math.abs(re) + Math.abs(im);
  return size > 0 && size < Number.POSITIVE_INFINITY;
}

/** One row of two polarisations; half the time of the general loop. @returns how many values are unusable */
function rotatePlainRow(
  vis: Float32Array,
  visOut: Float32Array,
  flagsOut: Uint8Array,
  chanIndexIn: Int32Array,
  rowIn: number,
  out: number,
  cosStart: number,
  sinStart: number,
  cosStep: number,
  sinStep: number,
): number {
  let cos = cosStart;
  let sin = sinStart;
  let unusable = 0;
  let to = 2 * out;
  for (let chan = 0; chan < chanIndexIn.length; chan++, to += 4) {
    const at = 2 * (rowIn + 2 * chanIndexIn[chan]!);
    const re0 = vis[at]!;
    const im0 = vis[at + 1]!;
    const re1 = vis[at + 2]!;
    const im1 = vis[at + 3]!;
    const flag = to >> 1;
    if (isUsable(re0, im0)) {
      visOut[to] = re0 * cos - im0 * sin;
      visOut[to + 1] = re0 * sin + im0 * cos;
      flagsOut[flag] = 0;
    } else {
      visOut[to] = 0;
      visOut[to + 1] = 0;
      flagsOut[flag] = 1;
      unusable++;
    }
    if (isUsable(re1, im1)) {
      visOut[to + 2] = re1 * cos - im1 * sin;
      visOut[to + 3] = re1 * sin + im1 * cos;
      flagsOut[flag + 1] = 0;
    } else {
      visOut[to + 2] = 0;
      visOut[to + 3] = 0;
      flagsOut[flag + 1] = 1;
      unusable++;
    }
    const next = cos * cosStep - sin * sinStep;
    sin = cos * sinStep + sin * cosStep;
    cos = next;
  }
  return unusable;
}

function checkLength(name: string, found: number, needed: number): void {
  if (found < needed) throw new RangeError(`${name} holds ${found} elements, expected at least ${needed}`);
}
