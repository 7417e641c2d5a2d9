import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Page } from '#bus/contract.js';
import { pickFields, wantedFields } from '#contracts/iceprod/keys.js';
import { kindOf, membersOf } from '#contracts/raw-json.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';

/** Documents looked at for one page of a list. */
const PAGE_DOCUMENTS_MAX = 500;

export interface DocumentFilter {
  /** Members that must be these texts. */
  readonly equal?: ReadonlyMap<string, string>;
  readonly keys?: readonly string[] | undefined;
  /** Id of the last document of the page before. */
  readonly cursor?: string | undefined;
}

/** Reads the documents of one table through one connection: `queries` to answer, `writer` to decide. */
export class Documents {
  private readonly selectOne: StatementSync;
  private readonly selectPage: StatementSync;

  constructor(
    database: DatabaseSync,
    table: 'grid' | 'pilot',
    private readonly idField: 'grid_id' | 'pilot_id',
  ) {
    this.selectOne = database.prepare(`SELECT document FROM ${table} WHERE id = ?`);
    // Ids grow with time, so that their order is that of creation.
    this.selectPage = database.prepare(
      `SELECT id, document FROM ${table} WHERE id > ? ORDER BY id LIMIT ${String(PAGE_DOCUMENTS_MAX)}`,
    );
  }

  /** The document as raw JSON. */
  get(id: string): string | undefined {
    return this.selectOne.get(id)?.['document'] as string | undefined;
  }

  /** Texts `"<id>":{...}` in the order of creation. */
  list({ equal = new Map(), keys, cursor = '' }: DocumentFilter): Page {
    const wanted = wantedFields(keys, [this.idField]);
    const page = new PageBuilder();
    let seen = 0;
    for (const row of this.selectPage.iterate(cursor)) {
      const id = String(row['id']);
      const document = String(row['document']);
      seen += 1;
      const members = equal.size > 0 || wanted !== undefined ? membersOf(document) : undefined;
      if (members === undefined || hasTexts(members, equal)) {
        const shown = members === undefined || wanted === undefined ? document : pickFields(members, wanted);
        const entry = `${JSON.stringify(id)}:${shown}`;
        page.add(entry, entry.length);
      }
      if (seen === PAGE_DOCUMENTS_MAX || page.isFull) return page.page(id);
    }
    return page.page();
  }
}

const hasTexts = (members: ReadonlyMap<string, string>, equal: ReadonlyMap<string, string>): boolean => {
  for (const [name, text] of equal) {
    const raw = members.get(name);
    if (raw === undefined || kindOf(raw) !== 'string' || JSON.parse(raw) !== text) return false;
  }
  return true;
};
