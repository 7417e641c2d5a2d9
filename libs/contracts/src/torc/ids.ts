/** The full id of a document of a workflow (Torc contract 1.5), such as `jobs__97/103`. */
export const fullId = (collection: string, workflow: string, key: string): string =>
  `${collection}__${workflow}/${key}`;

/** The parts of a full id of a document of a workflow; undefined when the text is none. */
export const partsOfId = (
  id: string,
): { readonly collection: string; readonly workflow: string; readonly key: string } | undefined => {
  const slash = id.indexOf('/');
  const [name, key] = [id.slice(0, slash), id.slice(slash + 1)];
  const separator = name.indexOf('__');
  if (slash === -1 || separator === -1 || key === '' || key.includes('/')) return undefined;
  return { collection: name.slice(0, separator), workflow: name.slice(separator + 2), key };
};

/** Keys that callers may choose (Torc contract 1.5). */
export const isLegalKey = (key: string): boolean => /^[\w\-:.@()+,=;$!*'%]{1,254}$/.test(key);

/** `_rev` of a document: its ordinal, which no other document has, and the number of its writes. */
export const revisionText = (ordinal: number, writes: number): string => `${ordinal}-${writes}`;
