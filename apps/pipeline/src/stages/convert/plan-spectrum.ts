/** From the channels of each file to spectral windows of ascending frequency. */

import type { PlannedSpw, SpwSegment } from "../../domain/conversion-plan.ts";
import { PipelineError } from "../../domain/error-codes.ts";

/** The channels that one file contributes, or that a missing one would have. */
export interface SubbandChannels {
  readonly subbandIndex: number;
  readonly sourceIndex: number | null;
  /** In stored order. */
  readonly freqHz: Float64Array;
  readonly channelWidthHz: Float64Array;
  /** Window number of each channel; null: all are of one. */
  readonly spwOfChan: Int32Array | null;
}

/**
 * Fills in the frequencies of missing subbands from those present: subbands of one receiver are evenly spaced.
 * @throws PipelineError UVH5_SUBBAND_MISSING when fewer than two subbands are there to extend from
 */
export function fillMissing(
  groupId: string,
  present: readonly SubbandChannels[],
  missing: readonly number[],
): readonly SubbandChannels[] {
  if (missing.length === 0) return present;
  const first = present[0]!;
  const last = present.at(-1)!;
  if (present.length < 2) {
    throw new PipelineError(
      "UVH5_SUBBAND_MISSING",
      `group ${groupId}: one subband alone does not tell the frequencies of the missing ones`,
      { subject: groupId },
    );
  }
  const stepHz = (last.freqHz[0]! - first.freqHz[0]!) / (last.subbandIndex - first.subbandIndex);
  const filled = missing.map((subbandIndex) => ({
    subbandIndex,
    sourceIndex: null,
    freqHz: first.freqHz.map((freqHz) => freqHz + (subbandIndex - first.subbandIndex) * stepHz),
    channelWidthHz: first.channelWidthHz,
    spwOfChan: first.spwOfChan,
  }));
  return [...present, ...filled].toSorted((a, b) => a.subbandIndex - b.subbandIndex);
}

/** Splits the channels of one file by window and orders each window's by frequency. */
function windowsOf(
  channels: SubbandChannels,
): readonly { freqHz: Float64Array; channelWidthHz: Float64Array; segment: SpwSegment }[] {
  const byWindow = new Map<number, number[]>();
  for (let chan = 0; chan < channels.freqHz.length; chan++) {
    const window = channels.spwOfChan?.[chan] ?? 0;
    const list = byWindow.get(window);
    if (list) list.push(chan);
    else byWindow.set(window, [chan]);
  }
  return [...byWindow.values()].map((chans) => {
    const ordered = chans.toSorted((a, b) => channels.freqHz[a]! - channels.freqHz[b]!);
    return {
      freqHz: Float64Array.from(ordered, (chan) => channels.freqHz[chan]!),
      channelWidthHz: Float64Array.from(ordered, (chan) => channels.channelWidthHz[chan]!),
      segment: { sourceIndex: channels.sourceIndex, chanIndexIn: Int32Array.from(ordered), chanStartOut: 0 },
    };
  });
}

/**
 * Orders everything by frequency, on the frequencies themselves: the sign of `channel_width` and the order of the
 * files are not to be trusted.
 *
 * @throws PipelineError UVH5_SUBBANDS_DIFFER when two files cover the same channels
 */
export function planSpws(
  groupId: string,
  subbands: readonly SubbandChannels[],
  mergeSpws: boolean,
): readonly PlannedSpw[] {
  const windows = subbands
    .flatMap((channels) => windowsOf(channels).map((window) => ({ ...window, subbandIndex: channels.subbandIndex })))
    .toSorted((a, b) => a.freqHz[0]! - b.freqHz[0]!);
  for (let k = 1; k < windows.length; k++) {
    const below = windows[k - 1]!;
    const above = windows[k]!;
    if (!(above.freqHz[0]! > below.freqHz.at(-1)!)) {
      throw new PipelineError(
        "UVH5_SUBBANDS_DIFFER",
        `group ${groupId}: subband ${above.subbandIndex} begins at ${above.freqHz[0]! / 1e6} MHz, inside subband ${below.subbandIndex}, which ends at ${below.freqHz.at(-1)! / 1e6} MHz; frequencies of subbands may not overlap`,
        { subject: groupId },
      );
    }
  }
  if (!mergeSpws) {
    return windows.map(({ freqHz, channelWidthHz, segment }, k) => ({
      name: `spw${k}`,
      freqHz,
      channelWidthHz,
      segments: [segment],
    }));
  }
  let chanStartOut = 0;
  const segments = windows.map(({ segment, freqHz }) => {
    const placed = { ...segment, chanStartOut };
    chanStartOut += freqHz.length;
    return placed;
  });
  return [
    {
      name: "spw0",
      freqHz: Float64Array.from(windows.flatMap(({ freqHz }) => [...freqHz])),
      channelWidthHz: Float64Array.from(windows.flatMap(({ channelWidthHz }) => [...channelWidthHz])),
      segments,
    },
  ];
}
