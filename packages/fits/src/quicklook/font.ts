/** Letters for labels of pictures: five columns, seven rows. */

export const GLYPH_WIDTH_PX = 5;
export const GLYPH_HEIGHT_PX = 7;

/** Rows from the top, two hexadecimal digits each; the highest of five bits is the left column. */
const ROWS: Readonly<Record<string, string>> = {
  "0": "0e11131519110e",
  "1": "040c040404040e",
  "2": "0e11010204081f",
  "3": "1f02040201110e",
  "4": "02060a121f0202",
  "5": "1f101e0101110e",
  "6": "0608101e11110e",
  "7": "1f010204080808",
  "8": "0e11110e11110e",
  "9": "0e11110f01020c",
  A: "0e11111f111111",
  B: "1e11111e11111e",
  C: "0e11101010110e",
  D: "1c12111111121c",
  E: "1f10101e10101f",
  F: "1f10101e101010",
  G: "0e11101711110f",
  H: "1111111f111111",
  I: "0e04040404040e",
  J: "0702020202120c",
  K: "11121418141211",
  L: "1010101010101f",
  M: "111b1515111111",
  N: "11111915131111",
  O: "0e11111111110e",
  P: "1e11111e101010",
  Q: "0e11111115120d",
  R: "1e11111e141211",
  S: "0f10100e01011e",
  T: "1f040404040404",
  U: "1111111111110e",
  V: "11111111110a04",
  W: "1111111515150a",
  X: "11110a040a1111",
  Y: "1111110a040404",
  Z: "1f01020408101f",
  h: "10101619111111",
  m: "00001a15151111",
  s: "00000e100e011e",
  "-": "0000001f000000",
  "+": "0004041f040400",
  ".": "00000000000c0c",
  ",": "000000000c0408",
  ":": "000c0c000c0c00",
  "/": "00010204081000",
  "(": "02040808080402",
  ")": "08040202020408",
  "=": "00001f001f0000",
  "%": "18190204081303",
  _: "0000000000001f",
  "'": "0c040800000000",
  '"': "0a0a0000000000",
  "°": "06090906000000",
};

/** Whether a letter is inked at a column and a row; unknown letters are boxes, small ones that are not there capitals. */
export function isInked(letter: string, column: number, row: number): boolean {
  if (letter === " ") return false;
  const rows = ROWS[letter] ?? ROWS[letter.toUpperCase()] ?? "1f11111111111f";
  return ((Number.parseInt(rows.slice(2 * row, 2 * row + 2), 16) >> (GLYPH_WIDTH_PX - 1 - column)) & 1) === 1;
}
