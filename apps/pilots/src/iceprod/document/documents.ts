import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import { CHUNK_CHARACTERS_MAX, type Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import { LAST_UPDATE, timeText } from './report.js';

/** Documents read at a time: a few milliseconds. */
const CHUNK = 100;

export interface DocumentFilter {
  /** Members that must be these texts. */
  readonly equal?: ReadonlyMap<string, string>;
  readonly keys?: readonly string[] | undefined;
}

/**
 * Reads the documents of one table through one connection: a snapshot or `queries` to answer, `writer` to decide. `last_update` is
 * the time of the last heartbeat.
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
      `SELECT id, document FROM ${table} WHERE id > ? ORDER BY id LIMIT ${String(CHUNK)}`,
    );
  }

  /** The document as raw JSON. */
  get(id: string): string | undefined {
    const document = this.selectOne.get(id)?.['document'];
    return typeof document === 'string' ? this.withHeartbeat(id, document) : undefined;
  }

  /** Texts `"<id>":{...}` in the order of creation. */
  async *list({ equal = new Map(), keys }: DocumentFilter): Chunks {
    const wanted = wantedFields(keys, [this.idField]);
    const slices = new Slices();
    const behind = (id: string) => this.selectPage.all(id);
    for (let rows = behind(''); rows.length > 0; rows = behind(String(rows.at(-1)?.['id']))) {
      let entries: string[] = [];
      let characters = 0;
      for (const { id, document } of rows) {
        const shown = documentShown(this.withHeartbeat(String(id), String(document)), equal, wanted);
        if (shown === undefined) continue;
        entries.push(`${JSON.stringify(id)}:${shown}`);
        characters += shown.length;
        if (characters < CHUNK_CHARACTERS_MAX) continue;
        yield { entries };
        [entries, characters] = [[], 0];
      }
      yield { entries };
      if (slices.spent) await slices.pause();
    }
    return undefined;
  }

  private withHeartbeat(id: string, document: string): string {
    const heartbeatMicros = this.lastHeartbeat(id);
    if (heartbeatMicros === undefined) return document;
    const members = membersOf(document);
    const time = timeText(heartbeatMicros);
    return time > (members.get(LAST_UPDATE) ?? '') ? objectText(members.set(LAST_UPDATE, time)) : document;
  }
}

/** What is wanted of a document; undefined when its members are others. */
const documentShown = (
  document: string,
  equal: ReadonlyMap<string, string>,
  wanted: WantedFields | undefined,
): string | undefined => {
  if (equal.size === 0 && wanted === undefined) return document;
  const members = membersOf(document);
  if (!hasTexts(members, equal)) return undefined;
  return wanted === undefined ? document : pickFields(members, wanted);
};

const hasTexts = (members: ReadonlyMap<string, string>, equal: ReadonlyMap<string, string>): boolean => {
  for (const [name, text] of equal) {
    const raw = members.get(name);
    if (raw === undefined || kindOf(raw) !== 'string' || JSON.parse(raw) !== text) return false;
  }
  return true;
};
