import { describe, expect, it } from '@jest/globals';
import { cloudEvent } from './event-envelope.js';

/** Attributes that CloudEvents 1.0 defines; all others are extensions. */
const DEFINED = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data'];

describe('the envelope of an event', () => {
  const event = JSON.parse(
    cloudEvent(
      {
        ...{ stream: 'work-iceprod.main.8f1c', revision: 3, position: 4711, id: 'e1', type: 'UnitsClaimed', hash: '' },
        data: '{"units":[[0,4]]}',
        metadata: JSON.stringify({
          ...{ actor: 'grid', dialect: 'iceprod', correlationId: 'c', causationId: 'd', schemaVersion: 1 },
          ...{ timeMicros: 1_767_225_600_000_001, issuer: 'https://iam.example.org' },
        }),
      },
      '4711',
    ),
  ) as Readonly<Record<string, unknown>>;

  it('is a CloudEvent 1.0', () => {
    expect(event).toMatchObject({
      ...{
        specversion: '1.0',
        id: 'e1',
        source: '/cairn/streams/work-iceprod.main.8f1c',
        subject: 'iceprod.main.8f1c',
      },
      ...{ type: 'cairn.iceprod.UnitsClaimed', datacontenttype: 'application/json', data: { units: [[0, 4]] } },
      ...{ time: '2026-01-01T00:00:00.000001Z', sequence: '4711', revision: 3 },
    });
    // An absolute URI; `source` may be relative.
    expect(new URL(String(event['dataschema'])).href).toBe('urn:cairn:schema:iceprod:UnitsClaimed:1');
    for (const name of Object.keys(event)) if (!DEFINED.includes(name)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });
});
