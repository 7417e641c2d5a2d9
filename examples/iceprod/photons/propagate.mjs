// Follows each photon through the ice: straight flights with exponential lengths, Henyey-Greenstein scattering between
// them, until an exponential total path is used up and the photon is absorbed. Writes four float64 a photon: where it was
// absorbed, seen from where it was made (m), and how far it had flown.
import { readFileSync, writeFileSync } from 'node:fs';
import { options } from './options.mjs';
import { random } from './random.mjs';

const given = options('seed', 'scattering-length', 'mean-cosine', 'absorption-length', 'input', 'output');

// The demonstration of a retry: the task fails on the attempt that is named. The pilot says in task.json which one this is.
const { attempt } = JSON.parse(readFileSync('task.json', 'utf8'));
if (Number(given['fail-on-attempt']) === attempt) {
  console.error(`attempt ${attempt}: the ice table on this node is damaged (planned fault of the example)`);
  process.exit(74);
}

const bytes = readFileSync(given.input);
const light = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const photons = light.length / 6;
const scatteringLength = Number(given['scattering-length']);
const absorptionLength = Number(given['absorption-length']);
const g = Number(given['mean-cosine']);
const uniform = random(Number(given.seed));

const scatteringCosine = () => {
  if (g === 0) return 2 * uniform() - 1;
  const part = (1 - g * g) / (1 - g + 2 * g * uniform());
  return (1 + g * g - part * part) / (2 * g);
};

const absorbed = new Float64Array(photons * 4);
let scatterings = 0;
for (let photon = 0; photon < photons; photon += 1) {
  let [, , , dx, dy, dz] = light.subarray(photon * 6, photon * 6 + 6);
  let x = 0;
  let y = 0;
  let z = 0;
  const path = -absorptionLength * Math.log(uniform());
  for (let left = path; ;) {
    const flight = -scatteringLength * Math.log(uniform());
    const step = Math.min(flight, left);
    x += dx * step;
    y += dy * step;
    z += dz * step;
    left -= flight;
    if (left <= 0) break;
    scatterings += 1;
    const cosine = scatteringCosine();
    const sine = Math.sqrt(Math.max(0, 1 - cosine * cosine));
    const azimuth = 2 * Math.PI * uniform();
    const across = sine * Math.cos(azimuth);
    const along = sine * Math.sin(azimuth);
    const radius = Math.sqrt(dx * dx + dy * dy);
    if (radius < 1e-9) {
      dz = Math.sign(dz) * cosine;
      dx = across;
      dy = along;
    } else {
      const newX = dx * cosine + (dx * dz * across - dy * along) / radius;
      const newY = dy * cosine + (dy * dz * across + dx * along) / radius;
      const newZ = dz * cosine - radius * across;
      const norm = Math.sqrt(newX * newX + newY * newY + newZ * newZ);
      dx = newX / norm;
      dy = newY / norm;
      dz = newZ / norm;
    }
  }
  absorbed.set([x, y, z, path], photon * 4);
}
writeFileSync(given.output, new Uint8Array(absorbed.buffer));
console.log(`${photons} photons, ${scatterings} scatterings`);
