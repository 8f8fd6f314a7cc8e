/** The sender's side of one case: it knows a port, and reports. */
import type { Provider } from "@countersign/core";
import type { BodilessDelivery, DeliveryOptions, SignedDelivery } from "../delivery.js";
import { signDelivery } from "../sign-delivery.js";
import { check, equal } from "./expect.js";
import type { Connection, Control, Form, RawRequest, RawResponse, Report, Server, Trait } from "./harness.js";
import { openConnection, sendAndReset, sendRaw, writeHead } from "./raw-client.js";
import { START } from "./stage.js";

/** Milliseconds for which a report is waited for. */
const PATIENCE = 8000;
const INTERVAL = 5;

/** What differs from the delivery as it was signed, when it is sent. */
export interface Changes {
  readonly method?: string;
  /** Comes after the path of the case. */
  readonly suffix?: string;
  /** The whole request target. */
  readonly target?: string;
  /** By name: replaced, or left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Further lines, after all others. */
  readonly lines?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | readonly Uint8Array[];
  readonly framing?: RawRequest["framing"];
}

/** What a case does with the server under test. */
export interface Session {
  readonly form: Form;
  readonly path: string;
  has(trait: Trait): boolean;
  /** Signs a delivery at the present of the stage's clock. */
  sign(provider: Provider, options?: DeliveryOptions): Promise<SignedDelivery>;
  /** Makes the request of a delivery. */
  toRequest(delivery: SignedDelivery, changes?: Changes): RawRequest;
  send(delivery: SignedDelivery, changes?: Changes): Promise<RawResponse>;
  sendRaw(request: RawRequest): Promise<RawResponse>;
  /** Sends a delivery and resets the connection at once, so that the server may find it gone when it takes the request. */
  sendAndReset(delivery: SignedDelivery, changes?: Changes): Promise<void>;
  /** Opens a connection and writes a request's head alone. Its reply ends the connection, unless it `stays`. */
  begin(request: RawRequest, options?: { readonly stays?: boolean }): Promise<Connection>;
  advance(seconds: number): Promise<void>;
  openGate(): Promise<void>;
  startClose(): Promise<void>;
  report(): Promise<Report>;
  /** Fulfils with the first report that holds; rejects after a while, naming what was waited for. */
  until(what: string, holds: (report: Report) => boolean): Promise<Report>;
  /** Expects a status, and that the handler ran so many times in all. */
  expect(response: RawResponse, status: number, runs: number): Promise<Report>;
  /** Expects a refusal with a code, and that the handler did not run because of it. */
  refused(response: RawResponse, status: number, code: string, runs?: number): Promise<Report>;
}

/** What a session was seen to send and get, for the checks that every case ends with. */
export interface Evidence {
  readonly responses: readonly RawResponse[];
  /** Texts that nobody may ever show: signatures as they were sent. */
  readonly secrets: readonly string[];
}

/** Opens the sender's side of the case at a path. */
export function openSession(server: Server, form: Form, traits: readonly Trait[], path: string): { session: Session; evidence: Evidence } {
  const responses: RawResponse[] = [];
  const secrets: string[] = [];
  let now = START;

  const ask = (message: Control): Promise<Report> => server.control(path, message);
  const send = async (request: RawRequest): Promise<RawResponse> => {
    const response = server.port === undefined ? await server.send?.(request) : await sendRaw(server.port, request);
    check(response !== undefined, "the harness has neither a port nor a way to send");
    responses.push(response);
    return response;
  };

  const session: Session = {
    form,
    path,
    has: (trait) => traits.includes(trait),
    async sign(provider, options = {}) {
      const delivery = await signDelivery(provider, { timestamp: now, url: path, ...options });
      const { scheme } = provider["~configured"].schemes[0] ?? {};
      const place = (scheme?.signature?.places[0] ?? scheme?.token?.source)?.name ?? "";
      const signature = delivery.headers[place];
      if (signature !== undefined) secrets.push(signature);
      return delivery;
    },
    toRequest: (delivery, changes) => toRequest(delivery, changes, path),
    send: (delivery, changes) => send(toRequest(delivery, changes, path)),
    sendRaw: send,
    async sendAndReset(delivery, changes) {
      check(server.port !== undefined, "the harness has no socket");
      await sendAndReset(server.port, toRequest(delivery, changes, path));
    },
    async begin(request, options) {
      check(server.port !== undefined, "the harness has no socket");
      const connection = await openConnection(server.port, options);
      connection.response.then((response) => responses.push(response)).catch(() => {});
      await connection.write(writeHead(request));
      return connection;
    },
    async advance(seconds) {
      now += seconds * 1000;
      await ask({ do: "advance", seconds });
    },
    openGate: async () => void (await ask({ do: "open" })),
    startClose: async () => void (await ask({ do: "close" })),
    report: () => ask({ do: "report" }),
    async until(what, holds) {
      const end = performance.now() + PATIENCE;
      for (;;) {
        const report = await ask({ do: "report" });
        if (holds(report)) return report;
        check(performance.now() < end, `waited in vain until ${what}; records: ${JSON.stringify(report.records)}`);
        await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      }
    },
    async expect(response, status, runs) {
      const report = await ask({ do: "report" });
      equal(response.status, status, `status (records: ${JSON.stringify(report.records)})`);
      equal(report.accepted.length, runs, "runs of the handler");
      return report;
    },
    async refused(response, status, code, runs = 0) {
      const report = await session.expect(response, status, runs);
      equal(deliveriesOf(report).at(-1)?.code, code, "code of the last record");
      return report;
    },
  };
  return { session, evidence: { responses, secrets } };
}

/** The records of deliveries, without notices. */
export const deliveriesOf = ({ records }: Report): Report["records"] => records.filter(({ kind }) => kind === "delivery");

function toRequest(
  { body = new Uint8Array(), ...delivery }: SignedDelivery | BodilessDelivery,
  changes: Changes = {},
  path: string,
): RawRequest {
  const headers = new Map<string, string | undefined>(Object.entries(delivery.headers));
  for (const [name, value] of Object.entries(changes.headers ?? {})) headers.set(name, value);
  const lines = [...headers].flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
  const at = delivery.url.startsWith("/") ? delivery.url : path;
  return {
    method: changes.method ?? delivery.method,
    target: changes.target ?? at + (changes.suffix ?? ""),
    headers: [...lines, ...(changes.lines ?? [])],
    body: changes.body ?? body,
    framing: changes.framing,
  };
}
