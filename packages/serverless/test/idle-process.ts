/**
 * One invocation in a process that has nothing else to do, as under Lambda's runtime: tells the status of its answer, or that the
 * event loop ran dry before there was one, where the runtime would answer `null`.
 */
import { memoryStore, type Store } from "@countersign/core";
import { webhook as lambda } from "@countersign/serverless/lambda";
import { webhook as onMiddy } from "@countersign/serverless/middy";
import middy from "@middy/core";
import { signed, watched } from "./acme.js";
import { eventOf, type Loose } from "./lambda-events.js";

/** Nothing that keeps a process alive ever settles it. */
const never = (): Promise<never> => new Promise(() => {});

const { verifier } = watched({ handlerTimeout: 0.2, storeTimeout: 0.2 });
const silent = watched({
  endpoint: "idle",
  storeTimeout: 0.2,
  store: { ...memoryStore(), durable: true, immediate: false, claim: never } as Store,
}).verifier;
const contextOf = (remaining: number | undefined): Loose => (remaining === undefined ? {} : { getRemainingTimeInMillis: () => remaining });

const SCENES: Record<string, () => Promise<Loose>> = {
  "a handler on Lambda": () => lambda(verifier, never)(eventOf("http", signed()), contextOf(3000)),
  "a handler where no time is known": () => lambda(verifier, never)(eventOf("http", signed()), contextOf(undefined)),
  "a store on Lambda": () => lambda(silent, never)(eventOf("http", signed()), contextOf(3000)),
  "a store under Middy": () => middy().use(onMiddy(silent)).handler(never)(eventOf("http", signed()), contextOf(3000)),
  "a handler under Middy": () =>
    middy({ timeoutEarlyInMillis: 600 }).use(onMiddy(verifier)).handler(never)(eventOf("http", signed()), contextOf(1000)),
  "a handler under Middy that ends nothing early": () =>
    middy({ timeoutEarlyInMillis: 0 }).use(onMiddy(verifier)).handler(never)(eventOf("http", signed()), contextOf(800)),
  "a handler under Middy where no time is known": () =>
    middy().use(onMiddy(verifier)).handler(never)(eventOf("http", signed()), contextOf(undefined)),
};

const [title = ""] = process.argv.slice(2);
const began = Date.now();
let answer: string | undefined;
process.once("beforeExit", () => console.log(answer ?? `ran dry after ${Math.round((Date.now() - began) / 100) * 100} ms`));
void SCENES[title]?.().then(({ statusCode }) => {
  answer = `answered ${statusCode}`;
});
