/** A thread in which the `ConfigPool` works on long configs. */
import { ExpansionBudget } from '#contracts/iceprod/config/expand.js';
import { serveThread } from '#platform/thread-functions.js';
import { configFunctions } from './config-functions.js';

serveThread(configFunctions(ExpansionBudget.MAX));
