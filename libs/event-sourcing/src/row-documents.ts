import type { SQLOutputValue } from 'node:sqlite';
import type { Row } from './array-statement.js';

/** A field of a document that has a column of its own. */
export interface RowField {
  readonly name: string;
  /** SQL expression over the table. */
  readonly column: string;
  /** The value as raw JSON; undefined when the document is to lack the field. */
  readonly text: (value: SQLOutputValue) => string | undefined;
  /** Many rows share few values, so their texts are cached. */
  readonly isShared?: boolean;
}

/** Texts of shared values that are kept for one answer. */
const TEXTS_MAX = 1000;

interface Part {
  readonly prefix: string;
  readonly text: (value: SQLOutputValue) => string | undefined;
  readonly kept: Map<SQLOutputValue, string | undefined> | undefined;
}

const textOf = ({ text, kept }: Part, value: SQLOutputValue): string | undefined => {
  const known = kept?.get(value);
  if (known !== undefined) return known;
  const made = text(value);
  if (kept === undefined) return made;
  if (kept.size >= TEXTS_MAX) kept.clear();
  kept.set(value, made);
  return made;
};

/**
 * Documents as raw JSON, straight from the columns of rows: nothing is read or made that is not asked for. One object per
 * answer.
 */
export class RowDocuments {
  /** What a statement selects for it, in this order. */
  readonly columns: readonly string[];
  private readonly parts: readonly Part[];

  constructor(
    /** In the order of the document. */
    fields: readonly RowField[],
    /** Column that is null unless the document has fields without a column. */
    extraColumn: string,
    /** The document of a row that has such fields. */
    private readonly withExtra: (document: string, extra: string, row: Row) => string,
  ) {
    this.columns = [...fields.map(({ column }) => column), extraColumn];
    this.parts = fields.map(({ name, text, isShared = false }) => ({
      prefix: `${JSON.stringify(name)}:`,
      text,
      kept: isShared ? new Map<SQLOutputValue, string | undefined>() : undefined,
    }));
  }

  /** @param first index of the first of {@link columns} in the row */
  render(row: Row, first: number): string {
    const { parts } = this;
    let document = '{';
    for (let at = 0; at < parts.length; at += 1) {
      const part = parts[at];
      const text = part && textOf(part, row[first + at] ?? null);
      if (text !== undefined) document += (document === '{' ? '' : ',') + (part?.prefix ?? '') + text;
    }
    document += '}';
    const extra = row[first + parts.length];
    return typeof extra === 'string' ? this.withExtra(document, extra, row) : document;
  }
}
