import type { DocumentContinued, DocumentReplaced, DocumentsStored } from '#contracts/torc/events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';

/** Characters of a part: however they are escaped and encoded, an event holds them. */
const PART_CHARACTERS_MAX = 60_000;

/** Where a part ends: not between the two halves of a character. */
const endOfPart = (text: string, start: number): number => {
  const end = Math.min(text.length, start + PART_CHARACTERS_MAX);
  return text.codePointAt(end - 1) !== text.charCodeAt(end - 1) ? end - 1 : end;
};

/** Cuts a document that is too large for one event. */
const partsOf = (document: string): string[] => {
  const parts: string[] = [];
  for (let start = 0; start < document.length;) {
    const end = endOfPart(document, start);
    parts.push(document.slice(start, end));
    start = end;
  }
  return parts;
};

/** What an event says of whether the document goes on behind it. */
const goesOn = (at: number, parts: readonly string[]): { readonly goes_on?: true } =>
  at < parts.length - 1 ? { goes_on: true } : {};

const rest = (
  stream: string,
  { collection, ordinal }: Pick<DocumentContinued, 'collection' | 'ordinal'>,
  parts: readonly string[],
): DecidedEvent[] =>
  parts.flatMap((text, at) => {
    if (at === 0) return [];
    const data: DocumentContinued = { collection, ordinal, text, ...goesOn(at, parts) };
    return [{ stream, type: 'DocumentContinued', data }];
  });

/** Events that store one document. */
export const documentStored = (
  stream: string,
  {
    collection,
    ordinal,
    key,
    document,
  }: Pick<DocumentContinued, 'collection' | 'ordinal'> & {
    readonly document: string;
    readonly key?: string | undefined;
  },
): DecidedEvent[] => {
  const parts = partsOf(document);
  const data: DocumentsStored = {
    collection,
    ordinals: [[ordinal, ordinal]],
    documents: parts.slice(0, 1),
    ...(key !== undefined && { keys: { [ordinal]: key } }),
    ...goesOn(0, parts),
  };
  return [{ stream, type: 'DocumentsStored', data }, ...rest(stream, { collection, ordinal }, parts)];
};

/** Events that replace one document. */
export const documentReplaced = (stream: string, replaced: DocumentReplaced): DecidedEvent[] => {
  const parts = partsOf(replaced.document);
  const data: DocumentReplaced = { ...replaced, document: parts[0] ?? '', ...goesOn(0, parts) };
  return [{ stream, type: 'DocumentReplaced', data }, ...rest(stream, replaced, parts)];
};
