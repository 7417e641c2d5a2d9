import { type ParameterRules, RequestSource } from './request-source.js';

const sourceFor = (dialect: ParameterRules): RequestSource =>
  new RequestSource({
    params: {},
    query: { site: 'UW' },
    body: Buffer.from('{"site":"DESY","status":"idle"}'),
    dialect,
  });

describe('query parameters', () => {
  it('may be members of the body if the dialect says so, after those of the query string', () => {
    const source = sourceFor({ takesParametersFromBody: true });
    expect([source.query('site'), source.query('status'), source.has('status')]).toEqual(['UW', 'idle', true]);
  });

  it('are not taken from the body otherwise', () => {
    const source = sourceFor({});
    expect([source.query('site'), source.query('status'), source.has('status')]).toEqual(['UW', undefined, false]);
  });
});
