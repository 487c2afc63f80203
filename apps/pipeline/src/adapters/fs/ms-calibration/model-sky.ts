/** The sky of the model as one block of rows sees it: directions from its phase centre, fluxes through the beam. */

import {
  componentShapes,
  createPredictor,
  fillSpectra,
  fillUvwRates,
  type Predictor,
  type PredictSky,
  predictRows,
  setDirection,
} from "@contimg/kernels/predict";
import {
  airyPower,
  apparentPlace,
  type EarthOrientation,
  geocentricToGeodetic,
  hourAngleDecToItrf,
  icrsToItrf,
  icrsUnitVector,
  meridianCentreIcrs,
  observeFrom,
  separationRad,
  tangentAxes,
  utcFromMjdSec,
  type Vector,
} from "@contimg/sky";
import type { BeamKind, CalSolveConfig, SkySource } from "../../../domain/cal-solve.ts";
import { PipelineError } from "../../../domain/error-codes.ts";
import type { Band } from "./bands.ts";
import type { CalMs, RowBlock } from "./cal-ms.ts";

const RAD_PER_DEG = Math.PI / 180;
const RAD_PER_ARCSEC = RAD_PER_DEG / 3600;
const dot = (a: Vector, b: Vector) => a.x * b.x + a.y * b.y + a.z * b.z;

export interface ModelOptions {
  readonly sources: readonly SkySource[];
  readonly beam: BeamKind;
  readonly dishDiameterM: number;
  readonly earthOrientation: EarthOrientation;
  /** Over integrations and channels. */
  readonly isSmeared: boolean;
}

export function modelOptions(
  { diametersM }: Pick<CalMs, "diametersM">,
  {
    sources,
    config,
    earthOrientation,
  }: {
    readonly sources: readonly SkySource[];
    readonly config: Pick<CalSolveConfig, "beam" | "dishDiameterM" | "isSmeared">;
    readonly earthOrientation: EarthOrientation;
  },
): ModelOptions {
  return {
    sources,
    beam: config.beam,
    dishDiameterM: config.dishDiameterM ?? diametersM.slice().sort()[diametersM.length >> 1]!,
    earthOrientation,
    isSmeared: config.isSmeared,
  };
}

/** @throws PipelineError MODEL_UNUSABLE naming a source that has values that are no numbers */
export function assertSources(msPath: string, sources: readonly SkySource[]): void {
  const bad = sources.find(({ raDeg, decDeg, fluxJy, refFreqHz, spectralIndexRatio }) =>
    [raDeg, decDeg, fluxJy, refFreqHz, spectralIndexRatio].some((value) => !Number.isFinite(value)),
  );
  if (bad === undefined) return;
  throw new PipelineError(
    "MODEL_UNUSABLE",
    `${msPath}: source ${bad.name} of the model: expected finite numbers, found ${JSON.stringify(bad)}`,
    { subject: msPath },
  );
}

/** Windows that are predicted together, their channels one behind the other. */
interface PredictedBand {
  readonly windows: Band;
  readonly predictor: Predictor;
  readonly freqHz: Float64Array;
  /** Of each window of it. */
  readonly firstChan: readonly number[];
}

/** Predicts one model plane for all polarisations. Not for two threads at a time. */
export class ModelPredictor {
  readonly #ms: CalMs;
  readonly #options: ModelOptions;
  readonly #bands: readonly PredictedBand[];
  readonly #shapes: Float64Array | undefined;
  readonly #offAxisRad = new Map<string, Float64Array>();
  readonly #skies = new Map<string, PredictSky>();
  #model = new Float32Array(0);
  /** What was predicted last of a band. */
  #last: { readonly band: PredictedBand; readonly block: RowBlock } | undefined;
  #lastUvwM = new Float64Array(0);
  #spectra = new Float32Array(0);
  #ratesMPerSec = new Float64Array(0);

  /** @param bands  see `bands.ts`; each window by itself when there are none */
  constructor(ms: CalMs, options: ModelOptions, bands: readonly Band[] = ms.windows.map((_, window) => [window])) {
    this.#ms = ms;
    this.#options = options;
    this.#bands = bands.map((windows) => {
      const all = windows.map((window) => ms.windows[window]!);
      const freqHz = Float64Array.from(all.flatMap((window) => Array.from(window.freqHz)));
      const chanWidthHz = Float64Array.from(all.flatMap((window) => Array.from(window.chanWidthHz)));
      const predictor = createPredictor(freqHz, {
        ...(options.isSmeared ? { chanWidthHz } : {}),
        correlationFactors: [1],
      });
      const firstChan = all.map((_, at) => all.slice(0, at).reduce((sum, window) => sum + window.freqHz.length, 0));
      return { windows, predictor, freqHz, firstChan };
    });
    this.#shapes = componentShapes(
      options.sources.map((source) => ({
        fluxJy: source.fluxJy,
        referenceFreqHz: source.refFreqHz,
        majorRad: source.majorArcsec * RAD_PER_ARCSEC,
        minorRad: source.minorArcsec * RAD_PER_ARCSEC,
        positionAngleRad: source.paDeg * RAD_PER_DEG,
      })),
    );
  }

  /** [row, chan, re, im] of the block, Jy, until the next call. @param uvwM  of the block [row, 3] */
  predict(block: RowBlock, uvwM: Float64Array): Float32Array {
    const band = this.#bandOf(block);
    const rowCount = block.rowEnd - block.rowStart;
    const bandChanCount = band.freqHz.length;
    if (!this.#isLast(band, block, uvwM)) {
      if (this.#spectra.length < 2 * rowCount * bandChanCount)
        this.#spectra = new Float32Array(2 * rowCount * bandChanCount);
      const rows = this.#options.isSmeared ? this.#turning(block, uvwM) : { uvwM };
      predictRows(band.predictor, this.#skyOf(block), rows, this.#spectra);
      this.#last = { band, block };
      this.#lastUvwM = Float64Array.from(uvwM);
    }
    if (band.windows.length === 1) return this.#spectra.subarray(0, 2 * rowCount * bandChanCount);
    const chanCount = this.#ms.windows[block.windowIndex]!.freqHz.length;
    if (this.#model.length < 2 * rowCount * chanCount) this.#model = new Float32Array(2 * rowCount * chanCount);
    const firstChan = band.firstChan[band.windows.indexOf(block.windowIndex)]!;
    for (let row = 0; row < rowCount; row++) {
      const from = 2 * (row * bandChanCount + firstChan);
      this.#model.set(this.#spectra.subarray(from, from + 2 * chanCount), 2 * row * chanCount);
    }
    return this.#model.subarray(0, 2 * rowCount * chanCount);
  }

  #bandOf({ windowIndex }: RowBlock): PredictedBand {
    return this.#bands.find(({ windows }) => windows.includes(windowIndex))!;
  }

  /** Whether the rows are those of another window of the band that were predicted last. */
  #isLast(band: PredictedBand, { timeMjdSec, fieldId }: RowBlock, uvwM: Float64Array): boolean {
    const last = this.#last;
    if (last?.band !== band || last.block.timeMjdSec !== timeMjdSec || last.block.fieldId !== fieldId) return false;
    if (this.#lastUvwM.length !== uvwM.length) return false;
    for (let at = 0; at < uvwM.length; at++) if (this.#lastUvwM[at] !== uvwM[at]) return false;
    return true;
  }

  /** Apparent flux of each source in the middle of the data and of the band. */
  fluxesJy(): Float64Array {
    const { startMjdSec, endMjdSec, windows } = this.#ms;
    const middle = windows[windows.length >> 1]!;
    const block = {
      rowStart: 0,
      rowEnd: 0,
      windowIndex: middle.dataDescId,
      fieldId: this.#ms.fieldIds[this.#ms.rowCount >> 1]!,
      scan: 0,
      timeMjdSec: (startMjdSec + endMjdSec) / 2,
    };
    const { spectraJy } = this.#skyOf(block);
    const band = this.#bandOf(block);
    const chan = band.firstChan[band.windows.indexOf(block.windowIndex)]! + (middle.freqHz.length >> 1);
    return Float64Array.from(this.#options.sources, (_, at) => spectraJy[at * band.freqHz.length + chan]!);
  }

  /**
   * Drifting data were fringe-stopped towards the point that is on the meridian in the middle of their integration, as a
   * point among the stars, and only then turned to the phase centre: they are smeared as data that track that point.
   */
  #turning(block: RowBlock, uvwM: Float64Array) {
    const { fieldId, timeMjdSec } = block;
    if (this.#ratesMPerSec.length < uvwM.length) this.#ratesMPerSec = new Float64Array(uvwM.length);
    const uvwRateMPerSec = this.#ratesMPerSec.subarray(0, uvwM.length);
    const { apparentDecRad } = apparentPlace(this.#epoch(timeMjdSec).epoch, this.#ms.fields[fieldId]!);
    fillUvwRates(uvwM, apparentDecRad, uvwRateMPerSec);
    return {
      uvwM,
      uvwRateMPerSec,
      exposureSec: this.#ms.exposureSec,
      ...(this.#options.beam === "drift" ? { trackedLmn: this.#meridianOf(block) } : {}),
    };
  }

  /** l, m and n − 1 of the point on the meridian, from the phase centre. */
  #meridianOf({ fieldId, timeMjdSec }: RowBlock): Float64Array {
    const field = this.#ms.fields[fieldId]!;
    const { epoch } = this.#epoch(timeMjdSec);
    const { apparentDecRad } = apparentPlace(epoch, field);
    const at = icrsUnitVector(meridianCentreIcrs(epoch, apparentDecRad));
    const axes = tangentAxes(field);
    const lmn = new Float64Array(3);
    setDirection(lmn, 0, dot(at, axes.l), dot(at, axes.m));
    return lmn;
  }

  #epoch(timeMjdSec: number) {
    const [x, y, z] = this.#ms.positionsM;
    const site = geocentricToGeodetic(x!, y!, z!);
    return {
      site,
      epoch: observeFrom(utcFromMjdSec(timeMjdSec), site, {
        earthOrientation: this.#options.earthOrientation,
        outOfRange: "degrade",
      }),
    };
  }

  /** Angles of sources from the axis of the dishes. */
  #offAxis({ fieldId, timeMjdSec }: RowBlock): Float64Array {
    const key = `${fieldId} ${timeMjdSec}`;
    const known = this.#offAxisRad.get(key);
    if (known) return known;
    const { sources, beam } = this.#options;
    const field = this.#ms.fields[fieldId]!;
    const directions = sources.map(({ raDeg, decDeg }) => ({
      raRad: raDeg * RAD_PER_DEG,
      decRad: decDeg * RAD_PER_DEG,
    }));
    let angles: Float64Array;
    if (beam === "drift") {
      const { epoch, site } = this.#epoch(timeMjdSec);
      // On the meridian, at the declination that the phase centre has in the frame of the Earth.
      const centre = hourAngleDecToItrf(site, 0, Math.asin(icrsToItrf(epoch, field).z));
      angles = Float64Array.from(directions, (direction) => separationRad(icrsToItrf(epoch, direction), centre));
    } else {
      const centre = icrsUnitVector(field);
      angles = Float64Array.from(directions, (direction) => separationRad(icrsUnitVector(direction), centre));
    }
    this.#offAxisRad.set(key, angles);
    return angles;
  }

  #skyOf(block: RowBlock): PredictSky {
    const band = this.#bandOf(block);
    const key = `${band.windows[0]} ${block.fieldId} ${this.#options.beam === "drift" ? block.timeMjdSec : ""}`;
    const known = this.#skies.get(key);
    if (known) return known;
    const { sources, beam, dishDiameterM } = this.#options;
    const { freqHz } = band;
    const axes = tangentAxes(this.#ms.fields[block.fieldId]!);
    const lmn = new Float64Array(3 * sources.length);
    const beams = new Float64Array(sources.length * freqHz.length).fill(1);
    const offAxisRad = beam === "none" ? undefined : this.#offAxis(block);
    for (const [index, { raDeg, decDeg }] of sources.entries()) {
      const at = icrsUnitVector({ raRad: raDeg * RAD_PER_DEG, decRad: decDeg * RAD_PER_DEG });
      const isAbove = dot(at, axes.n) > 0;
      if (isAbove) setDirection(lmn, index, dot(at, axes.l), dot(at, axes.m));
      for (const [chan, hz] of freqHz.entries()) {
        const power = offAxisRad === undefined ? 1 : airyPower(offAxisRad[index]!, hz, dishDiameterM);
        beams[index * freqHz.length + chan] = isAbove ? power : 0;
      }
    }
    const spectraJy = new Float64Array(sources.length * freqHz.length);
    fillSpectra(
      sources.map(({ fluxJy, refFreqHz, spectralIndexRatio }) => ({
        fluxJy,
        referenceFreqHz: refFreqHz,
        spectralIndexRatio,
      })),
      freqHz,
      spectraJy,
      beams,
    );
    const sky = {
      componentCount: sources.length,
      lmn,
      spectraJy,
      ...(this.#shapes === undefined ? {} : { shapesRad: this.#shapes }),
    };
    this.#skies.set(key, sky);
    return sky;
  }
}
