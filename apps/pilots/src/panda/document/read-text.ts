import { parse } from 'yaml';
import { Faults } from './check.js';
import { entriesOf, type Entry } from './operator-document.js';

/** What the text of an operator's document says: its entries, or everything that is wrong with it. */
export type Reading = { readonly entries: readonly Entry[] } | { readonly faults: readonly string[] };

/** Reads YAML, or JSON when it begins like an object: large JSON is read much faster so. */
export const readText = (text: string): Reading => {
  const faults = new Faults();
  let document: unknown;
  try {
    document = text.trimStart().startsWith('{') ? parseJson(text) : parse(text);
  } catch (error) {
    return { faults: [`the document: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const entries = entriesOf(document, faults);
  return faults.list.length > 0 ? { faults: faults.list } : { entries };
};

/** A mapping of YAML may begin like JSON. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
};
