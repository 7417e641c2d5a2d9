import { beforeAll, describe, expect, it } from '@jest/globals';
import { committed, keptSchemas, type MadeFiles, makeFiles } from './schema-files.js';
import type { JsonSchema } from './json-schema.js';

describe('schemas of events', () => {
  let made: MadeFiles;
  beforeAll(async () => {
    made = await makeFiles();
  });

  it('are compatible with what was committed as the same version', () => {
    expect(made.refusals).toEqual([]);
  });

  it('are what the types make them, as is the page about them: otherwise run `npm run schemas`', () => {
    const stale = [...made.texts].filter(([file, text]) => committed(file) !== text).map(([file]) => file);
    expect(stale).toEqual([]);
  });

  it('say in whole sentences what each event means', () => {
    const silent = keptSchemas().filter((file) => {
      const { description = '' } = JSON.parse(committed(file) ?? '{}') as JsonSchema;
      return !/^\S.*\.$/s.test(description);
    });
    expect(silent).toEqual([]);
  });
});
