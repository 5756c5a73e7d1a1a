import { z } from "zod";
import { send } from "../../src/adapters/channels/channels.ts";
import { attemptDelivery } from "../../src/domain/message/attemptDelivery.ts";
import { databaseOf, openPool } from "../../src/platform/postgres.ts";
import { composeAlert } from "../../src/stages/notify/composeAlert.ts";

/** The program of a process that makes one attempt at the delivery that its argument names. */
const id = z.coerce.number().parse(process.argv[2]);
const pool = await openPool();
const db = databaseOf(pool);
await attemptDelivery({ db, send, clock: () => new Date() }, id, (delivery, now) =>
  composeAlert(db, delivery, now),
);
await pool.end();
