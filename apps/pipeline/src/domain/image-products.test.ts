import { expect, test } from "vitest";
import { imageKinds, organisedImageBase, parseProductName, productName } from "./image-products.ts";

test("a name says what it was made of", () => {
  const base = "2025-10-03T11:48:50.img";
  for (const kind of imageKinds) {
    for (const channel of [null, "MFS", 0, 12] as const)
      expect(parseProductName(productName(base, kind, channel), base)).toEqual({ kind, channel });
  }
  expect(productName(base, "image-pb", null)).toBe("2025-10-03T11:48:50.img-image-pb.fits");
  expect(productName(base, "residual", 3)).toBe("2025-10-03T11:48:50.img-0003-residual.fits");
});

test("other files are no products", () => {
  for (const name of ["a-image.fits", "b-image.txt", "b-picture.fits", "b.fits", "b-", "b-12-image.fits"])
    expect(parseProductName(name, "b"), name).toBeUndefined();
});

test("images lie by date, whatever the output directory is called", () => {
  const stem = "2025-10-03T11:48:50";
  expect(organisedImageBase("/stage", stem)).toBe("/stage/images/2025-10-03/2025-10-03T11:48:50.img");
  expect(organisedImageBase("/stage/images/", stem)).toBe("/stage/images/2025-10-03/2025-10-03T11:48:50.img");
  expect(organisedImageBase(".", "day2_TDEM")).toBe("./images/day2_TDEM.img");
});
