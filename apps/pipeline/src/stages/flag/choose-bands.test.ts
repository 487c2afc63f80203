import { RFI_SEARCH_DEFAULTS } from "@contimg/kernels/flag";
import { expect, it } from "vitest";
import { exampleMs, exampleWindow } from "../../../test/flag/example-ms.ts";
import { chooseBands, chooseRfi } from "./choose-bands.ts";

it("windows side by side are one band, in the order of their frequencies, with subbands of their length", () => {
  const ms = exampleMs({ windows: [2, 0, 1].map((at) => exampleWindow(at, 48, 1.3e9 + 48e6 * at)) });
  expect(chooseBands(ms, "band", null)).toEqual([{ dataDescIds: [1, 2, 0], subbandChannelCount: 48 }]);
  expect(chooseBands(ms, "spw", null)).toEqual([0, 1, 2].map((id) => ({ dataDescIds: [id], subbandChannelCount: 0 })));
  expect(chooseBands(ms, "band", 24)).toEqual([{ dataDescIds: [1, 2, 0], subbandChannelCount: 24 }]);
});

it("windows that overlap, or have other correlations, are of other bands", () => {
  const polarised = { ...exampleWindow(2, 8, 2e9), corrs: ["RR"], receptors: [[0, 0]] as const };
  const ms = exampleMs({ windows: [exampleWindow(0, 8, 1e9), exampleWindow(1, 8, 1.007e9), polarised] });
  expect(chooseBands(ms, "band", null).map((band) => band.dataDescIds)).toEqual([[0], [1], [2]]);
});

it("windows of unlike lengths share no shape; all subbands of DSA-110 in one window do", () => {
  const unlike = exampleMs({ windows: [exampleWindow(0, 8, 1e9), exampleWindow(1, 16, 2e9)] });
  expect(chooseBands(unlike, "band", null)).toEqual([{ dataDescIds: [0, 1], subbandChannelCount: 0 }]);
  const merged = exampleMs({ windows: [exampleWindow(0, 768, 1.3e9)] });
  expect(chooseBands(merged, "band", null)[0]!.subbandChannelCount).toBe(48);
  expect(chooseBands({ ...merged, telescope: "EVLA" }, "band", null)[0]!.subbandChannelCount).toBe(0);
});

it("the background is as fine as the shortest subband asks for, and never coarser than the kernels have it", () => {
  const of = (chanCount: number) => {
    const ms = exampleMs({ windows: [0, 1].map((at) => exampleWindow(at, chanCount, 1e9 * (1 + at))) });
    const { binChannelCount, sigmaChannelCount } = chooseRfi(chooseBands(ms, "band", null), ms, 6);
    return [binChannelCount, sigmaChannelCount];
  };
  expect(of(48)).toEqual([RFI_SEARCH_DEFAULTS.binChannelCount, RFI_SEARCH_DEFAULTS.sigmaChannelCount]);
  expect(of(8)).toEqual([4, 2]);
  expect(of(1)).toEqual([1, 1]);
});
