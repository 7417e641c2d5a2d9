import { randomUUID } from 'node:crypto';
import type { EventMetadata, NewEvent } from '../ledger.js';

export const someMetadata = (): EventMetadata => ({
  timeMicros: 1_780_000_000_123_456,
  actor: 'alice',
  dialect: 'iceprod',
  correlationId: randomUUID(),
  causationId: randomUUID(),
  schemaVersion: 1,
});

export const someEvent = (data: object = {}, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'UnitClaimed',
  data,
  metadata: someMetadata(),
});

/** The same events each time, in whatever process, of at least `bytes` together. */
export const bulkEvents = (bytes: number, commandId: string): readonly NewEvent[] => {
  const payload = 'ordinals '.repeat(12_000);
  const count = Math.ceil(bytes / payload.length);
  return Array.from({ length: count }, (_, index) => ({
    id: `00000000-0000-5000-8000-${index.toString(16).padStart(12, '0')}`,
    type: 'UnitsAdded',
    data: { index, payload },
    metadata: { ...someMetadata(), correlationId: commandId, causationId: commandId },
  }));
};
