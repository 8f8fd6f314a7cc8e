import type { Store } from "./claim/store.js";
import type { NoticeCode } from "./observe.js";
import type { Settled } from "./options.js";
import type { CompiledProvider } from "./provider/compile.js";

/** How many verifiers use each endpoint of a store. */
const endpoints = new WeakMap<Store, Map<string, number>>();

/** Says once, at construction, what the operator should know of these options. */
export function createNotices(
  { store, endpoint, repeats }: Settled,
  { declaration, schemes }: CompiledProvider,
  say: (code: NoticeCode, detail: string) => void,
  { nodeEnv }: { readonly nodeEnv: string | undefined },
): void {
  const known = endpoints.get(store) ?? new Map<string, number>();
  endpoints.set(store, known);
  const isFirst = known.size === 0;
  const users = (known.get(endpoint) ?? 0) + 1;
  known.set(endpoint, users);
  if (users === 2)
    say("ENDPOINT_SHARED", `two verifiers on one store share the endpoint ${endpoint}; unless they are one receiver, name them apart`);
  if (isFirst && !store.durable && nodeEnv !== "development" && nodeEnv !== "test")
    say("MEMORY_STORE", "claims are kept in this process alone; for several, or restarts, pass a durable store (@countersign/stores)");
  const isBare = schemes.every(({ id, words }) => id === undefined && (words.unique ?? "nothing") === "nothing");
  if (isBare && repeats === "accept")
    say(
      "NOT_DEDUPLICATED",
      `${declaration.name} names no event and its content may recur: retries run the handler again; make it idempotent, or set repeats: "refuse"`,
    );
}
