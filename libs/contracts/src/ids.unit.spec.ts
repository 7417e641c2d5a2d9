import { idAt, newId, newIdPrefix, SLOTS, slotOf, slotOfId } from './ids.js';

const REF = 'iceprod.main.8f1c';
const TIME_MICROS = 1_700_000_000_123_456;

describe('ids', () => {
  it('are 32 lowercase hex digits that begin with the time', () => {
    const id = newId(REF, TIME_MICROS);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(Number.parseInt(id.slice(0, 12), 16)).toBe(1_700_000_000_123);
  });

  it('sort by time, then by their number in the batch', () => {
    const prefix = newIdPrefix(REF, TIME_MICROS);
    const ids = [
      idAt(prefix, 9),
      idAt(prefix, 10),
      idAt(prefix, 300),
      newId(REF, TIME_MICROS + 1),
      newId(REF, TIME_MICROS + 2000),
    ];
    expect([...ids].sort()).toEqual(ids);
  });

  it('of different owners sort by time to the microsecond', () => {
    const owners = Array.from({ length: 50 }, (_, index) => `iceprod.main.${String(index)}`);
    const ids = owners.map((owner, index) => newId(owner, TIME_MICROS + index));
    expect([...ids].sort()).toEqual(ids);
  });

  it('carry the slot of their owner', () => {
    expect(slotOfId(newId(REF, TIME_MICROS))).toBe(slotOf(REF));
    expect(slotOf(REF)).toBeLessThan(SLOTS);
  });

  it('differ when made at the same time', () => {
    expect(newId(REF, TIME_MICROS)).not.toBe(newId(REF, TIME_MICROS));
  });
});
