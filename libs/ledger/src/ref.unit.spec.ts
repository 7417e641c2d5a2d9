import { ref, refOfStream, streamName } from './ref.js';

describe('ref', () => {
  it('escapes all but letters, digits, underscore and hyphen', () => {
    expect(ref('iceprod', 'main', 'a/b.c %é')).toBe('iceprod.main.a%2Fb%2Ec%20%25%C3%A9');
  });

  it('hashes what would be longer than 200 bytes', () => {
    const long = ref('iceprod', 'main', 'x'.repeat(300));
    expect(long).toMatch(/^iceprod\.main\.sha256-[0-9a-f]{64}$/);
    expect(ref('iceprod', 'main', 'x'.repeat(301))).not.toBe(long);
  });

  it('takes no longer for characters that are escaped', () => {
    const before = process.cpuUsage();
    for (let count = 0; count < 50; count += 1) ref('iceprod', 'main', 'é'.repeat(100_000));
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it('names streams', () => {
    expect(streamName('work', ref('iceprod', 'main', '8f1c'))).toBe('work-iceprod.main.8f1c');
  });

  it('is found again in the name of a stream', () => {
    const name = ref('iceprod', 'main', 'a-b');
    expect(refOfStream(streamName('workload', name))).toBe(name);
  });
});
