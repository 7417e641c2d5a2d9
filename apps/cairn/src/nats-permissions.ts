import { nkeyVariable } from '#bus/bus-keys.js';
import { chunkSubjects } from '#bus/chunked-messages.js';
import {
  type Contract,
  declaredContracts,
  PROCESSES,
  type ProcessName,
  SERVICES,
  type ServiceName,
} from '#bus/contract.js';
import { inboxPrefix } from '#bus/nats-connection.js';
import { UNSEEN_CHANGES } from '#bus/visibility.js';
import { BUCKET } from '#storage/jetstream-blob-store.js';
import { FEED_STREAM, FEED_SUBJECTS } from '../../events/src/feed/feed-stream.js';
// Loads the contracts of all services.
import './services.module.js';

/** Processes that use the blob store. */
const USE_BLOBS: readonly ProcessName[] = ['gateway', 'datasets', 'tasks'];

/** What the object store of JetStream does with its bucket, and with no other, to read. */
const BLOB_READER_SUBJECTS: readonly string[] = [
  '$JS.API.INFO',
  ...['INFO', 'MSG.GET'].map((call) => `$JS.API.STREAM.${call}.OBJ_${BUCKET}`),
  ...['', '.>'].map((rest) => `$JS.API.DIRECT.GET.OBJ_${BUCKET}${rest}`),
  ...['', '.>'].map((rest) => `$JS.API.CONSUMER.CREATE.OBJ_${BUCKET}${rest}`),
  ...['INFO', 'MSG.NEXT', 'DELETE'].map((call) => `$JS.API.CONSUMER.${call}.OBJ_${BUCKET}.*`),
];

/** What it does to write as well. */
const BLOB_SUBJECTS: readonly string[] = [
  ...BLOB_READER_SUBJECTS,
  ...['CREATE', 'UPDATE', 'PURGE'].map((call) => `$JS.API.STREAM.${call}.OBJ_${BUCKET}`),
  `$O.${BUCKET}.>`,
];

/** What the relay does with the feed. */
const FEED_PUBLISHER_SUBJECTS: readonly string[] = [
  ...['CREATE', 'UPDATE', 'INFO', 'MSG.GET'].map((call) => `$JS.API.STREAM.${call}.${FEED_STREAM}`),
  FEED_SUBJECTS,
];

/** An answer to one request, for as long as the longest request may take. */
const RESPONSES = '{ max: 1, expires: "10m" }';

const isService = (name: ProcessName): name is ServiceName => name !== 'gateway';

/** Subjects of the requests that a process may send. */
const requestsOf = (name: ProcessName, contracts: readonly Contract<unknown, unknown>[]): readonly string[] =>
  isService(name)
    ? contracts.filter(({ calledBy }) => calledBy.includes(name)).map(({ subject }) => subject)
    : SERVICES.map((service) => `cairn.v1.${service}.>`);

/** Whether a large message may go from one process to the other, as a request or as an answer. */
const areInTouch = (one: ProcessName, other: ProcessName, contracts: readonly Contract<unknown, unknown>[]): boolean =>
  [one, other].includes('gateway') ||
  contracts.some(
    ({ service, calledBy }) =>
      (service === one && calledBy.some((name) => name === other)) ||
      (service === other && calledBy.some((name) => name === one)),
  );

const listOf = (subjects: readonly string[], indentation: string): string =>
  ['[', ...subjects.map((subject) => `${indentation}  "${subject}"`), `${indentation}]`].join('\n');

const userOf = (name: ProcessName, contracts: readonly Contract<unknown, unknown>[]): string => {
  const fetched = PROCESSES.filter((other) => areInTouch(name, other, contracts)).map(
    (other) => `${chunkSubjects(other)}.>`,
  );
  const publish = [
    ...requestsOf(name, contracts).toSorted(),
    UNSEEN_CHANGES,
    ...fetched,
    ...(USE_BLOBS.includes(name) ? BLOB_SUBJECTS : []),
    // Views of the past read blobs.
    ...(name === 'events' ? [...BLOB_READER_SUBJECTS, ...FEED_PUBLISHER_SUBJECTS] : []),
  ];
  const subscribe = [
    // The second word is the queue group: a service receives requests in its own only.
    ...(isService(name) ? [`cairn.v1.${name}.> ${name}`] : []),
    ...(name === 'gateway' ? [UNSEEN_CHANGES] : []),
    `${chunkSubjects(name)}.>`,
    `${inboxPrefix(name)}.>`,
  ];
  return `      # ${name}
      {
        nkey: $${nkeyVariable(name)}
        permissions: {
          publish: { allow: ${listOf(publish, '          ')} }
          subscribe: { allow: ${listOf(subscribe, '          ')} }
          allow_responses: ${RESPONSES}
        }
      }`;
};

/** The account of Cairn in the configuration of nats-server: what each process may publish and subscribe to, from the declared contracts. */
export const natsPermissions = (): string => {
  const contracts = declaredContracts();
  return `# Made by \`npm run permissions\` from the contracts between the services: change those, not this file.

# The public nkeys of the processes, as \`cairn bus keys\` makes them.
include "keys/nats-users.conf"

accounts {
  CAIRN {
    jetstream: enabled
    users: [
${PROCESSES.map((name) => userOf(name, contracts)).join('\n')}
    ]
  }
}
`;
};
