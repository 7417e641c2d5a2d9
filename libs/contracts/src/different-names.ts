import { randomInt } from 'node:crypto';

const SLOTS = 1 << 20;
const PRIME = 0x01000193;
/** Another one in each process, so that nobody can prepare names with the same hash. */
const SEED = randomInt(2 ** 31);

/** Counts names that differ, by hashes of their bytes: a few of them may be taken for the same. */
export class DifferentNames {
  count = 0;
  private readonly seen = new Uint8Array(SLOTS / 8);
  private hash = 0;

  begin(): void {
    this.hash = SEED;
  }

  add(byte: number): void {
    this.hash = Math.imul(this.hash ^ byte, PRIME);
  }

  end(): void {
    const slot = (this.hash ^ (this.hash >>> 12)) & (SLOTS - 1);
    const [index, bit] = [slot >>> 3, 1 << (slot & 7)];
    const byte = this.seen[index] ?? 0;
    if ((byte & bit) === 0) this.count += 1;
    this.seen[index] = byte | bit;
  }
}
