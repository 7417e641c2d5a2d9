// A muon crosses the ice along z and sends Cherenkov light: photons start anywhere on its track, at the Cherenkov angle.
// Writes six float64 a photon: position (m) and direction.
import { writeFileSync } from 'node:fs';
import { options } from './options.mjs';
import { random } from './random.mjs';

const given = options('seed', 'photons', 'track-length', 'refractive-index', 'output');
const photons = Number(given.photons);
const trackLength = Number(given['track-length']);
const cosine = 1 / Number(given['refractive-index']);
const sine = Math.sqrt(1 - cosine * cosine);
const uniform = random(Number(given.seed));

const light = new Float64Array(photons * 6);
for (let photon = 0; photon < photons; photon += 1) {
  const azimuth = 2 * Math.PI * uniform();
  light.set(
    [0, 0, (uniform() - 0.5) * trackLength, sine * Math.cos(azimuth), sine * Math.sin(azimuth), cosine],
    photon * 6,
  );
}
writeFileSync(given.output, new Uint8Array(light.buffer));
console.log(`${photons} photons over ${trackLength} m of track`);
