import { join } from 'node:path';

/** Where the file of a read model is in a data folder. */
export const readModelFile = (folder: string, name: string): string => join(folder, 'read-models', `${name}.sqlite`);
