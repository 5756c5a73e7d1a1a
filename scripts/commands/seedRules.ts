import { usePipeline } from "./pipeline.ts";

/** `seed-rules`: creates the notification rules that come with the project. */
export async function seedRules({ json }: { readonly json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { seedRules: seed } = await import("../../functions/src/domain/rule/seedRules.ts");
  const seeded = await seed(await database(), new Date());
  if (json) {
    console.log(JSON.stringify(seeded));
    return;
  }
  console.log(`${seeded.created} rules created; ${seeded.existing} already existed`);
}
