import { createHmac } from "node:crypto";
import { createVerifier } from "@countersign/core";
import { github } from "@countersign/providers/github";

const secret = "It's a Secret to Everybody";
const verifier = createVerifier({ provider: github<{ push: { ref: string } }>({ secret }) });

// what GitHub would send
const body = '{"ref":"refs/heads/main"}';
const headers = {
  "content-type": "application/json",
  "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  "x-github-event": "push",
  "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
};

const event = await verifier.verify({ headers, body });
console.log(event.type, event.payload.ref, event.signed);

const forged = verifier.verify({ headers, body: body.replace("main", "evil") });
console.log(await forged.catch((error) => `${error.code}: ${error.message}`));
