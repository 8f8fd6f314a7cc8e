import { postgresStore } from "@countersign/stores/postgres";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe } from "vitest";
import { startPostgres } from "../servers/start-postgres.js";
import { driveCases } from "./drive-cases.js";
import { POSTGRES_CLIENTS, pgliteHarness, postgresHarness } from "./postgres-harness.js";

const server = await startPostgres();

if ("missing" in server) describe.skip(`postgresStore (skipped: ${server.missing})`);
else {
  beforeAll(async () => {
    const { client, close } = await POSTGRES_CLIENTS["pg Pool"]!(server.port);
    await postgresStore(client).migrate();
    await close();
  });
  afterAll(() => server.stop());
  for (const name of Object.keys(POSTGRES_CLIENTS)) driveCases(postgresHarness(name, () => server));
}

const database = new PGlite();
beforeAll(() => postgresStore(database).migrate());
afterAll(() => database.close());
driveCases(pgliteHarness(() => database));
