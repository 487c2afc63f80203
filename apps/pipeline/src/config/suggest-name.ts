/** Which known name a misspelt one was perhaps meant to be. */

const LONGEST = 64;

/** Edits (insert, remove, replace a character) that make `a` into `b`. */
function editCount(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = previous[j]! + (a[i] === b[j] ? 0 : 1);
      row.push(Math.min(replaced, previous[j + 1]! + 1, row[j]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** The name of `known` nearest to `name`; undefined when none is near: more than a third of it would have to change. */
export function suggestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  const folded = name.toLowerCase().replaceAll("-", "_");
  let best: string | undefined;
  let bestCount = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const count = editCount(folded, candidate.toLowerCase().replaceAll("-", "_"));
    if (count < bestCount) [best, bestCount] = [candidate, count];
  }
  return best;
}
