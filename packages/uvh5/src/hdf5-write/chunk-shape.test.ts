import { expect, it } from "vitest";
import { guessChunkShape } from "./chunk-shape.ts";

// Chunk shapes that h5py 3.7 chose, seen with h5dump.
it.each([
  [[0, 1, 48, 2], 8, [128, 1, 12, 1]],
  [[0, 1, 48, 2], 1, [256, 1, 24, 1]],
  [[0, 1, 48, 2], 4, [256, 1, 12, 1]],
  [[0, 1, 8, 2], 8, [256, 1, 4, 1]],
  [[0, 1, 8, 2], 4, [512, 1, 4, 1]],
  [[0, 1, 8, 2], 1, [512, 1, 8, 2]],
  [[0], 8, [1024]],
  [[0, 3], 4, [512, 3]],
])("a dataset of shape %j and %i bytes an element has chunks %j", (shape, elementBytes, expected) => {
  expect(guessChunkShape(shape, elementBytes)).toEqual(expected);
});
