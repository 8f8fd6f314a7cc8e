import { memoryStore } from "@countersign/core";
import { driveCases } from "./drive-cases.js";

driveCases({
  name: "memoryStore",
  traits: ["connections"],
  async open() {
    let now = 1_000_000;
    const store = memoryStore({ now: () => now });
    return {
      stores: [store, store],
      elapse: (milliseconds) => {
        now += milliseconds;
      },
      close: async () => undefined,
    };
  },
});
