import type { IncomingHttpHeaders } from 'node:http';
import { COLLECTIONS } from '#contracts/torc/collections.js';
import { EDGES } from '#contracts/torc/edges.js';

/** A proxy's client names the server in front of the path. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
/** What a client's base URL may add before Torc's paths (Torc contract 1.1, 1.2): a token, a database, both or nothing. */
const BASE = /^(?:\/(?:t|%74)\/([^/]*))?(?:\/_db\/([^/]+)\/torc-service(?=\/|$))?/i;
const DATABASE = /^[\w-]+$/;
/** Paths that the base may stand before; all others of the gateway have no business behind it. */
const TORC_PATH = /^\/(?:workflow|(?:ping|version)$|cairn\/torc\/)/;

/** As nearly all clients write their requests: nothing of them is to be changed. */
const PLAIN = /^\/workflows\/\d+(?:\/[\w.-]+)*\/?(?:\?[^#]*)?$/;

const bases = [...Object.keys(COLLECTIONS), ...Object.keys(EDGES)].join('|');
/**
 * A full id that was not encoded: `…/97/jobs/jobs__97/103` (Torc contract 7.4). Of this workflow, else it is two segments. Joins name
 * collections, not documents.
 */
const OPEN_ID = new RegExp(`^(/workflows/(?:workflows%2F)?([^/]+)/(?!join_by_).*?/)((?:${bases})__\\2)/(?=[^/])`, 'i');
const OPEN_WORKFLOW_ID = /^(\/workflows\/workflows|\/workflow_specifications\/workflows)\/(?=\d+(?:\/|$))/;

/** Slashes of ids as the router needs them. */
const withClosedIds = (path: string): string => {
  let closed = path.replace(OPEN_WORKFLOW_ID, '$1%2F');
  if (!closed.includes('__')) return closed;
  // A path has a document and, at most, a compute node or a group.
  for (let ids = 0; ids < 2; ids += 1) closed = closed.replace(OPEN_ID, '$1$3%2F');
  return closed;
};

/** A token in a path proves as much as one in the header. Two that differ prove nothing. */
const giveToken = (headers: IncomingHttpHeaders, token: string): void => {
  const authorization = `Bearer ${token}`;
  const given = headers.authorization;
  headers.authorization = given === undefined || given === authorization ? authorization : `${given}, ${authorization}`;
};

/**
 * The path under which a Torc route is declared, whatever base URL the client was given; slashes that are repeated count once. A token in
 * the path becomes the request's bearer token and is in no URL from here on, so that none is logged.
 */
export const withoutBase = (url: string, headers: IncomingHttpHeaders): string => {
  if (PLAIN.test(url) && !url.includes('__')) return url;
  const start = ORIGIN.exec(url)?.[0].length ?? 0;
  const end = url.slice(start).search(/[?#]/);
  const given = end === -1 ? url.slice(start) : url.slice(start, start + end);
  const query = url.slice(start + given.length);
  const full = given.includes('//') ? given.replace(/\/{2,}/g, '/') : given;
  const [base = '', token, database] = BASE.exec(full) ?? [];
  const path = full.slice(base.length);
  const isTorc = TORC_PATH.test(path) && (database === undefined || DATABASE.test(database));
  if (!isTorc) return token === undefined ? url : `/t/-${path}${query}`;
  if (token !== undefined) giveToken(headers, token);
  return withClosedIds(path) + query;
};
