import { beforeEach } from "@jest/globals";
import { z } from "zod";
import { mineCompanyPayload, mineSourcePayload } from "../src/domain/miningCall/miningCall.ts";
import type {
  Discovery,
  MiningModule,
  MiningRequest,
  ModuleCompany,
} from "../src/domain/miningModule/miningModule.ts";
import { selectRow, selectRows, type TransactionalDatabase } from "../src/platform/postgres.ts";
import type { EnqueueTasks } from "../src/platform/taskQueue.ts";
import { CallWillBeRetried, mineCompany } from "../src/stages/mine/mineCompany.ts";
import { mineSource } from "../src/stages/mine/mineSource.ts";
import { tick } from "../src/stages/schedule/tick.ts";
import { emptyTables } from "./emptyTables.ts";
import { openTestDatabase } from "./openTestDatabase.ts";
import { recordedQueue } from "./recordedQueue.ts";
import { insertCompany, insertIdentifier, insertSource, insertTask } from "./rows.ts";

/** What mining reaches of the outside. */
export interface Outside {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
}

/** A module that remembers its calls; what it does is set by the test. */
function recordedModule(now: Date) {
  const calls: MiningRequest[] = [];
  const discoveries: ModuleCompany[] = [];
  const behaviour = {
    mine: async (_request: MiningRequest): Promise<unknown> => undefined,
    discover: async (_company: ModuleCompany): Promise<Discovery> => ({ identifiers: {}, validity: now }),
  };
  const module: MiningModule = {
    describe: async () => {
      throw new Error("Mining does not ask a module to describe itself");
    },
    discover: (company) => {
      discoveries.push(company);
      return behaviour.discover(company);
    },
    mine: async (request) => {
      calls.push(request);
      const answer = await behaviour.mine(request);
      return typeof answer === "string" ? answer : undefined;
    },
  };
  return { calls, discoveries, behaviour, module };
}

const taskRow = z
  .object({
    status: z.string(),
    endedAt: z.date().nullable(),
    resultSummary: z.string().nullable(),
    attempts: z.number(),
  })
  .transform(({ resultSummary, ...row }) => ({ ...row, summary: JSON.parse(resultSummary ?? "null") }));

const callRow = z.object({
  companyId: z.number().nullable(),
  state: z.string(),
  attempt: z.number(),
  errorType: z.string().nullable(),
  errorText: z.string().nullable(),
});

/**
 * For the tests of one file: a source of its own for each test, a module and a queue in the test's hand, and the
 * time. Call it at the top of the file.
 */
export function openMining(start: Date) {
  const db = openTestDatabase();
  const fresh = () => ({
    now: start,
    source: 0,
    queue: recordedQueue(),
    module: recordedModule(start),
    filed: 0,
    handshakes: 0,
    handshake: undefined,
  });
  interface Hand extends Omit<ReturnType<typeof fresh>, "handshake"> {
    /** What shaking hands does; undefined: it succeeds. */
    handshake: (() => Promise<void>) | undefined;
  }
  const mining: Hand = fresh();

  beforeEach(async () => {
    await emptyTables(db);
    Object.assign(mining, fresh());
    mining.source = await insertSource(db, { name: "github", isActive: false });
  });

  const here = (): Outside => ({ db, enqueue: mining.queue.enqueue });

  const runPage = async (outside = here(), companiesAPage = 1000): Promise<boolean> => {
    const task = mining.queue.take("mineSource");
    if (task === undefined) return false;
    const context = { ...outside, now: mining.now, companiesAPage };
    await mineSource(context, mineSourcePayload.parse(task.payload));
    return true;
  };

  const runCall = (payload: object, outside = here(), alone = false): Promise<void> =>
    mineCompany(
      {
        ...outside,
        moduleFor: () => mining.module.module,
        clock: () => mining.now,
        countFiled: async () => mining.filed,
        shakeHands: async () => {
          mining.handshakes += 1;
          await mining.handshake?.();
        },
        alone,
      },
      mineCompanyPayload.parse(payload),
    );

  /** Runs a call as the queue does: until it asks for no other try. */
  const runToEnd = async (payload: object, alone = false): Promise<void> => {
    try {
      await runCall(payload, here(), alone);
    } catch (error) {
      if (!(error instanceof CallWillBeRetried)) throw error;
      await runToEnd(payload, alone);
    }
  };

  return Object.assign(mining, {
    db,
    runPage,
    runCall,
    runToEnd,

    /** Runs everything that is enqueued, until nothing is. */
    async runAll(): Promise<void> {
      for (;;) {
        if (await runPage()) continue;
        const shared = mining.queue.take("mineCompany");
        const task = shared ?? mining.queue.take("mineCompanyAlone");
        if (task === undefined) return;
        await runToEnd(task.payload, shared === undefined);
      }
    },

    async companies(count: number): Promise<number[]> {
      const ids: number[] = [];
      for (let number = 1; number <= count; number += 1) {
        const id = await insertCompany(db, `Company ${number}`);
        await insertIdentifier(db, mining.source, id, { property: "handles", value: `company-${number}` });
        ids.push(id);
      }
      return ids;
    },

    async startTask(): Promise<number> {
      const id = await insertTask(db, mining.source, { scheduledAt: mining.now });
      await tick(here(), mining.now);
      return id;
    },

    /** The newest scheduled task. */
    async task() {
      const row = await selectRow(
        db,
        taskRow,
        "select status, ended_at, result_summary, attempts from scheduled_task order by task_id desc limit 1",
      );
      if (row === undefined) throw new Error("There is no scheduled task");
      return row;
    },

    calls: () =>
      selectRows(
        db,
        callRow,
        "select company_id, state, attempt, error_type, error_text from pipeline.mining_call order by id",
      ),
  });
}
