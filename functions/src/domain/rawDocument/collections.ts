/** The collection that has a document for each source; raw documents are in collections below them. */
export const SOURCES_COLLECTION = "parma/mining/datasource";

/** The collection of a source's raw documents. */
export function rawDocumentCollection(sourceName: string): string {
  return `${SOURCES_COLLECTION}/${sourceDocumentId(sourceName)}/raw_data`;
}

/**
 * A data source's name as the id of a Firestore document: as it is, but for what an id may not be. The web
 * application allows lower-case words only.
 */
export function sourceDocumentId(sourceName: string): string {
  const id = sourceName.toWellFormed().replaceAll("/", "%2F").slice(0, 300).trim();
  return /^(\.{1,2}|__.*__|)$/s.test(id) ? `-${id}` : id;
}
