import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SignJWT, UnsecuredJWT } from "jose";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { companyWithSeries, insertChannel, insertUser, setLinkSettings } from "../../../test/subscribers.ts";
import { signLink, verifyLink } from "../../domain/message/linkToken.ts";
import { anyone, HtmlPage, httpFunction, type Reply, route } from "../../platform/http.ts";
import { askToSilence, endSilence, silence } from "./unsubscribe.ts";

const NOW = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();

let unset: () => void;
beforeAll(() => {
  unset = setLinkSettings();
});
afterAll(() => unset());

let company: number;
let user: number;
let channel: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  company = (await companyWithSeries(db, "<script>Bad</script> & Sons")).companyId;
  user = await insertUser(db);
  channel = await insertChannel(db, user, { destination: "anna@investor.example" });
});

const mute = () => signLink({ act: "mute", user, company });
const pause = () => signLink({ act: "pause", channel });
const markup = ({ body }: Reply) => (body instanceof HtmlPage ? body.markup : "no page");
const silenced = async () => ({
  mutes: (await db.query("select user_id, company_id, until from pipeline.mute")).rows,
  pauses: (await db.query("select channel_id, until from pipeline.channel_pause")).rows,
});
const nothing = { mutes: [], pauses: [] };

describe("a link", () => {
  test("asks, and changes nothing, because mail scanners follow it", async () => {
    const page = await askToSilence(db, await mute());
    expect(page.status).toBe(200);
    expect(markup(page)).toContain('<form method="post"');
    expect(markup(page)).toContain("&lt;script&gt;Bad&lt;/script&gt; &amp; Sons");
    expect(markup(page)).not.toContain("<script>");
    expect(markup(await askToSilence(db, await pause()))).toContain("anna@investor.example");
    expect(await silenced()).toEqual(nothing);
  });

  test("mutes one company for one user, however often", async () => {
    await db.query("insert into pipeline.mute values ($1, $2, '2025-03-04', now())", [user, company]);
    const page = await silence(db, await mute(), NOW);
    await silence(db, await mute(), NOW);
    expect(markup(page)).toContain("is muted");
    expect(await silenced()).toEqual({
      mutes: [{ user_id: user, company_id: company, until: null }],
      pauses: [],
    });
  });

  test("pauses one channel, and takes it back", async () => {
    await silence(db, await pause(), NOW);
    expect(await silenced()).toEqual({ mutes: [], pauses: [{ channel_id: channel, until: null }] });
    await endSilence(db, await pause());
    await silence(db, await mute(), NOW);
    await endSilence(db, await mute());
    expect(await silenced()).toEqual(nothing);
  });

  test("ends all email to an address, and takes that back", async () => {
    const again = await insertChannel(db, user, { destination: " Anna@investor.example" });
    await insertChannel(db, user, { destination: "ben@investor.example" });
    await insertChannel(db, user, { type: "SLACK", destination: "anna@investor.example" });
    await silence(db, await pause(), NOW);
    await silence(db, await pause(), NOW);
    expect((await silenced()).pauses).toEqual(
      [channel, again].map((id) => ({ channel_id: id, until: null })),
    );
    await endSilence(db, await pause());
    expect(await silenced()).toEqual(nothing);
  });

  test("to what was removed works no more", async () => {
    const token = await mute();
    await db.query('delete from "user"');
    expect((await silence(db, token, NOW)).status).toBe(404);
    expect(await silenced()).toEqual(nothing);
  });
});

describe("a token that is not ours", () => {
  const key = (text: string) => new TextEncoder().encode(text);
  const claims = () => ({ act: "pause", channel });
  const signed = (secret: string, alg: string, payload: object, audience = "unsubscribe") =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg }).setAudience(audience).sign(key(secret));
  const secret = "a link secret of the tests";
  const long = secret.repeat(3);

  test.each<[string, () => Promise<string> | string]>([
    ["is empty", () => ""],
    ["is text", () => "no.token.at-all"],
    ["is signed with another secret", () => signed("another", "HS256", claims())],
    ["has another algorithm", () => signed(long, "HS512", claims())],
    ["is not signed", () => new UnsecuredJWT(claims()).setAudience("unsubscribe").encode()],
    ["is for something else", () => signed(secret, "HS256", claims(), "login")],
    ["has no audience", () => new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(key(secret))],
    ["allows nothing that there is", () => signed(secret, "HS256", { act: "delete", channel })],
    ["has an odd id", () => signed(secret, "HS256", { act: "pause", channel: "1 or true" })],
    [
      "has another's contents",
      async () => exchanged(await pause(), await signLink({ act: "pause", channel: 99 })),
    ],
  ])("because it %s changes nothing", async (_why, make) => {
    const token = await make();
    expect(await verifyLink(token)).toBeUndefined();
    for (const answer of [askToSilence(db, token), silence(db, token, NOW), endSilence(db, token)]) {
      expect(await answer).toMatchObject({ status: 404 });
    }
    expect(await silenced()).toEqual(nothing);
  });
});

/** The header and signature of one token around the claims of another. */
function exchanged(token: string, other: string): string {
  const [header, , signature] = token.split(".");
  return [header, other.split(".")[1], signature].join(".");
}

describe("over HTTP", () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    process.env["FUNCTION_TARGET"] = "unsubscribe";
    const declaration = {
      name: "unsubscribe",
      path: "/unsubscribe",
      account: "notify",
      memory: "256MiB",
      timeoutSeconds: 60,
      maxInstances: 1,
      connections: 1,
    } as const;
    const asked = httpFunction(declaration, async () => ({
      "/": {
        POST: route({ callers: anyone, summary: "one click" }, async () => silence(db, await pause(), NOW)),
      },
    }));
    server = createServer((request, response) => {
      Reflect.apply(asked, undefined, [request, response]);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/unsubscribe`;
  });
  afterAll(() => {
    delete process.env["FUNCTION_TARGET"];
    server.close();
  });

  test("a mail client's one click is taken as it comes, and answered with a page that is safe to show", async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "List-Unsubscribe=One-Click",
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toContain("You are unsubscribed");
    expect((await silenced()).pauses).toHaveLength(1);
  });
});
