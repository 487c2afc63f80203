/** Colours of brightness, from formulas. */

/** Names of the colour maps. */
export type ColorMap = "grey" | "cubehelix" | "heat";

const LEVEL_COUNT = 256;

/** Red, green and blue for 256 levels of brightness [256, 3]. */
export function colorTable(map: ColorMap): Uint8Array {
  const table = new Uint8Array(3 * LEVEL_COUNT);
  for (let level = 0; level < LEVEL_COUNT; level++) {
    const color = colorOf(map, level / (LEVEL_COUNT - 1));
    for (const [part, value] of color.entries()) {
      table[3 * level + part] = Math.round(255 * Math.max(0, Math.min(1, value)));
    }
  }
  return table;
}

function colorOf(map: ColorMap, x: number): readonly [number, number, number] {
  if (map === "grey") return [x, x, x];
  // Black through red and yellow to white, each third of the range filling one colour.
  if (map === "heat") return [3 * x, 3 * x - 1, 3 * x - 2];
  return cubehelix(x);
}

/** Brightness that grows evenly while the hue turns: Green 2011 (Bull. Astron. Soc. India 39, 289), with his default turn and saturation. */
function cubehelix(x: number): readonly [number, number, number] {
  const start = 0.5;
  const turns = -1.5;
  const angle = 2 * Math.PI * (start / 3 + 1 + turns * x);
  const amplitude = (x * (1 - x)) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [
    x + amplitude * (-0.14861 * cos + 1.78277 * sin),
    x + amplitude * (-0.29227 * cos - 0.90649 * sin),
    x + amplitude * 1.97294 * cos,
  ];
}
