/** Shapes of cells, in casacore's order: the first axis varies fastest. */

/** Elements of an array; a cell without axes holds none. */
export function elementCountOf(shape: readonly number[]): number {
  return shape.length === 0 ? 0 : shape.reduce((product, length) => product * length, 1);
}

export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
