/** The stage contract: a stage declares what it needs and makes; order, locks and checkpoints follow from that. */

import type { ArtifactKind, Artifacts } from "../domain/artifacts.ts";

export type StageInputs<In extends ArtifactKind> = { readonly [Kind in In]: Artifacts[Kind] };
export type StageOutputs<Out extends ArtifactKind> = { readonly [Kind in Out]: Artifacts[Kind] };

export interface StageProgress {
  /** What is being done, in words for an operator. */
  readonly step: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface StageContext {
  readonly signal: AbortSignal;
  onProgress(progress: StageProgress): void;
}

/**
 * One step of a chain. `consumes` lists what must exist before `run`; `produces` lists what `run` creates or
 * rewrites, and nothing it only forwards. `plan` decides everything that can be decided before bulk data is read
 * (sizes, parameters as they will be used) and is what `--dry-run` shows; `run` then does exactly that.
 */
export interface Stage<
  In extends ArtifactKind = ArtifactKind,
  Out extends ArtifactKind = ArtifactKind,
  Plan = unknown,
> {
  readonly name: string;
  readonly consumes: readonly In[];
  readonly produces: readonly Out[];
  plan(inputs: StageInputs<In>, context: StageContext): Promise<Plan>;
  run(plan: Plan, context: StageContext): Promise<StageOutputs<Out>>;
  /** Whether `run` only checks and takes over what an earlier attempt made: it is then recorded as skipped. */
  isAdopting?(plan: Plan): boolean;
  /** The Measurement Set that `run` locks, in the mode of {@link msLockMode}; absent on stages that touch none. */
  msPathOf?(plan: Plan): string;
}

/** Infers the kinds from the two lists, so that an undeclared input or a missing output does not compile. */
export function defineStage<const In extends ArtifactKind, const Out extends ArtifactKind, Plan>(
  stage: Stage<In, Out, Plan>,
): Stage<In, Out, Plan> {
  return stage;
}

export type StageDeclaration = Pick<Stage, "name" | "consumes" | "produces">;

/** What a chain needs from outside, found by walking it backwards: what a stage makes satisfies every later one. */
export function requiredAtStart(
  chain: readonly Pick<StageDeclaration, "consumes" | "produces">[],
): ReadonlySet<ArtifactKind> {
  const needed = new Set<ArtifactKind>();
  for (const stage of chain.toReversed()) {
    for (const kind of stage.produces) needed.delete(kind);
    for (const kind of stage.consumes) needed.add(kind);
  }
  return needed;
}

/** The lock a stage needs on a Measurement Set: exclusive to change one, shared to read one. */
export function msLockMode(stage: Pick<StageDeclaration, "consumes" | "produces">): "exclusive" | "shared" | "none" {
  const touchesMs = (kinds: readonly ArtifactKind[]) => kinds.some((kind) => kind.startsWith("ms:"));
  if (touchesMs(stage.produces)) return "exclusive";
  return touchesMs(stage.consumes) ? "shared" : "none";
}

/**
 * The first stage of a chain whose products are not all there yet: where a resumed run goes on.
 * @returns the index into `chain`; its length when nothing is left to do
 */
export function resumeIndex(
  chain: readonly Pick<StageDeclaration, "produces">[],
  exists: (kind: ArtifactKind) => boolean,
): number {
  const index = chain.findIndex((stage) => !stage.produces.every(exists));
  return index < 0 ? chain.length : index;
}
