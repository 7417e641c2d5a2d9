import type { TaskFile } from '../view.js';

/** A file of a master input, ready and never tried. */
export const taskFile = (fields: Partial<TaskFile> = {}): TaskFile => ({
  id: 1,
  datasetId: 1,
  lfn: `file.${String(fields.id ?? 1).padStart(4, '0')}`,
  guid: null,
  scope: null,
  type: 'input',
  fsize: 0,
  checksum: null,
  status: 'ready',
  procStatus: 'ready',
  attemptNr: 0,
  maxAttempt: 3,
  failedAttempt: 0,
  maxFailure: null,
  nEvents: null,
  startEvent: null,
  endEvent: null,
  firstEvent: null,
  pandaId: null,
  ramCount: 0,
  ...fields,
});
