import { driveHarness } from "./drive-harness.js";
import { fetchOnNode, lambdaAlb, lambdaHttp, lambdaRest } from "./harnesses/serverless.js";

for (const harness of [fetchOnNode, lambdaHttp, lambdaRest, lambdaAlb]) driveHarness(harness);
