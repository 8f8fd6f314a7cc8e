import { createVerifier, type Verifier } from "@countersign/core";
import type { Subject } from "./measure.js";
import type { Scheme } from "./scheme.js";
import type { SignedEvent } from "./signed-event.js";

/** What of this library is measured: one long-lived verifier for each subject, as in a server. */
export function toOurs({ name: scheme, provider }: Scheme): readonly Subject<SignedEvent>[] {
  const make = (): Verifier => createVerifier({ provider: provider(), https: "off", observe: false });
  const alone = make();
  const receiving = make();
  const refusing = make();
  const delivered = (headers: readonly string[], body: Buffer) =>
    ({ method: "POST", url: "/webhooks", wire: true, headers, body, address: "203.0.113.7", protocol: "https" }) as const;
  return [
    {
      name: "verify",
      prepare: (events) => async () => {
        for (const { rawHeaders, body } of events) {
          const event = await alone.verify({ headers: rawHeaders, body });
          if (event.payload === undefined) throw new Error(`${scheme}: verify found no payload`);
        }
      },
    },
    {
      name: "receive + commit",
      prepare: (events) => async () => {
        for (const { rawHeaders, body } of events) {
          const verdict = await receiving.receive(delivered(rawHeaders, body));
          if (verdict.outcome !== "accepted") throw new Error(`${scheme}: a genuine delivery is ${verdict.outcome}`);
          await verdict.claim.commit();
        }
      },
    },
    {
      name: "refused",
      prepare: (events) => async () => {
        for (const { badRawHeaders, body } of events) {
          const verdict = await refusing.receive(delivered(badRawHeaders, body));
          if (verdict.outcome !== "rejected" || verdict.code !== "SIGNATURE_MISMATCH")
            throw new Error(`${scheme}: a forged delivery is not refused`);
        }
      },
    },
  ];
}
