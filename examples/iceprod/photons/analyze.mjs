// Reduces one job to a handful of sums. The pilot sends stats.json along with the task's statistics.
import { readFileSync, writeFileSync } from 'node:fs';
import { options } from './options.mjs';

const given = options('input');
const bytes = readFileSync(given.input);
const absorbed = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);

const stats = { photons: absorbed.length / 4, sum_r2: 0, sum_r4: 0, sum_path: 0 };
for (let index = 0; index < absorbed.length; index += 4) {
  const [x, y, z, path] = absorbed.subarray(index, index + 4);
  const squared = x * x + y * y + z * z;
  stats.sum_r2 += squared;
  stats.sum_r4 += squared * squared;
  stats.sum_path += path;
}
writeFileSync('stats.json', JSON.stringify(stats));
console.log(`rms distance ${Math.sqrt(stats.sum_r2 / stats.photons).toFixed(3)} m`);
