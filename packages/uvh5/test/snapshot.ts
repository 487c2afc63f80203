/** Everything a file gives, for comparing one reading with another. */
import type { Uvh5File } from "../src/uvh5-file.ts";

/** Bytes of the arrays and the text of all else. */
export interface Snapshot {
  readonly text: string;
  readonly arrays: readonly Buffer[];
}

const bytes = (array: NodeJS.ArrayBufferView | null): Buffer =>
  array === null ? Buffer.from("null") : Buffer.from(array.buffer, array.byteOffset, array.byteLength);

const plain = (_: string, value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Map) return [...value];
  if (ArrayBuffer.isView(value)) return bytes(value as Uint8Array).toString("base64");
  return value;
};

/** Reads the whole file. */
export function snapshot(file: Uvh5File): Snapshot {
  const {
    timeJd,
    integrationTimeSec,
    ant1,
    ant2,
    uvwM,
    lstRad,
    appRaRad,
    appDecRad,
    framePaRad,
    phaseCenterIdArray,
    ...small
  } = file.header;
  const count = small.bltCount * small.channelCount * small.polarizationCount;
  const vis = new Float32Array(2 * count);
  const flags = new Uint8Array(count);
  const nsamples = new Float32Array(count);
  const read = file.readRows({ bltStart: 0, bltEnd: small.bltCount }, { vis, flags, nsamples });
  return {
    text: JSON.stringify([small, read, file.visStoredAs], plain),
    arrays: [
      timeJd,
      integrationTimeSec,
      ant1,
      ant2,
      uvwM,
      lstRad,
      appRaRad,
      appDecRad,
      framePaRad,
      phaseCenterIdArray,
      vis,
      flags,
      nsamples,
    ].map(bytes),
  };
}

export function sameSnapshot(a: Snapshot, b: Snapshot): boolean {
  return a.text === b.text && a.arrays.every((array, i) => array.equals(b.arrays[i] as Buffer));
}
