/**
 * What has an id, and events of its own, besides workloads, their units and groups, workers, sites and people. `document` is one of a workflow of
 * Torc, by its full id such as `compute_nodes__97/5`; `action` is `<workflow>/<number>`, `node` is `<site>/<host>`, `cache_file` a path.
 */
export const OBJECT_KINDS = [
  ...(['user_group', 'role', 'credential', 'webhook', 'checkpoint'] as const),
  ...(['log'] as const),
  ...(['vo', 'share', 'resource_type', 'storage', 'node', 'cache_file', 'operator_request'] as const),
  ...(['retry_rule'] as const),
  ...(['document', 'action'] as const),
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** One text for an object: `vo/atlas`. */
export type ObjectName = `${ObjectKind}/${string}`;

/** In the place of an id, which is never empty: an event that is about all objects of the kind, whether it names them or not. */
export const EVERY = '';

const isKind = (word: string): word is ObjectKind => OBJECT_KINDS.some((kind) => kind === word);

/** The parts of the name of an object; undefined when it is none. */
export const readObjectName = (text: string): { readonly kind: ObjectKind; readonly id: string } | undefined => {
  const slash = text.indexOf('/');
  const kind = text.slice(0, slash);
  const id = text.slice(slash + 1);
  return slash !== -1 && isKind(kind) && id !== '' ? { kind, id } : undefined;
};
