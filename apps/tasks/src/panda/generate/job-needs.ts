import type { JobNeeds } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';

/** What claims compare of a job, as raw JSON. */
export const needsText = (job: JobAttributes): string => {
  const needs: JobNeeds = {
    ram: job.minRamCount ?? 0,
    disk: job.maxDiskCount ?? 0,
    ...(typeof job.maxWalltime === 'number' && { walltime: job.maxWalltime }),
    cores: job.coreCount ?? 1,
    resource_type: job.resource_type ?? '',
    share: job.gshare ?? '',
    processing_type: job.processingType ?? '',
    user: job.prodUserName ?? '',
    ...(job.jobExecutionID === 1 && { background: true }),
  };
  return JSON.stringify(needs);
};
