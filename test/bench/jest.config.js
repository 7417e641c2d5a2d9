import config from '../jest.config.js';

/** Suites that measure time, for a machine that does nothing else. */
export default {
  ...config,
  rootDir: '../..',
  testMatch: ['**/*.bench.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
