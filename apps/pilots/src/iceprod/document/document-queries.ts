import type { DatabaseSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Page } from '#bus/contract.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { ReadModel } from '#event-sourcing/read-model.js';
import { Documents } from './documents.js';

/** Answers questions about documents of pilots or grids with their last heartbeats. */
export class DocumentQueries {
  private readonly committed: Documents;
  private readonly documentsOn: (database: DatabaseSync) => Documents;
  private readonly answers: PagedAnswers;

  constructor(
    { queries, snapshots }: ReadModel,
    table: 'grid' | 'pilot',
    idField: 'grid_id' | 'pilot_id',
    lastHeartbeat: (id: string) => number | undefined,
  ) {
    const documentsOf = (database: DatabaseSync): Documents => new Documents(database, table, idField, lastHeartbeat);
    this.committed = documentsOf(queries);
    this.documentsOn = perConnection(documentsOf);
    this.answers = textPages(snapshots);
  }

  get(id: string): string | undefined {
    return this.committed.get(id);
  }

  /** A list whose pages all come from one snapshot. */
  async list(cursor: string | undefined, query: Parameters<Documents['list']>[0]): Promise<Answer<Page>> {
    const page = await this.answers.page(cursor, ({ database }) => this.documentsOn(database).list(query));
    return page instanceof DomainError ? { error: page.toValue() } : { reply: page };
  }
}
