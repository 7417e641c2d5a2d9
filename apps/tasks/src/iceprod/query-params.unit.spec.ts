import { DomainError } from '#platform/domain-error.js';
import { readQueryParams } from './query-params.js';

describe('filters of a claim', () => {
  it('are read', () => {
    const params = '{"dataset_id":"d","site":"s","instance_id":"i","priority":0.5,"requirements.site":"x"}';
    expect(readQueryParams(params)).toEqual({
      ...{ dataset: 'd', site: 's', instance: 'i', priority: 0.5, requiredSite: '"x"', impossible: false },
    });
    expect(readQueryParams('{"dataset_id":5}')).toEqual({ impossible: true });
  });

  it.each(['status', 'job_id', '$where', '__proto__', 'requirements.os'])('refuse %s', (name) => {
    const refused = readQueryParams(`{"${name}":"x"}`);
    expect(refused instanceof DomainError && [refused.kind, refused.message]).toEqual([
      'invalid',
      `param ${name} is not allowed`,
    ]);
  });

  it('refuse what is not a single value', () => {
    expect(readQueryParams('{"site":{"$ne":"x"}}')).toBeInstanceOf(DomainError);
    expect(readQueryParams('{"site":["x"]}')).toBeInstanceOf(DomainError);
  });
});
