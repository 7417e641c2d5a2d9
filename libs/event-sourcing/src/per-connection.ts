import type { DatabaseSync } from 'node:sqlite';

/** What is prepared once for each connection, such as statements: made when a connection is first used. */
export const perConnection = <Prepared>(
  prepare: (database: DatabaseSync) => Prepared,
): ((database: DatabaseSync) => Prepared) => {
  const known = new WeakMap<DatabaseSync, Prepared>();
  return (database) => {
    const prepared = known.get(database) ?? prepare(database);
    known.set(database, prepared);
    return prepared;
  };
};
