import { partsOfStream } from '#ledger/ref.js';
import { DIALECTS } from './dialects.js';

describe('who may read the events of a stream', () => {
  it.each([
    ['workload-iceprod.main.a', 'rule'],
    ['work-iceprod.main.a', 'rule'],
    ['access-iceprod.main.a', 'rule'],
    ['workload-iceprod.other.a', 'administrators'],
    ['worker-iceprod.main.a', 'administrators'],
    ['site-iceprod.main.a', 'administrators'],
    ['credential-iceprod.main.a', 'administrators'],
    ['directory-iceprod.requests.a', 'administrators'],
    ['work-panda.main.1', 'everyone'],
    ['ranges-panda.main.1', 'everyone'],
    ['worker-panda.main.a', 'everyone'],
    ['site-panda.main.a', 'everyone'],
    ['credential-panda.main.alice', 'administrators'],
    ['directory-panda.main.configuration', 'administrators'],
    ['directory-panda.main.cache', 'administrators'],
    ['work-torc.main.1', 'rule-if-any'],
    ['user-cairn.main.alice', 'administrators'],
    ['credential-cairn.main.alice', 'administrators'],
    ['directory-cairn.webhooks.a', 'administrators'],
  ] as const)('%s: %s', (stream, readers) => {
    const { category, dialect, namespace } = partsOfStream(stream);
    expect(DIALECTS.find(({ name }) => name === dialect)?.readersOf(category, namespace)).toBe(readers);
  });
});
