import type { HeapProfiler } from "node:inspector";
import { Session } from "node:inspector/promises";

/** Samples what is allocated, and what of that outlives the collections of the young generation: those are what makes an allocation dear. */
export interface HeapSampler {
  /** `outliving`: only what a minor collection did not free. */
  start(what: "everything" | "outliving"): Promise<void>;
  /** Answers the bytes since the start. */
  stop(): Promise<number>;
}

export function createHeapSampler(): HeapSampler {
  const session = new Session();
  let isConnected = false;
  return {
    async start(what) {
      // not before it is needed: what is timed until then is timed without it
      if (!isConnected) session.connect();
      isConnected = true;
      await session.post("HeapProfiler.startSampling", {
        samplingInterval: 4096,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: what === "everything",
      });
    },
    async stop() {
      const { profile } = await session.post("HeapProfiler.stopSampling");
      return bytesOf(profile.head);
    },
  };
}

function bytesOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + bytesOf(child), selfSize);
}
