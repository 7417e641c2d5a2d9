import type { PandaFunction } from './function.js';

/** Paths that the router sees in place of others: the alias of the version (D21), and what pilots make of a base for the legacy API. */
const ALIASES = /^\/(?:api\/latest|server\/panda\/api\/(?:v1|latest))\/(?=[^/?#]+\/[^/?#]+(?:[?#]|$))/;

/** Contract 1.1, 13.37. */
export const withoutAlias = (url: string): string => url.replace(ALIASES, '/api/v1/');

/** The path that serves a function. */
const pathOfFunction = ({ api, module, name }: PandaFunction): string => {
  switch (api) {
    case 'v1':
      return `/api/v1/${module}/${name}`;
    case 'legacy':
      return `/server/panda/${name}`;
    case 'cairn':
      return `/cairn/panda/${name}`;
  }
};

/** All paths of a function: first the one of {@link pathOfFunction}, then those that some clients use. */
export const pathsOfFunction = (declared: PandaFunction): readonly string[] => [
  pathOfFunction(declared),
  ...(declared.otherPaths ?? []),
];

/** The word of a path that stands for the function: the fourth of the new API, else the last one. */
export const functionNameIn = (path: string): string => {
  const segments = path.split('/').filter((segment) => segment !== '');
  const [first, , , fourth] = segments;
  return (first === 'api' ? fourth : undefined) ?? segments.at(-1) ?? '';
};
