/** Numbers of the Stokes axis: FITS standard 4.0, table 29. */

const NAMES = new Map<number, string>([
  [1, "I"],
  [2, "Q"],
  [3, "U"],
  [4, "V"],
  [-1, "RR"],
  [-2, "LL"],
  [-3, "RL"],
  [-4, "LR"],
  [-5, "XX"],
  [-6, "YY"],
  [-7, "XY"],
  [-8, "YX"],
]);

/** "I" for 1. @returns undefined for a number without name */
export function stokesName(stokesCode: number): string | undefined {
  return NAMES.get(stokesCode);
}

/** 1 for "I". @returns undefined for a name without number */
export function stokesCodeOf(name: string): number | undefined {
  for (const [code, known] of NAMES) if (known === name) return code;
  return undefined;
}
