import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { blobStoreConfig } from "./config.ts";
import { errorCode } from "./errorCode.ts";
import { firebaseApp } from "./firebaseApp.ts";

/** Keeps what is too large or too odd for Firestore, byte by byte, under names like `raw_data/12/5/0af3.json`. */
export interface BlobStore {
  /** Writes a blob, over an older one of that name. Resolves when it is durable. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** @throws BlobNotFoundError where there is none; any other error may pass. */
  read(name: string): Promise<Uint8Array>;
  /** Some of the blobs below a folder, however deep: none where there are none. */
  list(folder: string, most: number): Promise<StoredBlob[]>;
  /** Removes a blob; where a version is named, only that. One that is gone is fine. */
  remove(blob: { readonly name: string; readonly version?: string }): Promise<void>;
}

/** A blob, as it was listed. */
interface StoredBlob {
  readonly name: string;
  readonly writtenAt: Date;
  /** Another one each time when it is written. */
  readonly version: string;
}

/** There is no blob of that name. Blobs are written before what refers to them, so it will not come later. */
export class BlobNotFoundError extends Error {
  override readonly name = "BlobNotFoundError";

  constructor(blob: string, cause: unknown) {
    super(`There is no blob ${blob}`, { cause });
  }
}

let storeOfProcess: BlobStore | undefined;

/** This process' blob store, chosen by BLOB_STORE. */
export function blobStore(): BlobStore {
  storeOfProcess ??= openBlobStore(blobStoreConfig());
  return storeOfProcess;
}

/** The blob store at `gs://bucket[/prefix]` or `file:///directory`. */
export function openBlobStore(location: URL): BlobStore {
  return location.protocol === "gs:" ? bucketStore(location) : directoryStore(fileURLToPath(location));
}

function bucketStore(location: URL): BlobStore {
  const prefix = location.pathname.replace(/^\/+|\/+$/g, "");
  const file = async (name: string) => {
    const { getStorage } = await import("firebase-admin/storage");
    return getStorage(firebaseApp())
      .bucket(location.host)
      .file(prefix ? `${prefix}/${checkedName(name)}` : checkedName(name));
  };
  return {
    async write(name, bytes) {
      const target = await file(name);
      await retryOnce(() =>
        target.save(Buffer.from(bytes), {
          resumable: false,
          validation: "crc32c",
          contentType: "application/octet-stream",
        }),
      );
    },
    async read(name) {
      try {
        const [bytes] = await (await file(name)).download({ validation: "crc32c" });
        return bytes;
      } catch (error) {
        throw errorCode(error) === 404 ? new BlobNotFoundError(name, error) : error;
      }
    },
    async list(folder, most) {
      const parent = await file(folder);
      const [found] = await parent.bucket.getFiles({
        prefix: `${parent.name}/`,
        maxResults: most,
        autoPaginate: false,
      });
      return found.map(({ name, metadata }) => ({
        name: name.slice(parent.name.length - folder.length),
        writtenAt: new Date(metadata.updated ?? 0),
        version: String(metadata.generation),
      }));
    },
    async remove({ name, version }) {
      try {
        await (await file(name)).delete({
          ignoreNotFound: true,
          ...(version === undefined ? {} : { ifGenerationMatch: version }),
        });
      } catch (error) {
        if (errorCode(error) !== PRECONDITION_FAILED) throw error;
      }
    },
  };
}

const PRECONDITION_FAILED = 412;

// The client library does not repeat an upload by itself unless it is told which version it replaces. Ours may
// be repeated: the second writes the same bytes.
async function retryOnce(upload: () => Promise<void>): Promise<void> {
  try {
    await upload();
  } catch {
    await upload();
  }
}

function directoryStore(directory: string): BlobStore {
  return {
    async write(name, bytes) {
      const target = join(directory, checkedName(name));
      await mkdir(dirname(target), { recursive: true });
      // Renamed into place, so that a reader never sees half a blob.
      const unfinished = `${target}.${randomUUID()}.part`;
      await writeFile(unfinished, bytes, { flush: true });
      await rename(unfinished, target);
    },
    async read(name) {
      try {
        return await readFile(join(directory, checkedName(name)));
      } catch (error) {
        throw errorCode(error) === "ENOENT" ? new BlobNotFoundError(name, error) : error;
      }
    },
    async list(folder, most) {
      const found: StoredBlob[] = [];
      const parent = join(directory, checkedName(folder));
      for (const path of (await filesBelow(parent)).slice(0, most)) {
        const { mtime } = await stat(join(parent, path));
        found.push({ name: `${folder}/${path}`, writtenAt: mtime, version: String(mtime.getTime()) });
      }
      return found;
    },
    async remove({ name, version }) {
      const target = join(directory, checkedName(name));
      const there = await stat(target).catch(() => undefined);
      const isMeant = version === undefined || String(there?.mtime.getTime()) === version;
      if (isMeant) await rm(target, { force: true });
    },
  };
}

/** Unfinished ones too: they hold the same. */
async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(String(errorCode(error)))) return [];
    throw error;
  }
}

/** A name comes from a document or a data source's parameters, and must not lead out of the store. */
function checkedName(name: string): string {
  const isClean = name.split("/").every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part));
  if (!isClean)
    throw new BlobNotFoundError(name, "its name is not a path of letters, digits, '_', '-' and '.'");
  return name;
}
