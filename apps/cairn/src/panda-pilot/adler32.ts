const MODULUS = 65_521;
/** Bytes after which the sums must be reduced so that they stay exact. */
const BLOCK = 3_800;

/** Adler-32 of what is streamed, as eight hexadecimal digits. */
export const adler32 = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  let [low, high] = [1, 0];
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += BLOCK) {
      for (const byte of chunk.subarray(from, from + BLOCK)) {
        low += byte;
        high += low;
      }
      low %= MODULUS;
      high %= MODULUS;
    }
  }
  return (high * 65_536 + low).toString(16).padStart(8, '0');
};
