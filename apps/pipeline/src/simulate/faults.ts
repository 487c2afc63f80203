/** What goes wrong on the way of a subband file from its correlator node. */

export const FAULT_KINDS = ["missing", "truncated", "short", "incomplete", "zero-byte"] as const;

/**
 * - `missing`: there is no file
 * - `truncated`: the file ends in the middle, as after a broken transfer
 * - `short`: the last integration was not written
 * - `incomplete`: the writer died half way; the file bears the name of one being written
 * - `zero-byte`: a placeholder without content
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface SubbandFault {
  readonly kind: FaultKind;
  readonly subbandIndex: number;
  /** Only in this group; left out: in all. */
  readonly groupIndex?: number;
}

/**
 * Reads a fault as a user writes it: `truncated:3`, or `missing:3@1` for group 1 only.
 *
 * @throws RangeError naming the forms that are known
 */
export function parseFault(text: string): SubbandFault {
  const match = /^([a-z-]+):(\d+)(?:@(\d+))?$/.exec(text);
  const kind = FAULT_KINDS.find((known) => known === match?.[1]);
  if (!match || kind === undefined) {
    throw new RangeError(
      `fault: expected KIND:SUBBAND[@GROUP], KIND one of ${FAULT_KINDS.join(", ")}; found "${text}"`,
    );
  }
  const fault = { kind, subbandIndex: Number(match[2]) };
  return match[3] === undefined ? fault : { ...fault, groupIndex: Number(match[3]) };
}

/** The fault of one file, or undefined when it arrives whole. */
export function faultOf(
  faults: readonly SubbandFault[],
  groupIndex: number,
  subbandIndex: number,
): FaultKind | undefined {
  return faults.find((fault) => fault.subbandIndex === subbandIndex && (fault.groupIndex ?? groupIndex) === groupIndex)
    ?.kind;
}
