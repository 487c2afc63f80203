/**
 * Directions of pixels. An image is `[row][column]` with north up and east to the left as FITS has it: column x and row y
 * are l = (⌊width/2⌋ − x) · pixel and m = (y − ⌊height/2⌋) · pixel, direction cosines in the tangent plane (SIN projection).
 */

/** n − 1 for a direction, without loss of digits near the centre; −1 at the horizon and beyond. */
export function nMinusOne(l: number, m: number): number {
  const square = l * l + m * m;
  return square >= 1 ? -1 : -square / (1 + Math.sqrt(1 - square));
}

/** n − 1 of the pixel farthest from the centre. */
export function leastNMinusOne(widthPx: number, heightPx: number, pixelRad: number): number {
  return nMinusOne(Math.floor(widthPx / 2) * pixelRad, Math.floor(heightPx / 2) * pixelRad);
}
