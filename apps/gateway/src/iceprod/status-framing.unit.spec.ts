import { StatusFraming } from './status-framing.js';

const framed = (...pages: readonly (readonly string[])[]): unknown => {
  const framing = new StatusFraming();
  const text = framing.open + pages.map((entries) => framing.chunk(entries)).join('') + framing.close;
  return JSON.parse(text);
};

describe('StatusFraming', () => {
  it('is an empty object without statuses', () => {
    expect(framed()).toEqual({});
    expect(framed(['["idle",[]]'])).toEqual({});
  });

  it('merges the pieces of a status across pages', () => {
    expect(
      framed(
        ['["idle",["a","b"]]', '["idle",["c"]]'],
        ['["idle", [ "d" ] ]', '["complete",["e"]]'],
        ['["complete",["f"]]'],
      ),
    ).toEqual({ idle: ['a', 'b', 'c', 'd'], complete: ['e', 'f'] });
  });

  it('leaves out statuses without members', () => {
    expect(framed(['["idle",["a"]]', '["queued",[]]', '["complete",["b"]]'])).toEqual({ idle: ['a'], complete: ['b'] });
  });
});
