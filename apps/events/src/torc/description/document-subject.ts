import type { CollectionName } from '#contracts/torc/collections.js';
import { partsOfId } from '#contracts/torc/ids.js';
import type { Subject } from '../../timeline/description.js';

/** Whether a timeline is about a document of the collection: all documents of a workflow share their numbers. */
export const isOf = ({ id }: Pick<Subject, 'id'>, collection: CollectionName): boolean =>
  partsOfId(id)?.collection === collection;
