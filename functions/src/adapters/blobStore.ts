import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BlobNotFoundError, type BlobStore, type StoredBlob } from "../domain/rawDocument/blobStore.ts";
import { blobStoreConfig } from "../platform/config.ts";
import { errorCode } from "../platform/errorCode.ts";
import { firebaseApp } from "../platform/firebaseApp.ts";

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
  const prefix = location.pathname.replace(/^\/+|(?<!\/)\/+$/g, "");
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
    async version(name) {
      try {
        const [{ generation }] = await (await file(name)).getMetadata();
        return String(generation);
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
    async version(name) {
      try {
        const { mtimeMs, ino, size } = await stat(join(directory, checkedName(name)));
        return `${mtimeMs} ${ino} ${size}`;
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
