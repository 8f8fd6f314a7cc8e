import { driveCases } from "./drive-cases.js";
import { sqliteHarness } from "./sqlite-harness.js";

driveCases(sqliteHarness);
