import type { JsonLimits } from '#contracts/json-scanner.js';

const MIB = 1024 * 1024;

/** What the body of a request may have at most. */
export interface BodyLimits extends JsonLimits {
  /** Of the decoded body. */
  readonly bytesMax: number;
  /** The gateway passes the text on without reading it, so that it may be much larger. */
  readonly isRaw?: true;
}

/** Python's parser could not read a response that holds a more deeply nested document. */
const LEVELS_MAX = 100;

/** Enough for documents of everyday size. A dialect may take it as its default. */
export const DEFAULT_BODY_LIMITS: BodyLimits = {
  bytesMax: MIB,
  valuesMax: 50_000,
  namesMax: 50_000,
  levelsMax: LEVELS_MAX,
};

/**
 * What no route may exceed: parsing blocks the event loop, so these bound how long other requests wait. A test measures
 * it (`large-bodies.e2e.spec.ts`).
 */
const CEILING: BodyLimits = {
  bytesMax: 4 * MIB,
  valuesMax: 101_000,
  namesMax: 50_000,
  levelsMax: LEVELS_MAX,
};

/** Text that the gateway does not parse: Torc's specifications and lists of jobs (Torc contract 1.3). */
const RAW_BYTES_MAX = 64 * MIB;

/** Uploads are never parsed as a whole. Logs are large (IceProd contract 1.1.8). */
const UPLOAD_BYTES_MAX = 128 * MIB;

/** Without a token, bodies are logins and forms. */
const PUBLIC_BYTES_MAX = 64 * 1024;

/** For dialects whose everyday documents may hold long texts and lists. */
export const DOCUMENT_LIMITS: BodyLimits = CEILING;

/** Documents of users, which may hold long texts. */
export const DOCUMENT_BODY: Partial<BodyLimits> = { bytesMax: CEILING.bytesMax };

/** The declared members and nothing else. */
export const FEW_NAMES: Partial<BodyLimits> = { namesMax: 1_000 };

/** Lists of up to 100,000 ids, and a few members beside. */
export const BULK_BODY: Partial<BodyLimits> = {
  ...FEW_NAMES,
  bytesMax: CEILING.bytesMax,
  valuesMax: CEILING.valuesMax,
};

/** As the client sent it, whatever it is. */
export const RAW_BODY: Partial<BodyLimits> = { isRaw: true, bytesMax: RAW_BYTES_MAX };

interface LimitedRoute {
  readonly name: string;
  readonly policy: unknown;
  readonly upload?: object;
  readonly bodyLimits?: Partial<BodyLimits>;
}

/**
 * The limits of a route: those of its dialect, unless it declares its own.
 *
 * @throws Error when they exceed what the gateway can handle without making others wait
 */
export const bodyLimitsOf = (
  { name, policy, upload, bodyLimits }: LimitedRoute,
  dialect: { readonly bodyLimits: BodyLimits },
): BodyLimits => {
  const limits = { ...dialect.bodyLimits, ...bodyLimits };
  for (const key of ['bytesMax', 'valuesMax', 'namesMax', 'levelsMax'] as const) {
    const most = key === 'bytesMax' && limits.isRaw === true ? RAW_BYTES_MAX : CEILING[key];
    if (limits[key] > most) throw new Error(`${key} of route ${name} is more than ${most}`);
  }
  if (policy === 'public') return { ...limits, bytesMax: Math.min(limits.bytesMax, PUBLIC_BYTES_MAX) };
  return upload === undefined ? limits : { ...limits, bytesMax: UPLOAD_BYTES_MAX };
};
