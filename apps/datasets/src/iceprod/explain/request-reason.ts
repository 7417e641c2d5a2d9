import type { StoredRequest } from '../action/request.js';

/** One sentence for people: why a request has its status. `isEnabled` says whether this Cairn works on requests. */
export const reasonOfRequest = (
  { status, attempts, progress, message }: Pick<StoredRequest, 'status' | 'attempts' | 'progress' | 'message'>,
  isEnabled: boolean,
): string => {
  switch (status) {
    case 'queued':
      return isEnabled
        ? 'It is queued and starts as soon as requests of its dataset that came before it are done and a worker is free.'
        : "It stays queued: this Cairn does not work on requests, because CAIRN_AUTOMATION is off or does not name 'actions'.";
    case 'processing': {
      const retry = attempts > 1 ? `, in attempt ${String(attempts)}` : '';
      const part = progress === undefined ? '' : `, ${String(progress)} % are done`;
      if (isEnabled) return `It is being worked on${retry}${part}.`;
      return "It was started, but stays as it is: CAIRN_AUTOMATION is off or does not name 'actions'.";
    }
    case 'error':
      return `It failed: ${message}`;
    case 'complete':
      return 'It is complete.';
  }
};
