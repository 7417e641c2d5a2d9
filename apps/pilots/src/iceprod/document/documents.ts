import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Page } from '#bus/contract.js';
import { pickFields, wantedFields } from '#contracts/iceprod/keys.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { LAST_UPDATE, timeText } from './report.js';

/** Documents looked at for one page of a list. */
const PAGE_DOCUMENTS_MAX = 500;

export interface DocumentFilter {
  /** Members that must be these texts. */
  readonly equal?: ReadonlyMap<string, string>;
  readonly keys?: readonly string[] | undefined;
  /** Id of the last document of the page before. */
  readonly cursor?: string | undefined;
}

/**
 * Reads the documents of one table through one connection: `queries` to answer, `writer` to decide. `last_update` is the time
 * of the last heartbeat.
 */
export class Documents {
  private readonly selectOne: StatementSync;
  private readonly selectPage: StatementSync;

  constructor(
    database: DatabaseSync,
    table: 'grid' | 'pilot',
    private readonly idField: 'grid_id' | 'pilot_id',
    private readonly lastHeartbeat: (id: string) => number | undefined = () => undefined,
  ) {
    this.selectOne = database.prepare(`SELECT document FROM ${table} WHERE id = ?`);
    // Ids grow with time, so that their order is that of creation.
    this.selectPage = database.prepare(
      `SELECT id, document FROM ${table} WHERE id > ? ORDER BY id LIMIT ${String(PAGE_DOCUMENTS_MAX)}`,
    );
  }

  /** The document as raw JSON. */
  get(id: string): string | undefined {
    const document = this.selectOne.get(id)?.['document'];
    return typeof document === 'string' ? this.withHeartbeat(id, document) : undefined;
  }

  /** Texts `"<id>":{...}` in the order of creation. */
  list({ equal = new Map(), keys, cursor = '' }: DocumentFilter): Page {
    const wanted = wantedFields(keys, [this.idField]);
    const page = new PageBuilder();
    let seen = 0;
    for (const row of this.selectPage.iterate(cursor)) {
      const id = String(row['id']);
      const document = this.withHeartbeat(id, String(row['document']));
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

  private withHeartbeat(id: string, document: string): string {
    const heartbeatMicros = this.lastHeartbeat(id);
    if (heartbeatMicros === undefined) return document;
    const members = membersOf(document);
    const time = timeText(heartbeatMicros);
    return time > (members.get(LAST_UPDATE) ?? '') ? objectText(members.set(LAST_UPDATE, time)) : document;
  }
}

const hasTexts = (members: ReadonlyMap<string, string>, equal: ReadonlyMap<string, string>): boolean => {
  for (const [name, text] of equal) {
    const raw = members.get(name);
    if (raw === undefined || kindOf(raw) !== 'string' || JSON.parse(raw) !== text) return false;
  }
  return true;
};
