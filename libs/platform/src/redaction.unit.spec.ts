import { redacted } from './redaction.js';

describe('redacted', () => {
  it.each([
    ['nats://cairn:hunter2@broker:4222 does not answer', 'nats://[hidden]@broker:4222 does not answer'],
    ['esdb://admin:p@ss@a:2113,b:2113?tls=false', 'esdb://[hidden]@a:2113,b:2113?tls=false'],
    ['connect ldaps://cn=admin:hunter2@ldap', 'connect ldaps://[hidden]@ldap'],
    ['GET /x?client_secret=hunter2&a=b failed', 'GET /x?client_secret=[hidden]&a=b failed'],
    ['PUT https://a:1/t/hunter2/_db/x/y: 409', 'PUT https://a:1/t/[hidden]/_db/x/y: 409'],
    ['{"a":{"b":{"c":{"Password":"hun\\"ter2","d":1}}}}', '{"a":{"b":{"c":{"Password":"[hidden]","d":1}}}}'],
    ['authorization: Bearer abc.def-ghi', 'authorization: Bearer [hidden]'],
    ['invalid token eyJhbGciOi.eyJzdWIi.c2ln here', 'invalid token [hidden] here'],
    ['token-eyJhbGciOi.eyJzdWIi.c2ln, of a.b-eyJhbGciOi.eyJzdWIi.c2ln', 'token-[hidden], of a.b-[hidden]'],
  ])('hides the secret in %s', (text, expected) => {
    expect(redacted(text)).toBe(expected);
  });

  it.each(['ledger.sqlite cannot be used', 'https://idp.example.org/realm/t/', 'mail to alice@example.org'])(
    'leaves %s as it is',
    (text) => {
      expect(redacted(text)).toBe(text);
    },
  );

  it('takes time in proportion to the length of the text', () => {
    for (const part of ['://', '://a', '"password":"', 'Bearer ', 'eyJ', 'eyJ-', 'eyJa.', '?token=', '://a/t/']) {
      const startMicros = process.cpuUsage();
      redacted(part.repeat(200_000));
      const { user } = process.cpuUsage(startMicros);
      expect(user).toBeLessThan(2_000_000);
    }
  });
});
