import {
  accessMentions,
  credentialMentions,
  groupMentions,
  unitMentions,
  workerMentions,
  workloadMentions,
} from '../index/engine-mentions.js';
import type { Mentioned, MentionsOf } from '../index/mentioned.js';

const ofDataset = ({ dataset_id: dataset }: { readonly dataset_id?: string }): Mentioned => ({ workloads: [dataset] });

export const mentions: MentionsOf<'iceprod'> = {
  ...unitMentions,
  ...groupMentions,
  ...workloadMentions,
  ...accessMentions,
  ...workerMentions,
  ...credentialMentions,
  WorkloadSubmitted: ({ submitter, username, access }) => ({
    people: [username, ...workloadMentions.WorkloadSubmitted({ submitter, access }).people],
  }),
  ConfigSet: ({ writer, account }) => ({ people: [writer?.username, account] }),
  TaskStatRecorded: ofDataset,
  FileAdded: ofDataset,
  FilesRemoved: ofDataset,
  LogStored: ({ dataset_id, log_id: log }) => ({ workloads: [dataset_id], objects: [`log/${log}`] }),
  LogsDeleted: ({ logs }) => ({ objects: logs.map((log) => `log/${log}` as const) }),
  RequestQueued: ({ dataset_id: dataset, creator, token }) => ({
    workloads: [dataset],
    people: [creator, token?.subject],
  }),
  JobsPlanned: ofDataset,
};
