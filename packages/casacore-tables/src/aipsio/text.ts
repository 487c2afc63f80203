/** Strings of a table: bytes that casacore does not interpret, in practice UTF-8 or, in old tables, Latin-1. */

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/** Decodes UTF-8; bytes that are not valid UTF-8 are taken for Latin-1 (each byte one character). */
export function decodeText(bytes: Uint8Array): string {
  let ascii = "";
  if (bytes.length <= 24) {
    // Short ASCII strings are the common case by far, and TextDecoder costs a call out of JavaScript for each.
    let i = 0;
    for (; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) break;
      ascii += String.fromCharCode(byte);
    }
    if (i === bytes.length) return ascii;
  }
  try {
    return strictUtf8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return decodeLatin1(bytes);
  }
}

function decodeLatin1(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += 4096) {
    pieces.push(String.fromCharCode(...bytes.subarray(start, start + 4096)));
  }
  return pieces.join("");
}

/** Encodes as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}
