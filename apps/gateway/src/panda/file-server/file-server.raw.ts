import type { RawTable } from '../protocol/function.js';

/** PanDA contract 7.7. */
export const fileServerRaw = {
  jediLog: { methods: ['GET'], path: '/cache/jedilog/:file', summary: 'Read an uploaded log' },
  cacheFile: { methods: ['GET', 'POST'], path: '/cache/:file', summary: 'Read a cache file, byte by byte' },
  transformation: { methods: ['GET'], path: '/trf/*', summary: 'Read a script that jobs run' },
} as const satisfies RawTable;
