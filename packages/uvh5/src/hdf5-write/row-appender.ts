/** Appends rows to a chunked dataset with the memory of one band of chunks. */
import { typeBytes, type WriteType } from "./messages.ts";
import type { ChunkList, Placement } from "./trees.ts";

/**
 * Holds one band: the chunks that share the same rows. A full band is written in one piece, its chunks in
 * row-major order; the last band is padded with zeros, which is the fill value.
 */
export class RowAppender {
  readonly #to: Placement;
  readonly #type: WriteType;
  readonly #rowShape: readonly number[];
  readonly #chunkShape: readonly number[];
  readonly #elementBytes: number;
  readonly #chunkBytes: number;
  /** Chunks along each dimension but the first. */
  readonly #grid: readonly number[];
  readonly #band: Uint8Array;
  /** For each element of a row: its byte in the band's first row. */
  readonly #places: Uint32Array;
  readonly #rowStride: number;
  readonly #offsets: number[] = [];
  readonly #addresses: number[] = [];
  #rowCount = 0;

  constructor(to: Placement, type: WriteType, rowShape: readonly number[], chunkShape: readonly number[]) {
    if (chunkShape.length !== rowShape.length + 1)
      throw new RangeError(`chunk of ${chunkShape.length} dimensions: expected ${rowShape.length + 1}`);
    this.#to = to;
    this.#type = type;
    this.#rowShape = rowShape;
    this.#chunkShape = chunkShape;
    this.#elementBytes = typeBytes(type);
    this.#chunkBytes = chunkShape.reduce((product, size) => product * size, this.#elementBytes);
    this.#grid = rowShape.map((size, d) => Math.ceil(size / (chunkShape[d + 1] as number)));
    this.#band = new Uint8Array(this.#grid.reduce((product, count) => product * count, this.#chunkBytes));
    this.#rowStride = this.#chunkBytes / (chunkShape[0] as number);
    this.#places = this.#layOut();
  }

  #layOut(): Uint32Array {
    const count = this.#rowShape.reduce((product, size) => product * size, 1);
    const places = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      let [rest, chunk, within, chunkStep, withinStep] = [i, 0, 0, 1, 1];
      for (let d = this.#rowShape.length - 1; d >= 0; d--) {
        const at = rest % (this.#rowShape[d] as number);
        rest = Math.floor(rest / (this.#rowShape[d] as number));
        const size = this.#chunkShape[d + 1] as number;
        chunk += Math.floor(at / size) * chunkStep;
        within += (at % size) * withinStep;
        chunkStep *= this.#grid[d] as number;
        withinStep *= size;
      }
      places[i] = chunk * this.#chunkBytes + within * this.#elementBytes;
    }
    return places;
  }

  /** Appends whole rows, given as their bytes in row-major order. */
  append(rows: Uint8Array): void {
    const rowBytes = this.#places.length * this.#elementBytes;
    if (rows.length % rowBytes !== 0)
      throw new RangeError(`expected whole rows of ${rowBytes} bytes, found ${rows.length} bytes`);
    const chunkRows = this.#chunkShape[0] as number;
    for (let at = 0; at < rows.length; at += rowBytes) {
      this.#putRow(rows, at, (this.#rowCount % chunkRows) * this.#rowStride);
      this.#rowCount++;
      if (this.#rowCount % chunkRows === 0) this.#writeBand();
    }
  }

  #putRow(rows: Uint8Array, at: number, base: number): void {
    const bytes = this.#elementBytes;
    const places = this.#places;
    const band = this.#band;
    let from = at;
    for (let i = 0; i < places.length; i++) {
      const to = base + (places[i] as number);
      for (let b = 0; b < bytes; b++) band[to + b] = rows[from++] as number;
    }
  }

  #writeBand(): void {
    const start = this.#to.place(this.#band);
    const band = Math.ceil(this.#rowCount / (this.#chunkShape[0] as number)) - 1;
    const perBand = this.#band.length / this.#chunkBytes;
    for (let i = 0; i < perBand; i++) {
      const offset: number[] = [];
      let rest = i;
      for (let d = this.#grid.length - 1; d >= 0; d--) {
        offset.unshift((rest % (this.#grid[d] as number)) * (this.#chunkShape[d + 1] as number));
        rest = Math.floor(rest / (this.#grid[d] as number));
      }
      this.#offsets.push(band * (this.#chunkShape[0] as number), ...offset);
      this.#addresses.push(start + i * this.#chunkBytes);
    }
    this.#band.fill(0);
  }

  /** Writes the last band. Nothing may be appended afterwards. */
  finish(): {
    readonly rowCount: number;
    readonly rowShape: readonly number[];
    readonly type: WriteType;
    readonly chunks: ChunkList;
  } {
    if (this.#rowCount % (this.#chunkShape[0] as number) !== 0) this.#writeBand();
    const chunks = {
      chunkShape: this.#chunkShape,
      elementBytes: this.#elementBytes,
      chunkBytes: this.#chunkBytes,
      offsets: this.#offsets,
      addresses: this.#addresses,
    };
    return { rowCount: this.#rowCount, rowShape: this.#rowShape, type: this.#type, chunks };
  }
}
