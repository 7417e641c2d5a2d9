import { ANONYMOUS_LIMITS, fromForm, fromJson, LIMITS } from './decoding.js';

const members = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, number) => [`name ${number}`, number]));

describe("decoding PanDA's bodies", () => {
  it('reads 100,000 event ranges with all their fields (contract 5.2)', async () => {
    const event_ranges = Array.from({ length: 100_000 }, (_, number) => ({
      ...{ eventRangeID: `4242-1234567-7654321-${number}-10`, eventStatus: 'finished', objstoreID: 7 },
      ...{ pathConvention: 1000, errorCode: 0, errorDiag: 'none' },
    }));
    const { sent } = await fromJson(Buffer.from(JSON.stringify({ event_ranges })), LIMITS);
    expect(sent.get('event_ranges')).toHaveLength(100_000);
  });

  it.each([
    ['different names', members(21_000), LIMITS, 'body has more than 20000 different names'],
    ['values', { a: Array(1_000_000).fill(0) }, LIMITS, 'body has more than 1000000 values'],
    ['values of strangers', { a: Array(50_000).fill(0) }, ANONYMOUS_LIMITS, 'body has more than 50000 values'],
  ])('refuses too many %s', async (_what, body, limits, message) => {
    const decoding = fromJson(Buffer.from(JSON.stringify(body)), limits);
    await expect(decoding).rejects.toMatchObject({
      status: 500,
      message: `ERROR : received invalid JSON : ${message}`,
    });
  });

  it('reads as many parameters of a form as a client may send', () => {
    const form = (count: number): Buffer => Buffer.from('a=1&'.repeat(count - 1) + 'a=1');
    expect(fromForm(form(1_001)).sent.get('a')).toHaveLength(1_001);
    expect(() => fromForm(form(1_002))).toThrow('Request body is too large');
  });
});
