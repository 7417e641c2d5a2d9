import type { CollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';

/** Gives documents, jobs and edges of one change their ordinals, in order of creation. */
export class Ordinals {
  constructor(
    private next: number,
    /** Whether a collection or edge holds, held or will hold this custom key: generated keys pass over it (contract 1.5). */
    private readonly isKeyUsed: (collection: CollectionName | EdgeName, key: string) => boolean,
  ) {}

  take(collection: CollectionName | EdgeName): number {
    while (this.isKeyUsed(collection, String(this.next))) this.next += 1;
    this.next += 1;
    return this.next - 1;
  }
}
