import { Hono } from "hono";
import { handle, type LambdaEvent } from "hono/aws-lambda";
import { describe, expect, it } from "vitest";
import { acmeVerifier, signed } from "../../express/test/acme.js";
import { webhook } from "../src/index.js";

/** What each sender has besides headers and body. */
const SHAPES: [string, object][] = [
  ["API Gateway REST", { httpMethod: "POST", path: "/", requestContext: { stage: "prod", identity: { sourceIp: "203.0.113.9" } } }],
  [
    "a Function URL",
    { version: "2.0", rawPath: "/", rawQueryString: "", requestContext: { domainName: "x.example", http: { method: "POST" } } },
  ],
  ["a load balancer", { httpMethod: "POST", path: "/", requestContext: { elb: { targetGroupArn: "arn" } } }],
];

describe.each(SHAPES)("webhook on Lambda, behind %s", (_, shape) => {
  const send = async (allow: string, proto = "https"): Promise<number> => {
    const { verifier } = acmeVerifier({ trustedProxies: { hops: 1 }, allow: [allow] });
    const app = new Hono().post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { headers, body } = signed({ name: "Zoë" });
    const forwarded = { host: "x.example", "x-forwarded-proto": proto, "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
    const event = { ...shape, headers: { ...headers, ...forwarded }, body: Buffer.from(body).toString("base64"), isBase64Encoded: true };
    return (await handle(app)(event as unknown as LambdaEvent)).statusCode;
  };

  it("takes address and protocol from the headers of the one hop that the verifier counts", async () => {
    expect(await send("203.0.113.9")).toBe(200);
    expect(await send("198.51.100.1")).toBe(403);
    expect(await send("203.0.113.9", "http")).toBe(403);
  });
});
