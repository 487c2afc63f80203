/** Writing HDUs one behind the other, with little memory. */

import type { TableSpec } from "../bintable/table-spec.ts";
import { writeTableData } from "../bintable/write-table.ts";
import { encodeInto } from "../bytes/big-endian.ts";
import type { ByteTarget } from "../bytes/byte-target.ts";
import { addSums, encodeChecksum, UNKNOWN_CHECKSUM, WordSum } from "../checksum/checksum.ts";
import { FitsWriteError } from "../errors.ts";
import type { FitsHeader } from "../header/header.ts";
import { BLOCK_BYTES } from "../header/parse-header.ts";
import { serializeHeader } from "../header/serialize-header.ts";
import type { ImageSpec } from "../image/image-spec.ts";
import { bytesPerElement, type NativeType, storageOf } from "../image/scale.ts";
import { storedBlocks } from "../image/stored-blocks.ts";
import { newHeader } from "./new-header.ts";

export interface FitsWriterOptions {
  /** Writes DATASUM and CHECKSUM. Default true. */
  readonly hasChecksums?: boolean;
}

/** Where written data go: their sum is taken on the way. */
export type DataSink = (bytes: Uint8Array) => Promise<void>;

/** Writes HDUs to a target. Nothing is complete before the last call has ended. */
export class FitsWriter {
  readonly #target: ByteTarget;
  readonly #hasChecksums: boolean;
  #byteLength = 0;
  #hduCount = 0;

  constructor(target: ByteTarget, options: FitsWriterOptions = {}) {
    this.#target = target;
    this.#hasChecksums = options.hasChecksums ?? true;
  }

  /** Bytes of all HDUs so far. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get hduCount(): number {
    return this.#hduCount;
  }

  /**
   * Writes an image: the first HDU, or an extension.
   *
   * @throws FitsWriteError when values do not fit their type, are too few or too many, or a keyword cannot be written
   */
  async addImage<T extends NativeType>(image: ImageSpec<T>): Promise<void> {
    // Which type it is matters to the caller alone.
    const spec = image as unknown as ImageSpec;
    const { shape, name = "", storage } = spec;
    const isSound = shape.length <= 999 && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
    if (!isSound) throw this.#refuse("shape", "up to 999 axes of 0 or more", `[${shape}]`);
    const { stored, bzero } = storage === undefined ? storageOf(spec.type) : { stored: storage.type, bzero: 0 };
    const scaling = {
      bscale: storage?.bscale ?? 1,
      bzero: storage === undefined ? bzero : (storage.bzero ?? 0),
      blank: storage === undefined ? spec.blank : storage.blank,
    };
    const header = newHeader(
      { isFirst: this.#hduCount === 0, extension: "IMAGE", stored, shape, name, scaling },
      spec.header,
      this.#target.name,
    );
    await this.#addHdu(header, async (sink) => {
      const width = bytesPerElement(stored);
      let encoded = new Uint8Array(0);
      for await (const block of storedBlocks(spec, stored, scaling, this.#target.name, this.#hduCount)) {
        if (encoded.length < block.length * width) encoded = new Uint8Array(block.length * width);
        const bytes = encoded.subarray(0, block.length * width);
        encodeInto(block, 0, block.length, bytes);
        await sink(bytes);
      }
    });
  }

  /**
   * Writes a binary table, behind a first HDU without data when it would be the first.
   *
   * @throws FitsWriteError when columns disagree about the number of rows or hold what cannot be stored
   */
  async addTable(spec: TableSpec): Promise<void> {
    if (this.#hduCount === 0) await this.addImage({ shape: [], type: "uint8", values: new Uint8Array(0) });
    const plan = writeTableData(spec, this.#target.name, this.#hduCount);
    await this.#addHdu(plan.header, plan.write);
  }

  /** The header goes ahead with sums unknown, and again when they are known. */
  async #addHdu(header: FitsHeader, writeData: (sink: DataSink) => Promise<void>): Promise<void> {
    if (this.#hasChecksums) {
      header.set("CHECKSUM", UNKNOWN_CHECKSUM, "HDU checksum");
      header.set("DATASUM", "0", "data unit checksum");
    }
    const headerStartByte = this.#byteLength;
    const unsummed = serializeHeader(header);
    await this.#target.write(unsummed, headerStartByte);
    const dataStartByte = headerStartByte + unsummed.length;
    let byte = dataStartByte;
    const sum = new WordSum();
    await writeData(async (bytes) => {
      if (this.#hasChecksums) sum.add(bytes);
      await this.#target.write(bytes, byte);
      byte += bytes.length;
    });
    const paddingBytes = (BLOCK_BYTES - ((byte - dataStartByte) % BLOCK_BYTES)) % BLOCK_BYTES;
    if (paddingBytes > 0) await this.#target.write(new Uint8Array(paddingBytes), byte);
    if (this.#hasChecksums) {
      header.set("DATASUM", String(sum.sum));
      const headerSum = new WordSum();
      headerSum.add(serializeHeader(header));
      header.set("CHECKSUM", encodeChecksum(addSums(headerSum.sum, sum.sum)));
      await this.#target.write(serializeHeader(header), headerStartByte);
    }
    this.#byteLength = byte + paddingBytes;
    this.#hduCount += 1;
  }

  #refuse(what: string, expected: string, found: string): FitsWriteError {
    return new FitsWriteError({ file: this.#target.name, place: `HDU ${this.#hduCount}, ${what}`, expected, found });
  }
}
