import { pickled } from './pickle.js';

describe('pickles', () => {
  // As Python's pickletools read them.
  it.each([
    ['(d.', {}],
    ['(dVSITE_A\n(dVactivated\nI12\nsVrunning\nI0\nss.', { SITE_A: { activated: 12, running: 0 } }],
    [String.raw`(dVa\U0000005cb\U0000000a\U000000e9\U0001f600` + '\nI1\ns.', { 'a\\b\né😀': 1 }],
  ])('%j', (text, value) => expect(pickled(value)).toBe(text));
});
