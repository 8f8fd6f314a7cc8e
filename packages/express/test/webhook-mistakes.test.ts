import type { Request, Response } from "express";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "./acme.js";
import { open } from "./session.js";
import { failWith, VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook on %s", (_version, make) => {
  it("says so where it stands twice on one route", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.use("/", webhook(verifier));
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", "HANDLER_FAILED"]);
    expect(records).toContainEqual(expect.objectContaining({ detail: expect.stringContaining("webhook stands twice on this route") }));
  });

  it.each([
    ["sends a file that is not there", (_e: AcmeEvent, _q: Request, res: Response) => res.sendFile("/nowhere/at/all"), 500],
    ["renders with no engine", (_e: AcmeEvent, _q: Request, res: Response) => res.render("no-view"), 500],
    ["goes on itself", (_e: AcmeEvent, req: Request, _res: Response) => req.next?.(), 404],
    ["goes on itself, with null for no error", (_e: AcmeEvent, req: Request, _res: Response) => req.next?.(null), 404],
    [
      "goes on with an error, and throws another",
      (_e: AcmeEvent, req: Request, _res: Response) => {
        req.next?.(new Error("no such order"));
        throw new Error("no");
      },
      500,
    ],
    ["leaves the route", (_e: AcmeEvent, req: Request, _res: Response) => req.next?.("route"), 404],
    ["leaves the router", (_e: AcmeEvent, req: Request, _res: Response) => req.next?.("router"), 404],
  ])("releases after a handler that %s, whatever the error handling says", async (_title, handler, status) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier, handler));
    app.use(failWith(200));
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(status);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("lets the error handling fail in the same way", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.set("env", "test");
    app.post(
      "/",
      webhook(verifier, () => Promise.reject(new Error("out of stock"))),
    );
    app.use(((_error, _req, res, _next) => res.sendFile("/nowhere/at/all")) satisfies ReturnType<typeof failWith>);
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(404);
  });
});
