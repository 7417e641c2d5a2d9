import { numberOf, type Json } from '#contracts/iceprod/config/json.js';

/** Sums over the photons of one job, as `photons/analyze.mjs` writes them. */
interface JobSums {
  readonly photons: number;
  readonly sumR2: number;
  readonly sumR4: number;
}

interface Estimate {
  readonly value: number;
  readonly error: number;
}

export const readSums = (stats: Json | undefined): JobSums | undefined => {
  const photons = numberOf(stats, 'photons');
  const sumR2 = numberOf(stats, 'sum_r2');
  const sumR4 = numberOf(stats, 'sum_r4');
  return photons === undefined || sumR2 === undefined || sumR4 === undefined ? undefined : { photons, sumR2, sumR4 };
};

/** Root mean square distance (m) between where a photon is made and where it is absorbed, with its standard error. */
export const rmsDistance = (jobs: readonly JobSums[]): Estimate => {
  const total = jobs.reduce(
    (sum, job) => ({
      photons: sum.photons + job.photons,
      sumR2: sum.sumR2 + job.sumR2,
      sumR4: sum.sumR4 + job.sumR4,
    }),
    { photons: 0, sumR2: 0, sumR4: 0 },
  );
  const mean = total.sumR2 / total.photons;
  const errorOfMean = Math.sqrt((total.sumR4 / total.photons - mean * mean) / (total.photons - 1));
  const value = Math.sqrt(mean);
  return { value, error: errorOfMean / (2 * value) };
};

/**
 * The exact answer. The direction after a path t is correlated with the first one by exp(-t/e), where e is the effective
 * scattering length s/(1-g), so the mean square distance after a path L is 2e(L - e(1 - exp(-L/e))); averaged over
 * exponential paths of mean a it is 2ea²/(e+a).
 */
export const exactRmsDistance = (scatteringLength: number, meanCosine: number, absorptionLength: number): number => {
  const effective = scatteringLength / (1 - meanCosine);
  return Math.sqrt((2 * effective * absorptionLength ** 2) / (effective + absorptionLength));
};
