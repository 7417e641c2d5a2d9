import { query } from '#bus/contract.js';

/** The document of a queue as raw JSON (PanDA contract 7.8). Refused with `not-found`. */
export const GetQueueDocument = query<{ readonly name: string }, { readonly document: string }>(
  'pilots',
  'panda.queue.document',
);
/** What `metaconfig/get_site_specs` answers, as raw JSON (contract 6.6). */
export const GetSiteSpecs = query<{ readonly type: string }, { readonly document: string }>(
  'pilots',
  'panda.site-specs',
);
/** What `metaconfig/get_resource_types` answers, as raw JSON. */
export const GetResourceTypes = query<Readonly<Record<string, never>>, { readonly document: string }>(
  'pilots',
  'panda.resource-types',
);
