import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { BlobNotFoundError, type BlobStore } from "../domain/rawDocument/blobStore.ts";
import { openBlobStore } from "./blobStore.ts";

describe("a directory as the blob store", () => {
  let directory: string;
  let store: BlobStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "parma blobs "));
    store = openBlobStore(pathToFileURL(join(directory, "store")));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);

  test("gives back every byte", async () => {
    await store.write("raw_data/5/0af3.json", bytes);
    expect(new Uint8Array(await store.read("raw_data/5/0af3.json"))).toEqual(bytes);
  });

  test("writes over an older blob, and leaves nothing else behind", async () => {
    await store.write("a.csv", bytes);
    await Promise.all([store.write("a.csv", bytes), store.write("a.csv", Buffer.from("new"))]);
    await store.write("a.csv", Buffer.from("newest"));
    expect(Buffer.from(await store.read("a.csv")).toString()).toBe("newest");
    expect(await readdir(join(directory, "store"))).toEqual(["a.csv"]);
  });

  test("says when there is no such blob", async () => {
    await expect(store.read("raw_data/none.json")).rejects.toThrow(BlobNotFoundError);
  });

  test("lists what is below a folder, and removes it unless it was written over", async () => {
    for (const name of ["a/1/x", "a/2/y", "a/3", "ab/4"]) await store.write(name, bytes);
    const [first, ...others] = await store.list("a", 10);
    expect([first, ...others].map((blob) => blob?.name)).toEqual(["a/1/x", "a/2/y", "a/3"]);
    expect(await store.list("a", 2)).toHaveLength(2);
    expect([await store.list("none", 10), await store.list("a/3/x", 10)]).toEqual([[], []]);
    if (first === undefined) throw new Error("There is no blob");
    await store.remove({ ...first, version: "another" });
    expect(await store.list("a/1", 10)).toEqual([first]);
    for (const blob of [first, first, ...others]) await store.remove(blob);
    await store.remove({ name: "ab/4" });
    expect(await store.list("a", 10)).toEqual([]);
    await expect(store.read("ab/4")).rejects.toThrow(BlobNotFoundError);
  });

  test.each(["../secret", "a/../../secret", "/etc/passwd", "a//b", "", ".", "a/./b", "a\\b", "a\0"])(
    "does not leave the store by the name %j",
    async (name) => {
      await writeFile(join(directory, "secret"), "secret");
      await expect(store.read(name)).rejects.toThrow(BlobNotFoundError);
      await expect(store.write(name, bytes)).rejects.toThrow(BlobNotFoundError);
    },
  );
});
