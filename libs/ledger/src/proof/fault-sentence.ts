import type { HistoryFault, StreamDifference } from './verify-history.js';

const EVENT_FAULTS = {
  gap: 'an event before it is missing or doubled',
  hash: 'it or the event before it was changed',
} as const;

const CHECKPOINT_FAULTS = {
  signature: 'it was changed since it was signed',
  order: 'it does not follow the one before it, or cannot be read',
  heads: 'its heads are not those that were signed',
} as const;

const streamSentence = ({ stream, expected, found }: StreamDifference): string => {
  if (found === undefined) return `${stream} with ${expected.revision + 1} events is missing`;
  if (found.revision < expected.revision) {
    return `${stream} ends with event ${found.revision}, ${expected.revision - found.revision} behind it are missing or changed`;
  }
  return `${stream} differs up to event ${expected.revision}`;
};

/** At most so many streams are told in a sentence. */
const STREAMS_MAX = 20;

const streamsSentence = (streams: readonly StreamDifference[] = []): string => {
  if (streams.length === 0) return '';
  const more = streams.length > STREAMS_MAX ? `; ${streams.length - STREAMS_MAX} more` : '';
  return `: ${streams.slice(0, STREAMS_MAX).map(streamSentence).join('; ')}${more}`;
};

/** One line for people. Events of a stream are numbered from 0 on, as everywhere; those of the ledger from 1 on. */
export const faultSentence = (fault: HistoryFault): string => {
  if (fault.kind === 'unreadable') return `the ledger cannot be read: ${fault.reason}`;
  if (fault.kind === 'rewrite') {
    const records =
      fault.records === 1 ? '1 record of rewritten events is' : `${fault.records} records of rewritten events are`;
    return `${records} not signed by a key that is trusted`;
  }
  if ('stream' in fault) {
    return `event ${fault.number} of the ledger, event ${fault.revision} of ${fault.stream}: ${EVENT_FAULTS[fault.kind]}`;
  }
  const checkpoint = `checkpoint ${fault.checkpoint}${fault.own ? '' : ' (given)'}`;
  switch (fault.kind) {
    case 'key':
      return `${checkpoint}: it was signed by another key, ${fault.key}`;
    case 'missing':
      return `${checkpoint}: event ${fault.number} of the ledger and what is behind it are missing, ${fault.events} of those that it covers${streamsSentence(fault.streams)}`;
    case 'changed':
      return `${checkpoint}: something in events ${fault.from} to ${fault.to} of the ledger was changed, removed, added or moved${streamsSentence(fault.streams)}`;
    default:
      return `${checkpoint}: ${CHECKPOINT_FAULTS[fault.kind]}`;
  }
};
