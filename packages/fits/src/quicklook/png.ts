/** PNG files of true colour: PNG specification, third edition. */

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const TRUE_COLOR = 2;
const BIT_DEPTH = 8;
/** Each row's bytes are written as differences to the row above: flat parts of a picture become zeros. */
const FILTER_UP = 2;

/**
 * Encodes red, green and blue bytes, rows from the top [heightPx, widthPx, 3].
 *
 * @throws RangeError when there are not as many bytes as the size asks for
 */
export async function encodePng(rgb: Uint8Array, widthPx: number, heightPx: number): Promise<Uint8Array> {
  const rowBytes = 3 * widthPx;
  if (rgb.length !== rowBytes * heightPx || widthPx < 1 || heightPx < 1) {
    throw new RangeError(`expected ${widthPx} × ${heightPx} × 3 bytes, found ${rgb.length}`);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, widthPx);
  view.setUint32(4, heightPx);
  header.set([BIT_DEPTH, TRUE_COLOR, 0, 0, 0], 8);
  const filtered = new Uint8Array(heightPx * (rowBytes + 1));
  for (let row = 0; row < heightPx; row++) {
    const into = row * (rowBytes + 1);
    filtered[into] = FILTER_UP;
    for (let at = 0; at < rowBytes; at++) {
      const above = row === 0 ? 0 : rgb[(row - 1) * rowBytes + at]!;
      filtered[into + 1 + at] = rgb[row * rowBytes + at]! - above;
    }
  }
  const pieces = [
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", await deflated(filtered)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let start = 0;
  for (const piece of pieces) {
    file.set(piece, start);
    start += piece.length;
  }
  return file;
}

/** In the format of zlib, as the platform's streams offer it under the name of deflate. */
async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Length, type, data, and the CRC of the last two. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let at = 0; at < 4; at++) bytes[4 + at] = type.charCodeAt(at);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** ISO 3309: the polynomial 0xedb88320, reflected. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
