/** Which windows are searched as one, and how the search is made for their channels. */

import { RFI_SEARCH_DEFAULTS } from "@contimg/kernels/flag";
import type { FlagBand, FlaggableMs, FlagWindow, RfiSettings } from "../../domain/flagging.ts";

/** Subbands of the correlator of DSA-110, for Measurement Sets that have all of them in one window. */
const DSA_SUBBAND_COUNT = 16;
const DSA_NAMES = new Set(["OVRO_MMA", "DSA-110", "DSA_110", "DSA110"]);

/**
 * Windows with the same correlations lie side by side when they do not overlap: interference that crosses a border is seen
 * whole, and a channel's place within its subband has one bandpass for all.
 */
export function chooseBands(ms: FlaggableMs, scope: "band" | "spw", subbandChannelCount: number | null): FlagBand[] {
  const ids = ms.windows.map((_window, id) => id);
  if (scope === "spw") return ids.map((id) => bandOf(ms, [id], subbandChannelCount));
  const bands: number[][] = [];
  for (const id of ids.toSorted((one, other) => lowestHz(ms.windows[one]!) - lowestHz(ms.windows[other]!))) {
    const window = ms.windows[id]!;
    const open = bands.find((band) => {
      const last = ms.windows[band.at(-1)!]!;
      return last.corrs.join() === window.corrs.join() && highestHz(last) < lowestHz(window);
    });
    if (open === undefined) bands.push([id]);
    else open.push(id);
  }
  return bands.map((band) => bandOf(ms, band, subbandChannelCount));
}

const lowestHz = ({ freqHz }: FlagWindow) => Math.min(freqHz[0]!, freqHz.at(-1)!);
const highestHz = ({ freqHz }: FlagWindow) => Math.max(freqHz[0]!, freqHz.at(-1)!);

function bandOf(ms: FlaggableMs, dataDescIds: readonly number[], wanted: number | null): FlagBand {
  if (wanted !== null) return { dataDescIds, subbandChannelCount: wanted };
  const counts = dataDescIds.map((id) => ms.windows[id]!.freqHz.length);
  const [first] = counts;
  if (counts.length > 1)
    return { dataDescIds, subbandChannelCount: counts.every((count) => count === first) ? first! : 0 };
  const isMerged = DSA_NAMES.has(ms.telescope) && first! % DSA_SUBBAND_COUNT === 0 && ms.windows.length === 1;
  return { dataDescIds, subbandChannelCount: isMerged ? first! / DSA_SUBBAND_COUNT : 0 };
}

/** The kernels' defaults are for subbands of 48 channels; shorter ones get a finer background. */
export function chooseRfi(bands: readonly FlagBand[], ms: FlaggableMs, thresholdSigma: number): RfiSettings {
  const { subbandChannelCount: _unused, ...defaults } = RFI_SEARCH_DEFAULTS;
  const lengths = bands.map(
    (band) => band.subbandChannelCount || Math.min(...band.dataDescIds.map((id) => ms.windows[id]!.freqHz.length)),
  );
  const shortest = Math.min(...lengths);
  return {
    ...defaults,
    firstThresholdSigmaRatio: thresholdSigma,
    binChannelCount: Math.max(1, Math.min(defaults.binChannelCount, Math.floor(shortest / 2))),
    sigmaChannelCount: Math.max(1, Math.min(defaults.sigmaChannelCount, Math.floor(shortest / 4))),
  };
}
