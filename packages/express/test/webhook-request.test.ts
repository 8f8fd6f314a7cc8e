import { once } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { keepRawBody } from "@countersign/raw-body";
import type { Request, Response } from "express";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { acmeVerifier, outcomes, signed } from "./acme.js";
import { dial, gate, open, readAll, waitFor } from "./session.js";
import { VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook(verifier, handler), which reads the request, on %s", (_version, make) => {
  it("hands over the target as it came in, from a router", async () => {
    const { verifier } = acmeVerifier();
    const router = make.Router();
    const urls: string[] = [];
    const receive: typeof verifier.receive = (delivery) => {
      urls.push(delivery.url);
      return verifier.receive(delivery);
    };
    router.post(
      "/in",
      webhook({ ...verifier, receive }, async () => {}),
    );
    const app = make();
    app.use("/hooks", router);
    const { url } = await open(app);
    expect((await fetch(`${url}/hooks/in?a="b"`, signed())).status).toBe(200);
    expect(urls).toEqual(["/hooks/in?a=%22b%22"]);
  });

  it("takes a request that a bridge has made of a platform's event, with a record of headers alone", async () => {
    const { verifier, records } = acmeVerifier({ https: "required", allow: ["203.0.113.7"] });
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { method, headers, body } = signed();
    const request = new IncomingMessage({ encrypted: true, remoteAddress: "203.0.113.7" } as unknown as Socket);
    Object.assign(request, { method, url: "/", headers, complete: true, _read() {} });
    request.push(body);
    request.push(null);
    const response = new ServerResponse(request);
    response.assignSocket(new PassThrough() as unknown as Socket);
    app(request as Request, response as Response);
    await once(response, "finish");
    expect(response.statusCode).toBe(200);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it("refuses a target in absolute form", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post(
      /.*/,
      webhook(verifier, async () => {}),
    );
    const { port } = await open(app);
    const socket = dial(port, signed(), "https://evil.example/hook");
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1.1 400 /);
    expect(outcomes(records)).toEqual(["TARGET_INVALID"]);
  });

  it("answers handshakes and other methods of a route mounted with all", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.all(
      "/",
      webhook(verifier, async () => {}),
    );
    const { url } = await open(app);
    expect(await (await fetch(`${url}?challenge=abc`)).text()).toBe("abc");
    const head = await fetch(`${url}?challenge=abc`, { method: "HEAD" });
    expect([head.status, head.headers.get("allow")]).toEqual([405, expect.stringContaining("POST")]);
  });

  it("sends the refusal before it closes the connection on a body that goes on", async () => {
    const { verifier, records } = acmeVerifier({ maxBytes: 1000 });
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { port } = await open(app);
    const socket = dial(port, signed(), "/", 10_000_000);
    const text = await readAll(socket);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(text).toContain('"status":413');
    expect(outcomes(records)).toEqual(["BODY_TOO_LARGE"]);
  });

  it("lets a sender that does not stop see the refusal, and takes little of what it sends", async () => {
    const { verifier } = acmeVerifier({ maxBytes: 1000 });
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { port } = await open(app);
    const socket = dial(port, { ...signed(), body: "" }, "/", 100_000_000);
    let text = "";
    let sent = 0;
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    const send = (): void => {
      while (socket.writable && sent < 100) {
        sent++;
        if (!socket.write(Buffer.alloc(1_000_000))) return void socket.once("drain", send);
      }
    };
    send();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text).toContain('"status":413');
    expect(sent).toBeLessThan(100);
  });

  it("says that a parser has taken the body, and works where it kept the bytes", async () => {
    const { verifier, records } = acmeVerifier();
    const taken = make();
    taken.use(make.json());
    taken.post(
      "/",
      webhook(verifier, async () => {}),
    );
    expect((await fetch((await open(taken)).url, signed())).status).toBe(500);
    const kept = make();
    kept.use(make.json({ verify: keepRawBody }));
    kept.post(
      "/",
      webhook(verifier, async () => {}),
    );
    expect((await fetch((await open(kept)).url, signed())).status).toBe(200);
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", undefined]);
  });

  it("reads a body that a parser has passed by", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.use(make.json(), make.urlencoded({ extended: false }));
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { url } = await open(app);
    const { body, headers } = signed();
    expect((await fetch(url, { method: "POST", body, headers: { ...headers, "content-type": "application/octet-stream" } })).status).toBe(
      200,
    );
  });

  it("answers a sender that hangs up in the middle of its body with nothing stored", async () => {
    const { verifier, records } = acmeVerifier();
    const arrived = gate();
    const receive: typeof verifier.receive = (delivery) => {
      arrived.open();
      return verifier.receive(delivery);
    };
    const app = make();
    app.post(
      "/",
      webhook({ ...verifier, receive }, async () => {}),
    );
    const { url, port } = await open(app);
    const delivery = signed();
    const socket = dial(port, delivery, "/", delivery.body.length + 5);
    await arrived.promise;
    socket.resetAndDestroy();
    await waitFor(() => records.some(({ code }) => code === "BODY_INCOMPLETE"));
    expect((await fetch(url, delivery)).status).toBe(200);
  });
});
