/** The floor: verification as a careful engineer writes it by hand, without a library and without looking at the timestamp. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Subject } from "./measure.js";
import type { Scheme } from "./scheme.js";
import type { SignedEvent } from "./signed-event.js";

/** Verifies, and where `parses` is given parses, one delivery after the other. */
export function toFloor(name: string, { naive, signing }: Scheme, parses: boolean): Subject<SignedEvent> {
  const key = signing.key ?? signing.secret;
  return {
    name,
    prepare: (events) => () => {
      for (const { headers, body } of events) {
        const { prefix, signature } = naive(headers);
        const hmac = createHmac("sha256", key);
        const mac = prefix === "" ? hmac.update(body).digest() : hmac.update(prefix).update(body).digest();
        if (signature.length !== mac.length || !timingSafeEqual(mac, signature)) throw new Error(`${name}: a genuine delivery is refused`);
        if (parses && (JSON.parse(body.toString("utf8")) as { readonly id?: unknown }).id === undefined) throw new Error(`${name}: no id`);
      }
    },
  };
}
