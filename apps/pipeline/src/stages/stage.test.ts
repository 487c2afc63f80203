import { describe, expect, expectTypeOf, test } from "vitest";
import type { MeasurementSet } from "../domain/measurement-set.ts";
import { scienceChain, scienceChainNeeds } from "./chain.ts";
import { defineStage, msLockMode, requiredAtStart, resumeIndex } from "./stage.ts";

const reader = { name: "read", consumes: ["ms:DATA"], produces: [] } as const;
const flagger = { name: "flag", consumes: ["ms:DATA", "ms:FLAG"], produces: ["ms:FLAG"] } as const;

describe("a chain of stages", () => {
  test("needs from outside only what no earlier stage makes", () => {
    expect([...scienceChainNeeds]).toEqual(["uvh5-group"]);
    expect([...requiredAtStart([...scienceChain, flagger, reader])]).toEqual(["uvh5-group"]);
  });

  test("in the wrong order asks for what it should have made", () => {
    expect([...requiredAtStart([flagger, ...scienceChain])].toSorted()).toEqual(["ms:DATA", "ms:FLAG", "uvh5-group"]);
  });

  test("locks a Measurement Set as its declaration says", () => {
    expect(msLockMode(scienceChain[0]!)).toBe("exclusive");
    expect(msLockMode(flagger)).toBe("exclusive");
    expect(msLockMode(reader)).toBe("shared");
    expect(msLockMode({ consumes: ["uvh5-group"], produces: [] })).toBe("none");
  });

  test("goes on at the first stage whose products are not there", () => {
    const chain = [...scienceChain, flagger];
    expect(resumeIndex(chain, () => false)).toBe(0);
    expect(resumeIndex(chain, () => true)).toBe(chain.length);
    expect(resumeIndex(chain, (kind) => kind === "ms:DATA" || kind === "ms:WEIGHT")).toBe(0);
  });

  test("a stage sees only what it consumes and must make what it says", () => {
    defineStage({
      name: "x",
      consumes: ["ms:DATA"],
      produces: [],
      async plan(inputs) {
        expectTypeOf(inputs).toEqualTypeOf<{ readonly "ms:DATA": MeasurementSet }>();
        // @ts-expect-error ms:FLAG is not declared
        return inputs["ms:FLAG"];
      },
      async run() {
        return {};
      },
    });
    // @ts-expect-error it does not make what it says it makes
    defineStage({ name: "y", consumes: [], produces: ["ms:FLAG"], plan: async () => 0, run: async () => ({}) });
    // @ts-expect-error no such kind
    defineStage({ name: "z", consumes: ["ms:DTA"], produces: [], plan: async () => 0, run: async () => ({}) });
  });
});
