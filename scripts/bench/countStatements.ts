import type { TransactionalDatabase } from "../../functions/src/platform/postgres.ts";

/** A database that counts what is sent to it: each statement, and the beginning and the end of each transaction. */
export function countStatements(db: TransactionalDatabase): TransactionalDatabase & { count: number } {
  const counting: TransactionalDatabase & { count: number } = {
    count: 0,
    query: (text, values) => {
      counting.count += 1;
      return db.query(text, values);
    },
    transaction: (work) => {
      counting.count += 2;
      return db.transaction((connection) =>
        work({
          query: (text, values) => {
            counting.count += 1;
            return connection.query(text, values);
          },
        }),
      );
    },
  };
  return counting;
}
