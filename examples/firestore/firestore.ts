/**
 * A mining module that writes its raw answers into Firestore itself, with admin rights, instead of feeding them over HTTP:
 * `node firestore.ts SOURCE COMPANY_ID '{"stars": 10}' [TASK_ID]` keeps one. SOURCE is the data source's name.
 *
 * It speaks Firestore's REST API, so that it needs no package. In the emulator (FIRESTORE_EMULATOR_HOST) the token is
 * "owner"; elsewhere set ACCESS_TOKEN, for example from `gcloud auth print-access-token`.
 */
const {
  FIRESTORE_EMULATOR_HOST: emulator,
  GCLOUD_PROJECT: project,
  ACCESS_TOKEN: token = "owner",
} = process.env;
const [source, companyId, answer, taskId] = process.argv.slice(2);
if (!project || !source || !companyId || !answer) {
  console.error("Usage: GCLOUD_PROJECT=… node firestore.ts SOURCE COMPANY_ID JSON [TASK_ID]");
  process.exit(2);
}

/** A value as Firestore's REST API has it. */
function encoded(value: unknown): object {
  if (value === null || value === undefined) return { nullValue: null };
  if (typeof value === "boolean") return { booleanValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { integerValue: String(value) } : { doubleValue: value };
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(encoded) } };
  return { mapValue: { fields: fieldsOf(value) } };
}

function fieldsOf(map: object): Record<string, object> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, encoded(value)]));
}

const base = emulator ? `http://${emulator}` : "https://firestore.googleapis.com";
const collection = `parma/mining/datasource/${encodeURIComponent(source)}/raw_data`;
const response = await fetch(`${base}/v1/projects/${project}/databases/(default)/documents/${collection}`, {
  method: "POST",
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    fields: {
      // A string: the web application looks for a company's documents by it.
      company_id: encoded(companyId),
      data: encoded(JSON.parse(answer)),
      mining_trigger: encoded(taskId),
      status: encoded("success"),
      // When the answer was so; without it, the time of writing.
      created_at: { timestampValue: new Date().toISOString() },
    },
  }),
});
if (!response.ok) throw new Error(`Firestore answered ${response.status}: ${await response.text()}`);
console.log(await response.text());
