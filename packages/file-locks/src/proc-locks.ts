/** `/proc/locks`: who holds and who waits, as the kernel has it. */

export interface LockEntry {
  readonly kind: "FLOCK" | "POSIX" | "OFDLCK" | "LEASE";
  readonly mode: "READ" | "WRITE";
  /** 0 or negative: a process that this namespace does not see. */
  readonly processNumber: number;
  /** `major:minor` in hexadecimal, as the file has it. */
  readonly device: string;
  readonly inodeNumber: string;
  /** Waits for the holder instead of holding. */
  readonly isWaiting: boolean;
}

const LINE =
  /^\d+:\s+(->\s+)?(FLOCK|POSIX|OFDLCK|LEASE)\s+\S+\s+(READ|WRITE)\s+(-?\d+)\s+([0-9a-f]+:[0-9a-f]+):(\d+)\s/;

/** Lines of kinds that are not known are passed over. */
export function parseProcLocks(text: string): readonly LockEntry[] {
  return text.split("\n").flatMap((line) => {
    const parts = LINE.exec(line);
    if (!parts) return [];
    const [, arrow, kind, mode, processNumber, device, inodeNumber] = parts;
    return [
      {
        kind: kind as LockEntry["kind"],
        mode: mode as LockEntry["mode"],
        processNumber: Number(processNumber),
        device: device!,
        inodeNumber: inodeNumber!,
        isWaiting: arrow !== undefined,
      },
    ];
  });
}
