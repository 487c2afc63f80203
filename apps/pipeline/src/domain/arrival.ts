/** An arrival: one version of one file that appeared in the incoming directory, and what became of it. */

import type { GroupState } from "./queue.ts";

/**
 * What became of a file. Every arrival has exactly one fate at any time; only `settling` is not final.
 *
 * | fate | the file |
 * |---|---|
 * | settling | is there, but not whole yet, or not yet looked into |
 * | queued | is a subband of a group and will be, is being or was processed with it |
 * | late | belongs to a group that was processed, or closed by the operator, without it; joins at its next attempt |
 * | duplicate | claims a subband that its group has from another file |
 * | resent | replaced a file of the same name and the same content |
 * | changed | replaced a file of the same name by other content, after its group was taken |
 * | superseded | was replaced, before its group was taken, by a newer file of the same name, of any observation |
 * | corrupt | cannot be used, and did not change for long enough to be sure |
 * | foreign | is no subband file |
 * | abandoned | has the name of an unfinished transfer and did not change for long |
 * | vanished | was removed before it could be used |
 */
export const fileFates = [
  "settling",
  "queued",
  "late",
  "duplicate",
  "resent",
  "changed",
  "superseded",
  "corrupt",
  "foreign",
  "abandoned",
  "vanished",
] as const;

export type FileFate = (typeof fileFates)[number];

/** What one stat call tells of a file. */
export interface FileVersion {
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  /** `inode:size:mtime in ns`: differs between any two versions of a file. */
  readonly signature: string;
}

/** {@link FileVersion.signature} from a stat call with big integers. */
export function fileSignature(inodeNumber: bigint, sizeBytes: bigint, mtimeNs: bigint): string {
  return `${inodeNumber}:${sizeBytes}:${mtimeNs}`;
}

/** A whole subband file: what its header tells, and a digest of samples of its bytes. */
export interface WholeSubband extends FileVersion {
  readonly firstTimeJd: number;
  readonly integrationTimeSec: number;
  readonly topFreqHz: number;
  /** From the file name; 0 is the highest frequency. */
  readonly subbandIndex: number;
  /** SHA-256 of samples of the file: equal for copies, different for other data. Not of every byte. */
  readonly sampleDigest: string;
}

/** What the ledger knows that bears on a new arrival. */
export interface ArrivalContext {
  readonly expectedSubbandCount: number;
  /** The newest arrival of the same path, settled or not. */
  readonly samePath:
    | { readonly signature: string; readonly fate: FileFate; readonly sampleDigest: string | null }
    | undefined;
  /** The group of the same data time. */
  readonly group: { readonly state: GroupState; readonly isCancelled: boolean } | undefined;
  /** The file that the group has for this subband. */
  readonly member: { readonly path: string; readonly sampleDigest: string } | undefined;
}

export interface FateDecision {
  readonly fate: FileFate;
  /** For people; empty when the fate says it all. */
  readonly reason: string;
  /** Whether this file becomes the group's file for its subband. */
  readonly joins: boolean;
  /** Whether the arrival that was the member before becomes `superseded`. */
  readonly supersedesMember: boolean;
}

const joining: FateDecision = { fate: "queued", reason: "", joins: true, supersedesMember: false };
const refused = (fate: FileFate, reason: string): FateDecision => ({
  fate,
  reason,
  joins: false,
  supersedesMember: false,
});

/**
 * Decides the fate of a whole subband file. Depends on what is known and not on when: the same files in any order end
 * in the same groups.
 *
 * @returns undefined when this version of the file was decided before
 */
export function decideFate(file: WholeSubband, context: ArrivalContext): FateDecision | undefined {
  const { samePath, group, member } = context;
  if (samePath && samePath.fate !== "settling" && samePath.signature === file.signature) return undefined;
  if (file.subbandIndex >= context.expectedSubbandCount) {
    return refused("foreign", `subband ${file.subbandIndex}, expected 0 to ${context.expectedSubbandCount - 1}`);
  }
  if (!group) return joining;
  const isOpen = group.state === "collecting" || group.state === "pending";
  // Nothing was made of a failed group: what repairs it is welcome, unless the operator gave it up.
  const accepts = isOpen || (group.state === "failed" && !group.isCancelled);

  if (member?.path === file.path) {
    const isSame = member.sampleDigest === file.sampleDigest;
    // A copy of the same content joins too, for the version on disk is the one that will be opened.
    if (isSame) return { fate: "resent", reason: "", joins: accepts, supersedesMember: false };
    if (accepts) return { ...joining, supersedesMember: true };
    return refused("changed", `replaced with other content while its group was ${group.state}`);
  }
  if (member) {
    const same = member.sampleDigest === file.sampleDigest ? "same content as" : "other content than";
    return refused("duplicate", `${same} ${member.path}`);
  }
  if (samePath?.sampleDigest === file.sampleDigest && samePath.fate !== "settling") return refused("resent", "");
  if (accepts) return joining;
  return refused("late", `its group was ${group.isCancelled ? "cancelled" : group.state} without it`);
}
