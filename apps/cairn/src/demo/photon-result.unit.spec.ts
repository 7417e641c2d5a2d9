import { parseJson } from '#contracts/iceprod/config/json.js';
import { exactRmsDistance, readSums, rmsDistance } from './photon-result.js';

describe('photons of the demonstration', () => {
  it('travel in a straight line until absorption without scattering', () => {
    expect(exactRmsDistance(1e12, 0, 98)).toBeCloseTo(98 * Math.SQRT2, 6);
  });

  it('diffuse with frequent scattering', () => {
    expect(exactRmsDistance(0.01, 0, 100)).toBeCloseTo(Math.sqrt(2 * 0.01 * 100), 3);
  });

  it('have a mean and an error over all jobs', () => {
    // Squared distances 1, 1, 9, 9 in two jobs: mean 5, standard deviation of the mean 4 / sqrt(3).
    const jobs = [
      { photons: 2, sumR2: 10, sumR4: 82 },
      { photons: 2, sumR2: 10, sumR4: 82 },
    ];
    const { value, error } = rmsDistance(jobs);
    expect(value).toBeCloseTo(Math.sqrt(5), 12);
    expect(error).toBeCloseTo(4 / Math.sqrt(3) / (2 * Math.sqrt(5)), 12);
  });

  it('are missing when a job reported other statistics', () => {
    expect(readSums(parseJson('{"photons": 1, "sum_r2": 2}'))).toBeUndefined();
    expect(readSums(parseJson('{"photons": 1, "sum_r2": 2, "sum_r4": 3.5}'))).toEqual({
      photons: 1,
      sumR2: 2,
      sumR4: 3.5,
    });
  });
});
