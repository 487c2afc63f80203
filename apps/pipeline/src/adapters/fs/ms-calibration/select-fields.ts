/** Fields by name or number, as CASA selects them. */

import { type CalMs, unsuitable } from "./cal-ms.ts";

/**
 * @param fields  names, numbers, or ranges of numbers as `0~23`; none: all
 * @throws PipelineError MS_UNSUITABLE naming one that is not there
 */
export function selectFields(ms: CalMs, fields: readonly string[]): (fieldId: number) => boolean {
  if (fields.length === 0) return () => true;
  const chosen = new Set<number>();
  for (const text of fields) {
    const [first, last = first] = text.split("~").map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
    const found = ms.fields.flatMap(({ name }, id) => (name === text || (id >= first! && id <= last!) ? [id] : []));
    if (found.length === 0)
      throw unsuitable(ms.path, `field ${text}`, `one of ${ms.fields.map(({ name }) => name).join(", ")}`, "none");
    for (const id of found) chosen.add(id);
  }
  return (fieldId) => chosen.has(fieldId);
}
