/** As most file systems. */
const NAME_BYTES_MAX = 255;

/** Separators end in no name; control characters have no place in logs and headers. */
const PLAIN_NAME = /^(?!\.{1,2}$)[^/\u0000-\u001F\u007F]+$/;

/** The name of a file that a client gives by its path or name (contract 7.1); undefined when it is none. */
export const baseName = (path: string): string | undefined => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return PLAIN_NAME.test(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX ? name : undefined;
};

/** Where uploaded logs are in the cache. */
export const jediLogPath = (name: string): string => `jedilog/${name}`;

/** Name of a checkpoint of a point in the search for hyperparameters (contract 3.13). */
export const checkpointName = (task: string, point: string): string => `hpo_cp_${task}_${point}`;
