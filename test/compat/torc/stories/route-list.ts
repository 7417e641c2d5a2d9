import { readFileSync } from 'node:fs';
import type { TorcClient } from '../torc-client.js';

/** The project's own copy of the route list of the contract. */
const ROUTES = 'test/compat/torc/routes.tsv';
const COUNT = 136;

/** Paths that only Torc's API has. */
const TORC_PATH = /^\/(?:workflows|workflow_specifications|ping|version)(?:\/|$)/;

/** Contract 6. */
export const routeList = (torc: () => TorcClient): void => {
  it('is served, and documented, as the contract lists it', async () => {
    const listed = readFileSync(ROUTES, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t').slice(0, 2).join(' '));
    expect(listed).toHaveLength(COUNT);
    const document = (await torc().at('').get('/openapi.json')).json as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const served = Object.entries(document.paths)
      .filter(([path]) => TORC_PATH.test(path))
      .flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`));
    expect(served.toSorted()).toEqual(listed.toSorted());
  });
};
