/** Base64 without the help of Node or a browser. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The bytes of a text in base64 (RFC 4648, §4), padded or not.
 *
 * @throws RangeError at a character that base64 does not have.
 */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const length = text.indexOf("=") < 0 ? text.length : text.indexOf("=");
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (let index = 0; index < length; index++) {
    const value = ALPHABET.indexOf(text.charAt(index));
    if (value < 0) throw new RangeError(`base64: no character ${JSON.stringify(text.charAt(index))}, at ${index}`);
    bits = ((bits << 6) | value) & 0xffffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[at++] = (bits >> bitCount) & 0xff;
  }
  return bytes;
}
