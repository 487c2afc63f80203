/** Writes UVH5 in the layout of the DSA-110's on-site writer. */
import { guessChunkShape } from "./hdf5-write/chunk-shape.ts";
import { type ByteTarget, Hdf5Writer } from "./hdf5-write/hdf5-writer.ts";
import { typeBytes, type WriteType } from "./hdf5-write/messages.ts";
import type { RowAppender } from "./hdf5-write/row-appender.ts";

/** Everything of a file that does not grow with its rows. */
export interface Uvh5WriteHeader {
  readonly telescopeName: string;
  readonly instrument: string;
  readonly objectName: string;
  readonly history: string;
  /** "drift" in files of the DSA-110. */
  readonly phaseType: string;
  readonly latitudeRad: number;
  readonly longitudeRad: number;
  readonly altitudeM: number;
  /** `phase_center_app_dec` */
  readonly appDecRad: number;
  /** Antennas with data (`Nants_data`). */
  readonly antennaDataCount: number;
  readonly antennaNames: readonly string[];
  readonly antennaNumbers: Int32Array;
  /** [ant, 3], ITRF minus the telescope's position */
  readonly antennaPositionsM: Float64Array;
  readonly antennaDiametersM: Float64Array;
  /** Channel centres, in the order in which they are to be stored. */
  readonly freqHz: Float64Array;
  /** One signed number, stored as it is. */
  readonly channelWidthHz: number;
  readonly polarizations: Int32Array;
  readonly spwArray: Int32Array;
  /** Strings as fixed-length bytes unless wrapped in `{ vlen }`, which makes a variable-length UTF-8 string. */
  readonly extraKeywords: ReadonlyMap<string, string | number | { readonly vlen: string }>;
}

/** One integration: all baselines of one time. */
export interface Uvh5Integration {
  readonly timeJd: number;
  readonly integrationTimeSec: number;
  /** Antenna numbers [baseline]; the same count in each integration. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  /** [baseline, 3]; stored as float32 */
  readonly uvwM: Float32Array | Float64Array;
  /** [baseline, chan, pol] complex, interleaved re, im */
  readonly vis: Float32Array;
  /** [baseline, chan, pol]; left out: all 0 */
  readonly flags?: Uint8Array;
  /** [baseline, chan, pol], or one number for all */
  readonly nsamples: Float32Array | number;
}

/** A file being written. It bears a temporary name until `close`. */
export interface Uvh5Writer {
  /** `…_incomplete.hdf5` while open */
  readonly temporaryPath: string;
  append(integration: Uvh5Integration): void;
  /** Completes the file, makes it durable if asked for, and renames it. @returns the final path */
  close(): string;
  /** Leaves the unfinished file as a killed writer would, for tests of readers. */
  abandon(): void;
}

export interface WriteUvh5Options {
  /** fsync before the rename. Default false. */
  readonly durable?: boolean;
}

const INT64 = { kind: "int64" } as const;
const FLOAT32 = { kind: "float32" } as const;
const FLOAT64 = { kind: "float64" } as const;
const DEGREE = 180 / Math.PI;

/**
 * Writes the layout of the DSA-110's on-site writer to any target of bytes: the data arrays and the header
 * arrays `[blt]` grow by integrations, everything else is written by `finish`.
 *
 * Memory: one integration and one band of chunks of each array, whatever the length of the file.
 */
export class Uvh5Layout {
  readonly #hdf5: Hdf5Writer;
  readonly #header: Uvh5WriteHeader;
  readonly #growing: Readonly<
    Record<"time" | "length" | "ant1" | "ant2" | "uvw" | "vis" | "flags" | "nsamples", RowAppender>
  >;
  #timeCount = 0;
  #bltCount = 0;
  #baselineCount: number | null = null;
  #noFlags: Uint8Array | null = null;
  #sameNsamples: Float32Array | null = null;

  constructor(target: ByteTarget, header: Uvh5WriteHeader) {
    checkWriteHeader(header);
    this.#hdf5 = new Hdf5Writer(target);
    this.#header = header;
    const row = [1, header.freqHz.length, header.polarizations.length];
    const grow = (path: string, type: WriteType, rowShape: readonly number[]): RowAppender =>
      this.#hdf5.growing(path, type, rowShape, guessChunkShape([0, ...rowShape], typeBytes(type)));
    this.#growing = {
      ant1: grow("Header/ant_1_array", INT64, []),
      ant2: grow("Header/ant_2_array", INT64, []),
      uvw: grow("Header/uvw_array", FLOAT32, [3]),
      time: grow("Header/time_array", FLOAT64, []),
      length: grow("Header/integration_time", FLOAT64, []),
      vis: grow("Data/visdata", { kind: "complex64" }, row),
      flags: grow("Data/flags", { kind: "bool" }, row),
      nsamples: grow("Data/nsamples", FLOAT32, row),
    };
  }

  /** @throws RangeError when an array has the wrong length or the count of baselines changes */
  append(integration: Uvh5Integration): void {
    const { ant1, ant2, uvwM, vis, flags, nsamples } = integration;
    const count = ant1.length;
    const elements = count * this.#header.freqHz.length * this.#header.polarizations.length;
    checkLength("ant2", ant2.length, count);
    checkLength("uvwM", uvwM.length, 3 * count);
    checkLength("vis", vis.length, 2 * elements);
    if (flags !== undefined) checkLength("flags", flags.length, elements);
    if (typeof nsamples !== "number") checkLength("nsamples", nsamples.length, elements);
    this.#baselineCount ??= count;
    checkLength("ant1", count, this.#baselineCount);
    const g = this.#growing;
    g.time.append(bytesOf(new Float64Array(count).fill(integration.timeJd)));
    g.length.append(bytesOf(new Float64Array(count).fill(integration.integrationTimeSec)));
    g.ant1.append(int64Bytes(ant1));
    g.ant2.append(int64Bytes(ant2));
    g.uvw.append(bytesOf(uvwM instanceof Float32Array ? uvwM : Float32Array.from(uvwM)));
    g.vis.append(bytesOf(vis));
    g.flags.append(flags ?? (this.#noFlags ??= new Uint8Array(elements)));
    g.nsamples.append(bytesOf(typeof nsamples === "number" ? this.#nsamplesOf(nsamples, elements) : nsamples));
    this.#timeCount++;
    this.#bltCount += count;
  }

  #nsamplesOf(value: number, elements: number): Float32Array {
    this.#sameNsamples ??= new Float32Array(elements);
    if (this.#sameNsamples[0] !== value) this.#sameNsamples.fill(value);
    return this.#sameNsamples;
  }

  /** Writes the rest of the header and all metadata. @returns the size of the file */
  finish(): number {
    const header = this.#header;
    const number = (name: string, value: number): void =>
      this.#hdf5.dataset(`Header/${name}`, FLOAT64, [], bytesOf(Float64Array.of(value)));
    const count = (name: string, value: number): void =>
      this.#hdf5.dataset(`Header/${name}`, INT64, [], int64Bytes(Int32Array.of(value)));
    const text = (name: string, value: string): void => {
      const bytes = new TextEncoder().encode(value);
      this.#hdf5.dataset(
        `Header/${name}`,
        { kind: "string", bytes: Math.max(1, bytes.length) },
        [],
        bytes.length === 0 ? new Uint8Array(1) : bytes,
      );
    };
    const integers = (name: string, values: Int32Array): void =>
      this.#hdf5.dataset(`Header/${name}`, INT64, [values.length], int64Bytes(values));
    const numbers = (name: string, values: Float64Array, shape: readonly number[]): void =>
      this.#hdf5.dataset(`Header/${name}`, FLOAT64, shape, bytesOf(values));
    const antennaCount = header.antennaNumbers.length;
    number("latitude", header.latitudeRad * DEGREE);
    number("longitude", header.longitudeRad * DEGREE);
    number("altitude", header.altitudeM);
    text("telescope_name", header.telescopeName);
    text("instrument", header.instrument);
    text("object_name", header.objectName);
    text("history", header.history);
    text("phase_type", header.phaseType);
    number("phase_center_app_dec", header.appDecRad);
    count("Nants_data", header.antennaDataCount);
    count("Nants_telescope", antennaCount);
    numbers("antenna_diameters", header.antennaDiametersM, [antennaCount]);
    const names = fixedStrings(header.antennaNames);
    this.#hdf5.dataset(
      "Header/antenna_names",
      { kind: "string", bytes: names.length / antennaCount },
      [antennaCount],
      names,
    );
    integers("antenna_numbers", header.antennaNumbers);
    count("Nbls", this.#baselineCount ?? 0);
    count("Nblts", this.#bltCount);
    count("Nfreqs", header.freqHz.length);
    count("Npols", header.polarizations.length);
    count("Ntimes", this.#timeCount);
    count("Nspws", header.spwArray.length);
    numbers("freq_array", header.freqHz, [1, header.freqHz.length]);
    number("channel_width", header.channelWidthHz);
    integers("spw_array", header.spwArray);
    integers("polarization_array", header.polarizations);
    numbers("antenna_positions", header.antennaPositionsM, [antennaCount, 3]);
    for (const [name, value] of header.extraKeywords) {
      if (typeof value === "number") number(`extra_keywords/${name}`, value);
      else if (typeof value === "string") text(`extra_keywords/${name}`, value);
      else this.#hdf5.vlenString(`Header/extra_keywords/${name}`, value.vlen);
    }
    return this.#hdf5.finish();
  }
}

function checkLength(name: string, found: number, expected: number): void {
  if (found !== expected) throw new RangeError(`${name}: expected ${expected} elements, found ${found}`);
}

function checkWriteHeader(header: Uvh5WriteHeader): void {
  const antennaCount = header.antennaNumbers.length;
  if (antennaCount === 0) throw new RangeError("antennaNumbers: expected at least one, found none");
  checkLength("antennaNames", header.antennaNames.length, antennaCount);
  checkLength("antennaPositionsM", header.antennaPositionsM.length, 3 * antennaCount);
  checkLength("antennaDiametersM", header.antennaDiametersM.length, antennaCount);
  if (header.freqHz.length === 0 || header.polarizations.length === 0 || header.spwArray.length === 0) {
    throw new RangeError("freqHz, polarizations, spwArray: expected at least one element each");
  }
}

function bytesOf(numbers: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function int64Bytes(integers: Int32Array): Uint8Array {
  return new Uint8Array(BigInt64Array.from(integers, (value) => BigInt(value)).buffer);
}

/** NUL-padded strings of the length of the longest, at least 4 bytes as the on-site writer declares. */
function fixedStrings(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const width = Math.max(4, ...encoded.map((bytes) => bytes.length));
  const all = new Uint8Array(width * texts.length);
  for (const [i, bytes] of encoded.entries()) all.set(bytes, i * width);
  return all;
}
