import { hash } from 'node:crypto';

/** 16 bytes of the UUID that is the namespace of event ids; ASCII, so that hashing needs no buffers. */
const NAMESPACE = 'cairn.event.ids.';

const VARIANT = ['8', '9', 'a', 'b'] as const;

/** UUIDv5 of (command id, index): the same event of the same command always has the same id. */
export const eventId = (commandId: string, index: number | string): string => {
  const hex = hash('sha1', `${NAMESPACE}${commandId}/${index}`);
  const variant = VARIANT[parseInt(hex.charAt(16), 16) & 3] ?? '8';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
