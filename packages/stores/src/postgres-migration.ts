/** The table, in SQL. */

import { ConfigurationError } from "@countersign/core";
import { seen } from "./store-input.js";

/** Where claims are kept. */
export interface TableOptions {
  /**
   * The schema; without one, the connection's search path decides.
   * @default the first of the search path
   */
  readonly schema?: string | undefined;
  /** @default "countersign_claims" */
  readonly table?: string | undefined;
}

/** Names that SQL could take unquoted: letters, digits and `_`, at most 63. They are quoted all the same. */
export function toTableName({ schema, table = "countersign_claims" }: TableOptions): string {
  assertName("table", table);
  if (schema === undefined) return `"${table}"`;
  assertName("schema", schema);
  return `"${schema}"."${table}"`;
}

/**
 * The migration, as one statement that may run any number of times, from any number of processes at once. The lock makes them wait for
 * each other, since `IF NOT EXISTS` alone fails when two create the same table together; a role that may not create anything passes
 * where the table is there.
 */
export function toMigration(options: TableOptions): string {
  const table = toTableName(options);
  const { schema } = options;
  const makeSchema =
    schema === undefined ? "" : `  IF to_regnamespace('"${schema}"') IS NULL THEN\n    CREATE SCHEMA "${schema}";\n  END IF;\n`;
  return `DO $$
BEGIN
  PERFORM pg_advisory_xact_lock(7165082913450911);
${makeSchema}  IF to_regclass('${table}') IS NULL THEN
    CREATE TABLE ${table} (
      key text COLLATE "C" PRIMARY KEY,
      token text,
      tag text NOT NULL,
      until timestamptz NOT NULL
    ) WITH (fillfactor = 80);
  END IF;
END
$$;
`;
}

function assertName(option: string, name: unknown): void {
  if (typeof name === "string" && /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) return;
  throw new ConfigurationError(option, `saw ${seen(name)}; expected 1 to 63 letters, digits or \`_\`, not beginning with a digit.`);
}
