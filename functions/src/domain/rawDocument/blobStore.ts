/** Keeps what is too large or too odd for Firestore, byte by byte, under names like `raw_data/12/5/0af3.json`. */
export interface BlobStore {
  /** Writes a blob, over an older one of that name. Resolves when it is durable. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** @throws BlobNotFoundError where there is none; any other error may pass. */
  read(name: string): Promise<Uint8Array>;
  /** Another one each time when the blob is written. @throws BlobNotFoundError where there is none */
  version(name: string): Promise<string>;
  /** Some of the blobs below a folder, however deep: none where there are none. */
  list(folder: string, most: number): Promise<StoredBlob[]>;
  /** Removes a blob; where a version is named, only that. One that is gone is fine. */
  remove(blob: { readonly name: string; readonly version?: string }): Promise<void>;
}

/** A blob, as it was listed. */
export interface StoredBlob {
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
