import { compactName } from './compact-name.js';

describe('the compact name', () => {
  it.each([
    ['/DC=org/DC=example/OU=People/CN=duser/CN=424242/CN=Demo User', 'Demo User'],
    ['Demo User/CN=nickname:duser', 'Demo User'],
    ['/O=Grid/O=CERN/C=CH/L=Geneva/CN=Demo User', 'Demo User'],
    ['/CN=Demo User/CN=proxy/CN=proxy', 'Demo User'],
    ['/CN=Demo User/CN=limited proxy', 'Demo User'],
    ['/CN=Demo User 123/CN=456', 'Demo User'],
    ['/CN=demo_42 User', 'demo User'],
    ['/CN=Robot: bot/CN=Demo User', 'Demo User'],
    ['/CN=first/CN=second', 'second'],
    ['/CN=Demo User/emailAddress=demo@example.org', 'Demo User'],
    ['/CN=Demo User/EMAIL=demo@example.org', 'Demo User'],
    ["/CN=Dan O'User (Demo)", 'Dan OUser Demo'],
    ['/CN=Demo User demo@example.org', 'Demo User'],
    ['/CN=Demo demo@example.org', 'Demo demo@example.org'],
    ['aa11-bb22', 'aa11-bb22'],
    ['/CN=424242', ''],
  ])('of %s is %s', (dn, name) => {
    expect(compactName(dn)).toBe(name);
  });
});
