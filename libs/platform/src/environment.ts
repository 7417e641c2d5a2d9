import 'reflect-metadata';
import { isIP } from 'node:net';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateBy,
  validateSync,
} from 'class-validator';
import { CannotStart } from './cannot-start.js';
import { readSecretFileSetting } from './file-setting.js';
import { NAMED_NETWORKS } from './networks.js';
import {
  type ClaimTables,
  type ExternalUsers,
  issuerProblem,
  readClaimTables,
  readExternalUsers,
} from './tokens/issuer-settings.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What Cairn does by itself, each to be switched by its name. */
const AUTOMATION_STEPS = [
  'priority',
  'queue',
  'job_completion',
  'dataset_completion',
  'dataset_cleanup',
  'buffer',
  'log_cleanup',
  'pilot_upkeep',
  'actions',
] as const;
export type AutomationStep = (typeof AUTOMATION_STEPS)[number];

/** Bits of an address, by its version. */
const ADDRESS_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

const isNetwork = (value: unknown): boolean => {
  if (typeof value !== 'string') return false;
  if (Object.hasOwn(NAMED_NETWORKS, value)) return true;
  const [, address = '', length = '1'] = /^([^/]*)(?:\/(\d+))?$/.exec(value) ?? [];
  const bits = ADDRESS_BITS[isIP(address)];
  return bits !== undefined && Number(length) >= 1 && Number(length) <= bits;
};

const isNatsUrl = (value: unknown): boolean => {
  if (typeof value !== 'string' || !/^(nats|tls):\/\/[^\s/?#]+$/.test(value)) return false;
  try {
    const { username, password } = new URL(value);
    decodeURIComponent(`${username}${password}`);
    return true;
  } catch {
    return false;
  }
};

/**
 * Variables whose value is never shown, not even in the message that refuses it. URLs, and what holds some, are among them: in a
 * malformed one nobody can say where the password is.
 */
const NEVER_SHOWN: readonly string[] = [
  'AUTH_SHARED_SECRET',
  'CAIRN_SECRET_KEY',
  'CAIRN_SECRET_KEYS_OLD',
  'CREDENTIALS_CLIENT_SECRET',
  'NATS_URL',
  'EVENTSTORE_URL',
  'PUBLIC_URL',
  'OIDC_ISSUERS',
  'OIDC_LOCAL_NAMES',
  'OIDC_CLAIMS',
  'OIDC_USERS',
  'LDAP_URL',
  'CREDENTIALS_ISSUER_URL',
  'CREDENTIALS_URLS',
  'CORS_ORIGINS',
  'TOKEN_SCOPE_PREFIXES',
];

/** In the value of another variable: it may be a URL in the wrong place. */
const URL_MARK = /@|:\/\//;

/** Of addresses that tokens name or that everybody is told: they have no place for a user and a password. */
const PUBLIC_HTTP_URL = {
  require_tld: false,
  protocols: ['http', 'https'],
  require_protocol: true,
  disallow_auth: true,
};

/** Secrets whose value may stand in a file that `<name>_FILE` names. */
const IN_FILES = [
  'AUTH_SHARED_SECRET',
  'CAIRN_SECRET_KEY',
  'CAIRN_SECRET_KEYS_OLD',
  'CREDENTIALS_CLIENT_SECRET',
] as const;

/** 32 bytes in base 64. */
const SECRET_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=?$/;

const PORT_MAX = 65_535;
/** A century: longer lives are mistakes. */
const LIFE_SECONDS_MAX = 3_155_760_000;
const DELAY_SECONDS_MAX = 3600;

/** What numbers are expected to be, for whichever of their rules is broken. */
const PORT_NUMBER = { message: `an integer from 0 to ${PORT_MAX}` };
const LIFE_SECONDS = { message: `a whole number of seconds from 1 to ${LIFE_SECONDS_MAX}` };
const PERIOD_SECONDS = { message: `a whole number of seconds from 0 to ${LIFE_SECONDS_MAX}` };
const DELAY_SECONDS = { message: `a number of seconds from 0 to ${DELAY_SECONDS_MAX}` };
const JOBS_COUNT = { message: 'a whole number of jobs from 1 on' };
const CONNECTIONS = { message: 'a whole number from 1 on' };
/** JetStream has no more. */
const COPIES_MAX = 5;
const COPIES = { message: `a whole number from 1 to ${COPIES_MAX}` };
const MIB_OR_NONE = { message: 'a whole number of MiB, or 0 for no limit' };
const MIB_COUNT = { message: 'a whole number of MiB from 1 on' };
const STALL_SECONDS = { message: `a number of seconds from 0.1 to ${DELAY_SECONDS_MAX}` };
const KEY_SECONDS_MAX = 7 * 24 * 3600;
const KEY_SECONDS = { message: `a whole number of seconds from 1 to ${KEY_SECONDS_MAX}` };
const DAYS_MAX = 36_500;
const DAYS = { message: `a whole number of days from 1 to ${DAYS_MAX}` };
const SHARE = { message: 'a number from 0 to 1' };
const WHOLE_NUMBER = { message: 'a whole number from 0 on' };

const asNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value;

const asDecimal = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;

/** What stands between separators, without blanks around it; empty parts do not count. */
const partsOf = (value: string, separator: string): readonly string[] =>
  value
    .split(separator)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

const asList = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? partsOf(value, ',') : value);

const AreNetworks = (): PropertyDecorator =>
  ValidateBy(
    { name: 'isNetwork', validator: { validate: isNetwork } },
    { each: true, message: 'a comma-separated list of addresses and networks such as 10.0.0.0/8' },
  );

/** A variable that is of use only together with a partner: both are given, or none. */
const GivenWith =
  (partner: keyof Environment, message: string): PropertyDecorator =>
  (target, property) => {
    const isGiven = (environment: Environment): boolean =>
      [property, partner].some((name) => Reflect.get(environment, name) !== undefined);
    ValidateIf(isGiven)(target, property);
    IsString({ message })(target, property);
  };

/**
 * Everything that can be configured from outside, under the names of the environment variables. Read once at start-up by
 * {@link loadEnvironment}; nothing else reads `process.env`. It is its own Nest token.
 */
export class Environment {
  /** Port of the HTTP listener; 0 picks a free one. */
  @Transform(asNumber)
  @IsInt(PORT_NUMBER)
  @Min(0, PORT_NUMBER)
  @Max(PORT_MAX, PORT_NUMBER)
  readonly PORT: number = 8080;

  /** Address that the HTTP listener binds to. */
  @IsString()
  @IsNotEmpty({ message: 'a host name or address' })
  readonly HOST: string = '127.0.0.1';

  /**
   * File with PanDA's queues, shares, resource types, storages, users and VOs, in YAML or JSON (PanDA contract 10.1); read by the service
   * `pilots`, again whenever it changes. Without it there are the queue `LOCAL` and the VO `wlcg`.
   */
  @IsOptional()
  @IsString()
  readonly CAIRN_PANDA_CONFIG?: string;

  /** How long harvester has to notice that the pilot of a worker has finished before it is told to kill the worker, in seconds. */
  @Transform(asNumber)
  @IsInt(DELAY_SECONDS)
  @Min(0, DELAY_SECONDS)
  @Max(DELAY_SECONDS_MAX, DELAY_SECONDS)
  readonly PANDA_WORKER_SYNC_SECONDS: number = 600;

  /** Folder that holds everything durable (ledger, key-value stores, blobs, keys) and the disposable read models. */
  @IsString()
  @IsNotEmpty({ message: 'a folder' })
  readonly CAIRN_DATA_DIR: string = './data';

  /** How long a start waits for NATS and EventStoreDB, in seconds, so that processes may be started in any order. */
  @Transform(asDecimal)
  @IsNumber({}, DELAY_SECONDS)
  @Min(0, DELAY_SECONDS)
  @Max(DELAY_SECONDS_MAX, DELAY_SECONDS)
  readonly START_WAIT_SECONDS: number = 60;

  /** Servers of the broker between the services, comma-separated, such as `tls://nats:4222`. Without one only embedded Cairn runs. */
  @Transform(asList)
  @ValidateBy(
    { name: 'isNatsUrl', validator: { validate: isNatsUrl } },
    { each: true, message: 'a comma-separated list of URLs such as nats://127.0.0.1:4222' },
  )
  readonly NATS_URL: readonly string[] = [];

  /** How many servers of a cluster of NATS hold each log and large document, and the feed; fewer where there are fewer. */
  @Transform(asNumber)
  @IsInt(COPIES)
  @Min(1, COPIES)
  @Max(COPIES_MAX, COPIES)
  readonly BLOB_COPIES: number = 3;

  /** How long events stay in the feed, in days: whoever follows it may be away for so long. The ledger keeps them all. */
  @Transform(asNumber)
  @IsInt(DAYS)
  @Min(1, DAYS)
  @Max(DAYS_MAX, DAYS)
  readonly FEED_DAYS: number = 30;

  /** What the feed takes of the broker's disk at most, in MiB; the oldest events leave it first. */
  @Transform(asNumber)
  @IsInt(MIB_COUNT)
  @Min(1, MIB_COUNT)
  readonly FEED_MIB_MAX: number = 4096;

  /** File with the certificates of the authorities that sign the broker's; without it, those that Node.js trusts. */
  @IsOptional()
  @IsString()
  readonly NATS_TLS_CA?: string;

  /** File with the certificate that this process shows to the broker. Requires `NATS_TLS_KEY`. */
  @GivenWith('NATS_TLS_KEY', 'the certificate of NATS_TLS_KEY')
  readonly NATS_TLS_CERT?: string;

  /** File with the private key of that certificate. */
  @GivenWith('NATS_TLS_CERT', 'the private key of NATS_TLS_CERT')
  readonly NATS_TLS_KEY?: string;

  /** File with the seed of the nkey that this process logs in to the broker with. */
  @IsOptional()
  @IsString()
  readonly NATS_NKEY_SEED?: string;

  /** File with credentials (JWT and seed) that this process logs in to the broker with. */
  @IsOptional()
  @IsString()
  readonly NATS_CREDS?: string;

  /** Name that this process logs in to the broker with. Requires `NATS_PASSWORD_FILE`. */
  @GivenWith('NATS_PASSWORD_FILE', 'the user of NATS_PASSWORD_FILE')
  readonly NATS_USER?: string;

  /** File with the password of that user. */
  @GivenWith('NATS_USER', 'a file with the password of NATS_USER')
  readonly NATS_PASSWORD_FILE?: string;

  /** File with the private keys by which this process proves to others who it is. Requires `BUS_PUBLIC_KEYS`. */
  @GivenWith('BUS_PUBLIC_KEYS', 'a file with the private key of this process')
  readonly BUS_PRIVATE_KEY?: string;

  /** File with the public keys of all processes. */
  @GivenWith('BUS_PRIVATE_KEY', 'a file with the public keys of all processes')
  readonly BUS_PUBLIC_KEYS?: string;

  /** Whether a process without `BUS_PRIVATE_KEY` may use a broker on another host: `on` or `off`. */
  @IsIn(['on', 'off'], { message: 'on or off' })
  readonly BUS_INSECURE: 'on' | 'off' = 'off';

  /** EventStoreDB connection string; without it the ledger is the SQLite file in the data folder. */
  @IsOptional()
  @Matches(/^(esdb|kurrentdb)(\+discover)?:\/\/([^\s:@/?#]+:[^\s@/?#]+@)?[^\s@]+$/, {
    message: 'a URL such as esdb://127.0.0.1:2113?tls=false',
  })
  readonly EVENTSTORE_URL?: string;

  /** File with the certificates of the authorities that sign the ledger's; without it, those that Node.js trusts. */
  @IsOptional()
  @IsString()
  readonly EVENTSTORE_TLS_CA?: string;

  /** File with the certificate of the user that this process is to the ledger. Requires `EVENTSTORE_TLS_KEY`. */
  @GivenWith('EVENTSTORE_TLS_KEY', 'the certificate of EVENTSTORE_TLS_KEY')
  readonly EVENTSTORE_TLS_CERT?: string;

  /** File with the private key of that certificate. */
  @GivenWith('EVENTSTORE_TLS_CERT', 'the private key of EVENTSTORE_TLS_CERT')
  readonly EVENTSTORE_TLS_KEY?: string;

  /** Name that this process logs in to the ledger with. Requires `EVENTSTORE_PASSWORD_FILE`. */
  @GivenWith('EVENTSTORE_PASSWORD_FILE', 'the user of EVENTSTORE_PASSWORD_FILE')
  readonly EVENTSTORE_USER?: string;

  /** File with the password of that user. */
  @GivenWith('EVENTSTORE_USER', 'a file with the password of EVENTSTORE_USER')
  readonly EVENTSTORE_PASSWORD_FILE?: string;

  @IsIn(LOG_LEVELS, { message: `one of ${LOG_LEVELS.join(', ')}` })
  readonly LOG_LEVEL: LogLevel = 'info';

  /**
   * Where people and programs reach Cairn from outside; begins the name of the embedded OpenID issuer. Without it the issuer is
   * named after the `Host` of each request, which then must be an address or this machine.
   */
  @IsOptional()
  @Matches(/^https?:\/\/[^\s/?#@]+(\/[^\s/?#]+)*\/?$/, { message: 'a URL such as https://cairn.example.org' })
  readonly PUBLIC_URL?: string;

  /**
   * Proxies whose `X-Forwarded-For` header is trusted to say where a request came from, comma-separated addresses and networks. Nobody else's is
   * looked at, and no other forwarding header is: the outside is described by `PUBLIC_URL`.
   */
  @Transform(asList)
  @AreNetworks()
  readonly TRUSTED_PROXIES: readonly string[] = [];

  /** Connections of clients that are open at a time. */
  @Transform(asNumber)
  @IsInt(CONNECTIONS)
  @Min(1, CONNECTIONS)
  readonly CONNECTIONS_MAX: number = 10_000;

  /** Of them, those from one address (or network of 64 bits of IPv6); behind a trusted proxy, requests of one address in flight. */
  @Transform(asNumber)
  @IsInt(CONNECTIONS)
  @Min(1, CONNECTIONS)
  readonly CONNECTIONS_PER_ADDRESS_MAX: number = 2_000;

  /** Memory for bodies of requests in flight, whole or half sent, in MiB. The first 16 KiB of each do not count. */
  @Transform(asNumber)
  @IsInt(MIB_COUNT)
  @Min(1, MIB_COUNT)
  readonly BODIES_MIB_MAX: number = 128;

  /** Of it, what one caller may take; without a token, one address. */
  @Transform(asNumber)
  @IsInt(MIB_COUNT)
  @Min(1, MIB_COUNT)
  readonly BODIES_MIB_PER_CALLER_MAX: number = 96;

  /**
   * In this time a client must send the head of a request, the whole body if it has shown no valid token, and at least 1 KiB a second
   * of the body if it has.
   */
  @Transform(asDecimal)
  @IsNumber({}, STALL_SECONDS)
  @Min(0.1, STALL_SECONDS)
  @Max(DELAY_SECONDS_MAX, STALL_SECONDS)
  readonly REQUEST_STALL_SECONDS: number = 10;

  /**
   * Whether Torc's routes need a token: `token`, or `open` to serve programs on this machine without one. By default `open` where all of
   * Cairn runs in one process that nobody reaches through a proxy (`TRUSTED_PROXIES`, `PUBLIC_URL`).
   */
  @IsOptional()
  @IsIn(['open', 'token'], { message: 'open or token' })
  readonly TORC_ACCESS?: 'open' | 'token';

  /**
   * File with keys, proxies and clients of token issuers that PanDA's privileged users may have, YAML or JSON: see docs/operations.md. Without
   * it they get none.
   */
  @IsOptional()
  @IsString()
  readonly PANDA_GRANTS?: string;

  /** Compact name of the user whose secrets PanDA's pilots get with jobs that they are to debug. Without it they get none. */
  @IsOptional()
  @IsString()
  readonly PANDA_PILOT_SECRETS?: string;

  /**
   * Whether PanDA's statistics, site specifications, logs and parameters of tasks may be read without an identity (`compat.relaxedReads` of
   * PanDA contract D14): `on` or `off`.
   */
  @IsIn(['on', 'off'], { message: 'on or off' })
  readonly PANDA_RELAXED_READS: 'on' | 'off' = 'off';

  /** Whether PanDA's legacy `getStatus` needs no identity, as pilots expect (PanDA contract D26): `on` or `off`. */
  @IsIn(['on', 'off'], { message: 'on or off' })
  readonly PANDA_ANONYMOUS_GET_STATUS: 'on' | 'off' = 'on';

  /** What PanDA's legacy `getJobStatisticsPerSite` answers (contract 12): a Python `pickle`, or `json`. */
  @IsIn(['pickle', 'json'], { message: 'pickle or json' })
  readonly PANDA_SITE_STATISTICS: 'pickle' | 'json' = 'pickle';

  /** What `event/acquire_event_ranges` of PanDA answers (contract D5): an `object`, as harvester needs it, or a bare `list`. */
  @IsIn(['object', 'list'], { message: 'object or list' })
  readonly PANDA_EVENT_RANGES: 'object' | 'list' = 'object';

  /**
   * Proxies that check client certificates and whose headers are trusted to name the holder (PanDA contract 2.1), comma-separated addresses
   * and networks. Nobody else's headers are looked at.
   */
  @Transform(asList)
  @AreNetworks()
  readonly PANDA_CERTIFICATE_PROXIES: readonly string[] = [];

  /** Parts of distinguished names whose holders have PanDA's production role (PanDA contract 2.4), separated by semicolons. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? partsOf(value, ';') : value))
  @IsString({ each: true, message: 'texts separated by semicolons' })
  readonly PANDA_PRODUCTION_DNS: readonly string[] = [];

  /** Names of the headers in which such a proxy says that it has verified a certificate, whose it is, and its attributes. */
  @Transform(asList)
  @Matches(/^[\w-]+$/, { each: true, message: 'three comma-separated names of headers' })
  readonly PANDA_CERTIFICATE_HEADERS: readonly string[] = ['X-SSL-Client-Verify', 'X-SSL-Client-S-DN', 'X-VOMS-FQAN'];

  /** Patterns of names, comma-separated, such as `*.out`: files of PanDA's cache with such a name are kept in gzip format (PanDA contract 7.3). */
  @Transform(asList)
  @Matches(/^[^/]+$/, { each: true, message: 'a comma-separated list of patterns such as *.out' })
  readonly PANDA_CACHE_GZIP: readonly string[] = [];

  /** Folder with the scripts that PanDA's jobs run, served below `/trf/`; without it, those that Cairn brings along (PanDA contract 7.7). */
  @IsOptional()
  @IsString()
  readonly PANDA_TRF_DIR?: string;

  /** Files of PanDA's cache that nobody touches for so many days are removed (PanDA contract 7.7). */
  @Transform(asNumber)
  @IsInt(DAYS)
  @Min(1, DAYS)
  @Max(DAYS_MAX, DAYS)
  readonly PANDA_CACHE_DAYS: number = 30;

  /** Jobs of one PanDA task that wait for a pilot: when they are so many, no more are made until half of them have been started. */
  @Transform(asNumber)
  @IsInt(JOBS_COUNT)
  @Min(1, JOBS_COUNT)
  readonly PANDA_UNSTARTED_JOBS_MAX: number = 200_000;

  /** A PanDA task of which no job can be made for so many seconds becomes `exhausted`: somebody must decide about it. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_PENDING_SECONDS_MAX: number = 604_800;

  /** Active tasks that a user of PanDA may have (PanDA contract 4.1.7); 0 for no limit. */
  @Transform(asNumber)
  @IsInt(WHOLE_NUMBER)
  @Min(0, WHOLE_NUMBER)
  readonly PANDA_ACTIVE_TASKS_MAX: number = 0;

  /** Which part of the claims of PanDA's pilots takes the oldest jobs, whatever their share and priority (PanDA contract 4.2.2). */
  @Transform(asDecimal)
  @IsNumber({}, SHARE)
  @Min(0, SHARE)
  @Max(1, SHARE)
  readonly PANDA_AGING_SHARE: number = 0.1;

  /** How long a job of PanDA that was handed out may wait for the first report, in seconds (PanDA contract 4.2.6). */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_SENT_SECONDS: number = 1_800;

  /** How long a starting or running job of PanDA may be silent, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_HEARTBEAT_SECONDS: number = 7_200;

  /** How long jobs of users, and those with a priority above 800, may be held by their pilot, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_HOLDING_FIRST_SECONDS: number = 10_800;

  /** How long other jobs of PanDA may be held by their pilot, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_HOLDING_SECONDS: number = 172_800;

  /** How long the outputs of a job of PanDA may be on their way, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_TRANSFERRING_SECONDS: number = 172_800;

  /** How long a pilot that has told an error may take to recover its job of PanDA, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly PANDA_RECOVERY_SECONDS: number = 86_400;

  /** External OpenID issuers whose tokens are accepted, comma-separated. */
  @Transform(asList)
  @IsUrl(PUBLIC_HTTP_URL, { each: true, message: 'a comma-separated list of http or https URLs without a user' })
  readonly OIDC_ISSUERS: readonly string[] = [];

  /**
   * What claims of those issuers grant (IceProd contract 2.2), as JSON: `{"roles": [{"name", "claim", "pattern"}], "groups": [...]}`. The
   * pattern must match the whole value at the dotted path `claim`. A list that is left out stays as it is. With several issuers: such a
   * table for each, by its URL.
   */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (readClaimTables(value) ?? value) : value))
  @IsOptional()
  @IsObject({ message: 'JSON such as {"roles": [{"name": "user", "claim": "groups", "pattern": "/staff/.*"}]}' })
  readonly OIDC_CLAIMS?: ClaimTables;

  /**
   * Those of the issuers whose `preferred_username` are user names of this Cairn, comma-separated. Whoever may choose a user name there can
   * become any user here. The persons of all other issuers are named `<subject>@<issuer URL>`.
   */
  @Transform(asList)
  @IsUrl(PUBLIC_HTTP_URL, { each: true, message: 'a comma-separated list of http or https URLs without a user' })
  readonly OIDC_LOCAL_NAMES: readonly string[] = [];

  /** Local names of single persons of external issuers, as JSON: `{"<issuer URL>": {"<subject>": "<user name>"}}`. */
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (readExternalUsers(value) ?? value) : value,
  )
  @IsOptional()
  @IsObject({ message: 'JSON such as {"https://idp.example.org": {"5d1f-90ab": "alice"}}' })
  readonly OIDC_USERS?: ExternalUsers;

  /** Keys of those issuers are fetched again after this time, in seconds: a key that an issuer withdraws is trusted for so long. */
  @Transform(asNumber)
  @IsInt(KEY_SECONDS)
  @Min(1, KEY_SECONDS)
  @Max(KEY_SECONDS_MAX, KEY_SECONDS)
  readonly OIDC_KEYS_REFRESH_SECONDS: number = 300;

  /** Keys of an issuer that cannot be reached stay trusted for this time, in seconds. */
  @Transform(asNumber)
  @IsInt(KEY_SECONDS)
  @Min(1, KEY_SECONDS)
  @Max(KEY_SECONDS_MAX, KEY_SECONDS)
  readonly OIDC_KEYS_TRUSTED_SECONDS: number = 3600;

  /** Required in the `aud` of all tokens when set. */
  @IsOptional()
  @IsString()
  readonly OIDC_AUDIENCE?: string;

  /** Signs and checks tokens (HMAC). Without it the auth service makes a secret of its own, in the data folder. */
  @IsOptional()
  @IsString()
  readonly AUTH_SHARED_SECRET?: string;

  /** File with `AUTH_SHARED_SECRET`; an empty one counts as not set. */
  @IsOptional()
  @IsString()
  readonly AUTH_SHARED_SECRET_FILE?: string;

  /** Server that checks passwords for `POST /ldap`. Without it every login fails. */
  @IsOptional()
  @Matches(/^ldaps?:\/\/[^\s/?#@]+\/?$/, { message: 'a URL such as ldaps://ldap.example.org' })
  readonly LDAP_URL?: string;

  /** Entry under which the directory holds users: they log in as `uid=<username>,<LDAP_BASE>`. Required with `LDAP_URL`. */
  @ValidateIf(({ LDAP_URL, LDAP_BASE }: Environment) => LDAP_URL !== undefined || LDAP_BASE !== undefined)
  @Matches(/^[A-Za-z][\w.-]*=[^=]/, { message: 'a name such as ou=people,dc=example,dc=org' })
  readonly LDAP_BASE?: string;

  /** Life of the tokens that `POST /ldap` answers, in seconds. */
  @Transform(asNumber)
  @IsInt(LIFE_SECONDS)
  @Min(1, LIFE_SECONDS)
  @Max(LIFE_SECONDS_MAX, LIFE_SECONDS)
  readonly LDAP_TOKEN_SECONDS: number = 31_622_400;

  /** Seals credentials. Without it the auth service makes a key of its own, in the data folder. */
  @IsOptional()
  @Matches(SECRET_KEY, { message: '32 bytes in base 64, as `openssl rand -base64 32` gives them' })
  readonly CAIRN_SECRET_KEY?: string;

  /** File with `CAIRN_SECRET_KEY`; an empty one counts as not set. */
  @IsOptional()
  @IsString()
  readonly CAIRN_SECRET_KEY_FILE?: string;

  /** Keys that credentials were sealed with before, comma-separated: they open, and seal nothing. */
  @Transform(asList)
  @Matches(SECRET_KEY, { each: true, message: 'a comma-separated list of keys like CAIRN_SECRET_KEY' })
  readonly CAIRN_SECRET_KEYS_OLD: readonly string[] = [];

  /** File with `CAIRN_SECRET_KEYS_OLD`; an empty one counts as not set. */
  @IsOptional()
  @IsString()
  readonly CAIRN_SECRET_KEYS_OLD_FILE?: string;

  /** OpenID issuer that refreshes, exchanges and makes OAuth credentials. Without it they stay as they are. */
  @IsOptional()
  @IsUrl(PUBLIC_HTTP_URL, { message: 'an http or https URL without a user' })
  readonly CREDENTIALS_ISSUER_URL?: string;

  /** Client of that issuer. Required with `CREDENTIALS_ISSUER_URL`. */
  @ValidateIf(
    ({ CREDENTIALS_ISSUER_URL: url, CREDENTIALS_CLIENT_ID: id }: Environment) => url !== undefined || id !== undefined,
  )
  @IsString({ message: 'the id of a client of CREDENTIALS_ISSUER_URL' })
  readonly CREDENTIALS_CLIENT_ID?: string;

  /** Secret of that client, unless it is a public one. */
  @IsOptional()
  @IsString()
  readonly CREDENTIALS_CLIENT_SECRET?: string;

  /** File with `CREDENTIALS_CLIENT_SECRET`; an empty one counts as not set. */
  @IsOptional()
  @IsString()
  readonly CREDENTIALS_CLIENT_SECRET_FILE?: string;

  /**
   * Accounts that credentials of tasks are made for instead of the submitter, by group of the dataset, comma-separated, such as
   * `simprod=simulation,filtering=filter`.
   */
  @Transform(asList)
  @Matches(/^[^=\s]+=[^=\s]+$/, { each: true, message: 'a comma-separated list such as simprod=simulation' })
  readonly CREDENTIALS_ACCOUNTS: readonly string[] = [];

  /**
   * Scopes that may be asked for in the name of those accounts, by group, comma-separated; a path includes what is below it. A group
   * without any gets no credentials for its account.
   */
  @Transform(asList)
  @Matches(/^[^=\s]+=[^=\s]+$/, {
    each: true,
    message: 'a comma-separated list such as simprod=storage.read:/,simprod=storage.modify:/data/sim',
  })
  readonly CREDENTIALS_SCOPES: readonly string[] = [];

  /**
   * Locations whose opaque tokens `CREDENTIALS_ISSUER_URL` has issued, comma-separated URLs; what is below them is included. Tokens that do
   * not name their issuer are sent there only when their credential's `url` is one of these or that of the issuer.
   */
  @Transform(asList)
  @Matches(/^[a-z][a-z0-9+.-]*:\/\/[^\s/@]*(\/\S*)?$/, {
    each: true,
    message: 'a comma-separated list of URLs such as https://data.example.org',
  })
  readonly CREDENTIALS_URLS: readonly string[] = [];

  /** Origins that browsers may call from, comma-separated; `*` is any. */
  @Transform(asList)
  @Matches(/^(\*|https?:\/\/[^\s/?#@]+)$/, {
    each: true,
    message: '* or a comma-separated list of origins such as https://example.org',
  })
  readonly CORS_ORIGINS: readonly string[] = ['*'];

  /**
   * Where webhooks may be sent besides public addresses, comma-separated: addresses, networks such as `10.0.0.0/8`, and `loopback`, `linklocal`
   * and `uniquelocal` for the networks of that kind.
   */
  @Transform(asList)
  @AreNetworks()
  readonly WEBHOOK_NETWORKS: readonly string[] = [];

  /** Number of the first dataset; later ones count up from it. */
  @Transform(asNumber)
  @IsInt(WHOLE_NUMBER)
  @Min(0, WHOLE_NUMBER)
  readonly DATASET_NUMBER_START: number = 1;

  /** Places that tasks of submitted configs need scopes for, comma-separated, such as `osdf:///icecube/wipac`. */
  @Transform(asList)
  @Matches(/^[a-z][a-z0-9+.-]*:\/\/[^\s/@]*(\/\S*)?$/, {
    each: true,
    message: 'a comma-separated list of URLs such as osdf:///icecube/wipac',
  })
  readonly TOKEN_SCOPE_PREFIXES: readonly string[] = [];

  /** What Cairn does by itself: everything (`on`), nothing (`off`), or the named steps, comma-separated. */
  @Transform(asList)
  @IsIn(['on', 'off', ...AUTOMATION_STEPS], {
    each: true,
    message: `on, off, or a comma-separated list of ${AUTOMATION_STEPS.join(', ')}`,
  })
  readonly CAIRN_AUTOMATION: readonly string[] = ['on'];

  /**
   * Whether IceProd clients that end a task's run by `PUT /tasks/{task_id}/status` must name its `instance_id`: `on` or `off`. Old
   * clients do not name it.
   */
  @IsIn(['on', 'off'], { message: 'on or off' })
  readonly ICEPROD_REQUIRE_INSTANCE: 'on' | 'off' = 'off';

  /**
   * How far failed runs may raise the requirements of IceProd's tasks, comma-separated: memory and disk in GB, time in hours. A
   * name that is left out keeps its default.
   */
  @Transform(asList)
  @Matches(/^(cpu|memory|disk|time)=\d+(\.\d+)?$/, {
    each: true,
    message: 'a comma-separated list such as memory=512,disk=2000,time=168',
  })
  readonly ICEPROD_RAISE_MAX: readonly string[] = [];

  /**
   * How much one user may have open, and submit in a day (UTC): names are `datasets`, `jobs`, `tasks`, the same with `_per_day`, and
   * `requests`. `none` is no limit. A name that is left out keeps its default.
   */
  @Transform(asList)
  @Matches(/^((datasets|jobs|tasks)(_per_day)?|requests)=(\d{1,15}|none)$/, {
    each: true,
    message: 'a comma-separated list such as datasets=100,jobs=1000000,jobs_per_day=none',
  })
  readonly QUOTA_PER_USER: readonly string[] = [];

  /** The same for the datasets of one group together. The group `users` has no limits unless `QUOTA_EXCEPTIONS` gives it some. */
  @Transform(asList)
  @Matches(/^(datasets|jobs|tasks)(_per_day)?=(\d{1,15}|none)$/, {
    each: true,
    message: 'a comma-separated list such as datasets=1000,jobs=10000000',
  })
  readonly QUOTA_PER_GROUP: readonly string[] = [];

  /** Limits of single users and groups instead of those. */
  @Transform(asList)
  @Matches(/^(user|group):.+:((datasets|jobs|tasks)(_per_day)?|requests)=(\d{1,15}|none)$/, {
    each: true,
    message: 'a comma-separated list such as user:alice:jobs=20000000,group:simprod:jobs=none',
  })
  readonly QUOTA_EXCEPTIONS: readonly string[] = [];

  /**
   * What one dataset of IceProd may hold of logs, in MiB; the same holds for the entries of its files and for its configs, with all that
   * were replaced. 0 for no limit.
   */
  @Transform(asNumber)
  @IsInt(MIB_OR_NONE)
  @Min(0, MIB_OR_NONE)
  readonly DATASET_MIB_MAX: number = 102_400;

  /** How often a checkpoint of the history is signed, in seconds; 0 only when somebody asks for one. */
  @Transform(asNumber)
  @IsInt(PERIOD_SECONDS)
  @Min(0, PERIOD_SECONDS)
  @Max(LIFE_SECONDS_MAX, PERIOD_SECONDS)
  readonly CHECKPOINT_SECONDS: number = 3600;

  /** What may be kept in the data folder for questions about the past of large workloads, in MiB; 0 keeps nothing, and makes nothing ahead. */
  @Transform(asNumber)
  @IsInt(WHOLE_NUMBER)
  @Min(0, WHOLE_NUMBER)
  readonly PAST_CHECKPOINTS_MIB: number = 1024;

  /** How long things settle before automation looks at them, in seconds. */
  @Transform(asDecimal)
  @IsNumber({}, DELAY_SECONDS)
  @Min(0, DELAY_SECONDS)
  @Max(DELAY_SECONDS_MAX, DELAY_SECONDS)
  readonly CAIRN_AUTOMATION_DELAY: number = 2;
}

/** Whether Cairn does this by itself. */
export const automates = ({ CAIRN_AUTOMATION: named }: Environment, step: AutomationStep): boolean =>
  !named.includes('off') && (named.includes('on') || named.includes(step));

/** A variable has a value that cannot be used; start-up ends with this message. */
export class EnvironmentInvalid extends CannotStart {
  override readonly name = 'EnvironmentInvalid';
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The secrets that stand in files.
 *
 * @throws CannotStart when a file cannot be used, or the secret is given in both ways
 */
const readSecrets = (given: Variables): Variables =>
  Object.fromEntries(
    IN_FILES.flatMap((name) => {
      const variable = `${name}_FILE`;
      const file = given[variable];
      if (file === undefined) return [];
      if (given[name] !== undefined) throw new EnvironmentInvalid(`${name} and ${variable} are both set`);
      const text = readSecretFileSetting(variable, file, { mayBeEmpty: true }).trim();
      return text === '' ? [] : [[name, text]];
    }),
  );

/**
 * Validates the variables that Cairn knows and ignores the others; an empty value counts as not set.
 *
 * @throws EnvironmentInvalid naming each wrong variable and what was expected; CannotStart when a file with a secret cannot be used
 */
export const loadEnvironment = (variables: Variables): Environment => {
  // Optional fields are own properties as well (with `undefined`), so a fresh instance knows all names.
  const known = Object.keys(new Environment());
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => known.includes(name) && value !== undefined && value !== ''),
  );
  const environment = plainToInstance(Environment, { ...given, ...readSecrets(given) });
  const problems = validateSync(environment).map(({ property, constraints }) => {
    const value = variables[property] ?? '';
    const isHidden = NEVER_SHOWN.includes(property) || URL_MARK.test(value);
    return `${property} is ${isHidden ? 'wrong' : `"${value}"`}; expected ${Object.values(constraints ?? {})[0] ?? 'another value'}`;
  });
  if (problems.length > 0) throw new EnvironmentInvalid(problems.join('\n'));
  const problem = issuerProblem(environment);
  if (problem !== undefined) throw new EnvironmentInvalid(problem);
  return environment;
};
