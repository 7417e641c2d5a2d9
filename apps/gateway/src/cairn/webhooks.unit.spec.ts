import { RequestSource } from '../route/request-source.js';
import { cairn } from './cairn.dialect.js';
import { webhookRoutes } from './webhooks.routes.js';

const register = (body: object): object =>
  webhookRoutes.register.read(
    new RequestSource({ params: {}, query: {}, body: Buffer.from(JSON.stringify(body)), dialect: cairn }),
  );

describe('the filter of a webhook', () => {
  const url = 'https://example.org/';
  const names = (length: number): readonly string[] => Array.from({ length: 50 }, () => 'x'.repeat(length));

  it.each([
    ['names of another kind', { wrong: ['x'] }],
    ['an empty list', { actor: [] }],
    ['an empty name', { actor: [''] }],
    ['more names than a list may have', { actor: [...names(1), 'x'] }],
    ['more than an event can hold', { actor: names(200), site: names(200) }],
  ])('is refused for %s', (_, filter) => {
    expect(() => register({ url, filter })).toThrow(/^filter must be an object of lists of 1 to 50 names, by some of/);
  });

  it('is refused for a misspelt type of events, and a misspelt member', () => {
    expect(() => register({ url, filter: { type: ['UnitFailed', 'UnitFaild'] } })).toThrow(
      'type must be types of events, as /cairn/events/schemas lists them; "UnitFaild" is none',
    );
    expect(() => register({ url, filters: { actor: ['alice'] } })).toThrow(/^body must have url/);
  });

  it('is taken with lists of long names', () => {
    expect(register({ url, filter: { actor: names(200) } })).toMatchObject({ filter: { actor: names(200) } });
  });
});
