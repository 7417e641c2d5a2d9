import type { RawTable } from '../protocol/function.js';

/** PanDA contract 7.7. */
export const fileServerRaw = {
  jediLog: { methods: ['GET'], path: '/cache/jedilog/:file_name', summary: 'Read an uploaded log' },
  cacheFile: { methods: ['GET', 'POST'], path: '/cache/:file_name', summary: 'Read a cache file, byte by byte' },
  transformation: { methods: ['GET'], path: '/trf/*', summary: 'Read a script that jobs run' },
} as const satisfies RawTable;
