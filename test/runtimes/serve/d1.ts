/**
 * A Worker that drives the store suite on D1: a request runs the case of its number, 404 says there are no more. The suite's stores live
 * in three Workers, each with an isolate and a binding of its own, on one database, whose table is made by the shipped migration.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import type { Claim, ClaimAnswer, Keep, Store } from "@countersign/core";
import { d1Store } from "@countersign/stores/d1";
import { type StoreHarness, storeCases } from "@countersign/testing/stores";
import { d1Cases } from "./d1-cases.js";
import { d1TableCases } from "./d1-table-cases.js";
import type { D1Binding } from "./d1-tools.js";
import { runStoreCase } from "./run-store-case.js";

type Operations = Pick<Store, "claim" | "renew" | "commit" | "release">;

interface Env {
  readonly DB: D1Binding;
  readonly SECOND: Operations;
  readonly THIRD: Operations;
}

/** What another Worker calls. */
export class Peer extends WorkerEntrypoint<Env> implements Operations {
  readonly #store = d1Store(this.env.DB);

  claim(claim: Claim): Promise<ClaimAnswer> {
    return this.#store.claim(claim);
  }
  renew(claim: Claim): Promise<"ok" | "lost"> {
    return this.#store.renew(claim);
  }
  commit(claim: Claim, keep: Keep): Promise<"ok" | "held"> {
    return this.#store.commit(claim, keep);
  }
  release(claim: Claim): Promise<void> {
    return this.#store.release(claim);
  }
}

/** A store in another Worker. */
const storeOf = (peer: Operations): Store => ({
  durable: true,
  claim: async (claim) => peer.claim(claim),
  renew: async (claim) => peer.renew(claim),
  commit: async (claim, keep) => peer.commit(claim, keep),
  release: async (claim) => peer.release(claim),
});

/** Nothing can be put between a Worker and its database that would break or freeze it. */
const harnessOf = ({ DB, SECOND, THIRD }: Env): StoreHarness => ({
  name: "D1",
  traits: ["own-clock", "connections"],
  open: async () => ({ stores: [d1Store(DB), storeOf(SECOND), storeOf(THIRD)], close: async () => {} }),
});

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const number = Number(new URL(request.url).searchParams.get("case"));
    const own = [...d1TableCases, ...d1Cases].map(({ name, run }) => ({ name, run: () => run(env.DB) }));
    const one = [...storeCases, ...own][number];
    return one === undefined ? new Response(null, { status: 404 }) : Response.json(await runStoreCase(harnessOf(env), one));
  },
};
