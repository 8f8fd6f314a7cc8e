import { bodyLimitCases } from "./cases/body-limit-cases.js";
import { byteCases } from "./cases/byte-cases.js";
import { claimCases } from "./cases/claim-cases.js";
import { handshakeCases } from "./cases/handshake-cases.js";
import { headerCases } from "./cases/header-cases.js";
import { leaseCases } from "./cases/lease-cases.js";
import { networkCases } from "./cases/network-cases.js";
import { payloadCases } from "./cases/payload-cases.js";
import { recurringContentCases } from "./cases/recurring-content-cases.js";
import { replayCases } from "./cases/replay-cases.js";
import { secretCases } from "./cases/secret-cases.js";
import { signatureCases } from "./cases/signature-cases.js";
import { storeTroubleCases } from "./cases/store-trouble-cases.js";
import { timestampCases } from "./cases/timestamp-cases.js";
import type { ConformanceCase } from "./conformance-case.js";

export type { ConformanceCase } from "./conformance-case.js";
export type {
  Answer,
  Connection,
  Control,
  Form,
  Harness,
  RawRequest,
  RawResponse,
  Report,
  SeenEvent,
  SeenRecord,
  Server,
  Site,
  Stage,
  StageWords,
  Trait,
} from "./harness.js";
export { lacking, runCase, type SeenRefusals } from "./run-case.js";
export { type CaseResult, runConformance } from "./run-conformance.js";
export type { Changes, Session } from "./session.js";
export { createStages, type Stages } from "./stage.js";

/** Every case, in the order by which stages and paths are numbered. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...byteCases,
  ...bodyLimitCases,
  ...headerCases,
  ...signatureCases,
  ...secretCases,
  ...timestampCases,
  ...replayCases,
  ...recurringContentCases,
  ...claimCases,
  ...leaseCases,
  ...storeTroubleCases,
  ...networkCases,
  ...handshakeCases,
  ...payloadCases,
];
