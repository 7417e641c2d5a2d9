/** The parts of the text that names an event range to clients (contract 3.6). */
export interface RangeId {
  readonly taskId: number;
  /** The job that has the range, or the jobset as long as none has it. */
  readonly pandaId: number;
  readonly fileId: number;
  readonly processId: number;
  readonly attemptNr: number;
}

/** `<task>-<PandaID>-<file>-<process>-<attempt>` */
export const rangeIdText = ({ taskId, pandaId, fileId, processId, attemptNr }: RangeId): string =>
  `${taskId}-${pandaId}-${fileId}-${processId}-${attemptNr}`;

const PATTERN = /^(\d{1,15})-(\d{1,15})-(\d{1,15})-(\d{1,15})-(\d{1,15})$/;

/** Undefined for a text of another form. */
export const parseRangeId = (text: unknown): RangeId | undefined => {
  const match = typeof text === 'string' ? PATTERN.exec(text) : null;
  if (match === null) return undefined;
  const [taskId, pandaId, fileId, processId, attemptNr] = match.slice(1).map(Number) as [
    ...[number, number, number, number, number],
  ];
  return { taskId, pandaId, fileId, processId, attemptNr };
};
