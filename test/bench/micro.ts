/** Measures one scheme in a process of its own: `micro.ts <scheme>`. Sends its rows to its parent. */
import { toFloor } from "./floor.js";
import { measure, ratioOf, type Timings } from "./measure.js";
import { toOurs } from "./ours.js";
import { toPeers } from "./peer.js";
import type { Row } from "./row.js";
import { type Scheme, schemes } from "./scheme.js";
import { type SignedEvent, signEvents } from "./signed-event.js";

/** A body's size, how many of them make a round, and the budgets that hold for it. */
interface Size {
  readonly column: string;
  readonly bytes: number;
  readonly events: number;
  readonly budgets: Readonly<Record<"verify" | "signed id" | "digest of the body", number>>;
}

const LARGE = { verify: 1.03, "signed id": 1.05, "digest of the body": 1.15 };
const SIZES: readonly Size[] = [
  { column: "256 B", bytes: 256, events: 2000, budgets: { verify: 1.3, "signed id": 1.9, "digest of the body": 2.1 } },
  { column: "2 kB", bytes: 2048, events: 800, budgets: { verify: 1.12, "signed id": 1.25, "digest of the body": 1.4 } },
  { column: "20 kB", bytes: 20_480, events: 100, budgets: LARGE },
  { column: "200 kB", bytes: 204_800, events: 12, budgets: LARGE },
];
const ROUNDS = { rounds: 15, warmUp: 5 };

const NAIVE = "naive";
const FLOOR = "naive + parse";

function rowsOf(scheme: Scheme, size: Size, timings: Timings, peers: readonly string[]): Row[] {
  const { name, claims } = scheme;
  const { column, budgets } = size;
  const table = `${name}: over "${FLOOR}"`;
  const over = (subject: string, base: string, rest: Partial<Row> = {}): Row => ({
    table,
    subject,
    column,
    value: ratioOf(timings, subject, base),
    ...rest,
  });
  return [
    over(NAIVE, FLOOR),
    over("verify", FLOOR, { bound: { kind: "most", limit: budgets.verify } }),
    over("receive + commit", FLOOR, claims && { bound: { kind: "most", limit: budgets[claims] } }),
    ...peers.map((peer) => over(peer, FLOOR)),
    over("refused", "receive + commit", { table: `${name}: refused over accepted`, bound: { kind: "most", limit: 1 } }),
    ...peers.map((peer) => {
      // one that leaves the parsing to its user is shown bare, and held against ours with the parsing
      const isBare = peers.includes(`${peer} + parse`);
      const rest: Partial<Row> = isBare
        ? { table: `${name}: without parsing, over "${NAIVE}"` }
        : { table: `${name}: over our verify`, bound: { kind: "least", limit: 1 } };
      return over(peer, isBare ? NAIVE : "verify", rest);
    }),
  ];
}

const scheme = schemes.find(({ name }) => name === process.argv[2]);
if (scheme === undefined) throw new Error(`micro: no such scheme: ${process.argv[2]}`);

const peers = toPeers(scheme.signing.secret).filter((peer) => peer.scheme === scheme.name);
const subjects = [toFloor(NAIVE, scheme, false), toFloor(FLOOR, scheme, true), ...toOurs(scheme), ...peers];
const rows: Row[] = [];
for (const size of SIZES) {
  const eventsOf = (): SignedEvent[] => signEvents(scheme.signing, size.bytes, size.events);
  const timings = await measure(subjects, eventsOf, ROUNDS);
  rows.push(
    ...rowsOf(
      scheme,
      size,
      timings,
      peers.map(({ name }) => name),
    ),
  );
}
process.send?.(rows);
process.disconnect?.();
