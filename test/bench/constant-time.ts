/**
 * Shows by a statistic that comparing signatures takes no longer the more of them is right. In each pair of classes, samples are drawn
 * in random order; Welch's t tells whether their times differ. The same measurement of `===` on texts, which stops at the first
 * difference, shows that it would have been seen. Ends with a status other than 0 if ours leaks or the control does not.
 *
 * @see https://eprint.iacr.org/2016/1123
 */
import { createHmac, randomBytes } from "node:crypto";
import { createVerifier } from "@countersign/core";
import { stripe } from "@countersign/providers/stripe";
import { isEqual as isEqualOnNode } from "../../packages/core/src/signature/crypto-node.js";
import { isEqual as isEqualOnWeb } from "../../packages/core/src/signature/crypto-web.js";
import type { Row } from "./row.js";
import { welchT } from "./welch.js";

const LIMIT = 4.5;
const SAMPLES = 60_000;
const WHOLE_SAMPLES = 40_000;
/** Comparisons in one sample: one alone is below what the clock can tell. */
const REPEATS = 100;

const MAC = randomBytes(32);

/** A guess that is right up to a byte, and wrong there. */
const wrongAt = (position: number): Buffer => {
  const guess = Buffer.from(MAC);
  guess[position]! ^= 0xff;
  return guess;
};
const CLASSES: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
  "first byte wrong / last byte wrong": [wrongAt(0), wrongAt(31)],
  "middle byte wrong / all wrong": [wrongAt(16), Buffer.from(MAC.map((byte) => byte ^ 0xff))],
};

/** Takes what is found, so that no comparison is optimised away. All guesses are wrong: whether one is right is no secret. */
let sink = 0;

/** Nanoseconds of comparing one guess, prepared the same way and in the same place whatever its class. */
type Sample = (guess: Buffer) => number | Promise<number>;

function sampleOf(isEqual: (a: Uint8Array, b: Uint8Array) => boolean): Sample {
  const mac = new Uint8Array(MAC);
  const offered = new Uint8Array(32);
  return (guess) => {
    offered.set(guess);
    const begun = process.hrtime.bigint();
    for (let i = 0; i < REPEATS; i++) if (isEqual(mac, offered)) sink++;
    return Number(process.hrtime.bigint() - begun);
  };
}

function sampleOfText(): Sample {
  const mac = MAC.toString("hex");
  return (guess) => {
    const offered = guess.toString("hex");
    const begun = process.hrtime.bigint();
    for (let i = 0; i < REPEATS; i++) if (mac === offered) sink++;
    return Number(process.hrtime.bigint() - begun);
  };
}

/** The whole way of a forged delivery through `receive`, where the MAC is the one that the guess is made from. */
function sampleOfReceive(): Sample {
  const secret = "whsec_b2rKl0zTq9vX3mWc7yHd5eJ1";
  const body = Buffer.from('{"id":"evt_1","type":"invoice.paid"}');
  const seconds = Math.floor(Date.now() / 1000);
  const mac = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest();
  const verifier = createVerifier({ provider: stripe({ secret }), https: "off", observe: false, now: () => seconds * 1000 });
  return async (guess) => {
    // what the guess has right of MAC, this signature has right of the delivery's own
    const signature = Buffer.from(mac.map((byte, i) => byte ^ MAC[i]! ^ guess[i]!)).toString("hex");
    const headers = ["Stripe-Signature", Buffer.from(`t=${seconds},v1=${signature}`).toString("latin1")];
    const begun = process.hrtime.bigint();
    const { outcome } = await verifier.receive({ method: "POST", url: "/", headers, body });
    const spent = Number(process.hrtime.bigint() - begun);
    if (outcome !== "rejected") throw new Error(`constant-time: a forged delivery is ${outcome}`);
    return spent;
  };
}

async function compare(sample: Sample, [one, other]: readonly [Buffer, Buffer], samples: number): Promise<number> {
  const times: readonly [number[], number[]] = [[], []];
  const warmUp = samples / 10;
  for (let i = 0; i < samples + warmUp; i++) {
    const isOther = Math.random() < 0.5;
    const measured = sample(isOther ? other : one);
    const time = typeof measured === "number" ? measured : await measured;
    if (i >= warmUp) times[isOther ? 1 : 0].push(time);
  }
  return welchT(...times);
}

const rows: Row[] = [];
let failed = false;

async function judge(subject: string, sample: Sample, samples: number, isControl = false): Promise<void> {
  for (const [name, classes] of Object.entries(CLASSES)) {
    const t = Math.abs(await compare(sample, classes, samples));
    const bound = { kind: isControl ? "least" : "most", limit: isControl ? 10 * LIMIT : LIMIT } as const;
    failed ||= isControl ? t < bound.limit : t > bound.limit;
    rows.push({ table: "constant time: |t| of Welch's test", subject, column: name, value: t, bound });
  }
}

await judge("isEqual on Node", sampleOf(isEqualOnNode), SAMPLES);
await judge("isEqual elsewhere", sampleOf(isEqualOnWeb), SAMPLES);
await judge("receive, refused", sampleOfReceive(), WHOLE_SAMPLES);
await judge("control: === on hex", sampleOfText(), SAMPLES, true);
if (sink !== 0) throw new Error("constant-time: a wrong guess was taken for right");
process.send?.(rows);
process.disconnect?.();
process.exitCode = failed ? 1 : 0;
