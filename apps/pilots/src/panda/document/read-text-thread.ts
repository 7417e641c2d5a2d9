import { serveThread } from '#platform/thread-functions.js';
import { readText } from './read-text.js';

/** Documents with all queues of a large site take seconds. */
export const readTextFunctions = { readText };
export type ReadTextFunctions = typeof readTextFunctions;

serveThread(readTextFunctions);
