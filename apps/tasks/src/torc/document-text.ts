/** What names a document and its version. */
export interface Identity {
  readonly key: string;
  /** Full id. */
  readonly id: string;
  readonly rev: string;
}

/**
 * A document as clients get it.
 *
 * @param document raw JSON of an object without `_key`, `_id`, `_rev`
 */
export const withIdentity = (document: string, { key, id, rev }: Identity): string =>
  `${document === '{}' ? '{' : `${document.slice(0, -1)},`}"_key":${JSON.stringify(key)},"_id":${JSON.stringify(id)},"_rev":"${rev}"}`;
