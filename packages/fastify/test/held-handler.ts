import { once } from "node:events";
import { connect } from "node:net";
import type { DeliveryRecord } from "@countersign/core";
import { expect } from "vitest";
import { send, toBody, toSignature } from "./sender.js";

/** What a handler awaits until the test lets it end. */
export interface HeldHandler {
  /** Tells that the handler has begun, and waits for `finish`. `connection` closes when the sender is gone. */
  hold(connection: NodeJS.EventEmitter): Promise<void>;
  /** Resolves once the handler has begun. */
  readonly begun: Promise<void>;
  /** Resolves once the server has seen its sender go; to be called after `begun`. */
  gone(): Promise<unknown>;
  finish(): void;
}

export function createHeldHandler(): HeldHandler {
  let begin = (): void => {};
  let finish = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const closes: Promise<unknown>[] = [];
  return {
    hold(connection) {
      closes.push(once(connection, "close"));
      begin();
      return finished;
    },
    begun,
    gone: () => Promise.all(closes),
    finish,
  };
}

/** Hangs up on a held handler: a retry finds the claim busy until the handler ends, and a duplicate then. */
export async function expectHeldClaim(port: number, held: HeldHandler, records: readonly DeliveryRecord[]): Promise<void> {
  const body = toBody();
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`,
  );
  await held.begun;
  socket.destroy();
  await held.gone();
  expect((await send(port, body)).status).toBe(503);
  held.finish();
  await expect.poll(async () => (await send(port, body)).status).toBe(200);
  expect(records.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
}
