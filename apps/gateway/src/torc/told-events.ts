import { membersOf, objectText } from '#contracts/raw-json.js';

/** From the least on. */
export const SEVERITIES = ['debug', 'info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const isAtLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);

/** Names of today's Torc, by category and type of the events that are stored. */
const NAMES: Readonly<Record<string, string>> = {
  'job start': 'job_started',
  'job complete': 'job_completed',
  'worker start': 'compute_node_started',
  'worker stop': 'compute_node_stopped',
  'workflow start': 'workflow_started',
  'workflow restart': 'workflow_restarted',
  'workflow cancel': 'workflow_canceled',
  'scheduler submit': 'scheduler_node_created',
};

interface ToldEvent {
  readonly severity: Severity;
  readonly timestamp: number;
  /** As a part of a stream. */
  readonly text: string;
}

const textOf = (members: ReadonlyMap<string, string>, name: string): string => {
  const raw = members.get(name);
  return raw?.startsWith('"') === true ? (JSON.parse(raw) as string) : '';
};

/** What names are made of: an event's name is a line of the stream. */
const nameOf = (...words: readonly string[]): string =>
  words.filter(Boolean).join('_').replace(/\W+/g, '_').slice(0, 100) || 'event';

const severityOf = (members: ReadonlyMap<string, string>, message: string): Severity => {
  const given = textOf(members, 'severity');
  const severity = SEVERITIES.find((one) => one === given);
  if (severity !== undefined) return severity;
  if (textOf(members, 'category') !== 'job' || textOf(members, 'type') !== 'complete') return 'info';
  if (/\breturn_code=(?!0\b)/.test(message)) return 'error';
  return /\bstatus=(?:canceled|terminated)\b/.test(message) ? 'warning' : 'info';
};

const LINE_BREAKS = /[\n\r]+/g;

/** An event of the collection as clients of a stream get it: with a name and a severity. */
export const toldEvent = (document: string): ToldEvent => {
  const members = membersOf(document);
  const severity = severityOf(members, textOf(members, 'message'));
  const [category, type] = [textOf(members, 'category'), textOf(members, 'type')];
  const known = NAMES[`${category} ${type}`] ?? nameOf(category, type);
  const name = known === 'job_completed' && severity === 'error' ? 'job_failed' : known;
  const timestamp = Number(members.get('timestamp'));
  // JSON has line breaks only between its tokens, so there they may go.
  const data = objectText(members.set('severity', JSON.stringify(severity))).replace(LINE_BREAKS, ' ');
  return { severity, timestamp, text: `id: ${timestamp}\nevent: ${name}\ndata: ${data}\n\n` };
};
