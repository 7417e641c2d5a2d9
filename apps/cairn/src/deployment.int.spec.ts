import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { PROCESSES, SERVICES } from '#bus/contract.js';
import { connectNats } from '#bus/nats-connection.js';
import { type NatsServer, startNatsServer } from '#bus/testing/nats-server.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { Environment } from '#platform/environment.js';

/** Variables that hold a secret themselves. They may be in no manifest. */
const SECRET_VARIABLES = [
  'AUTH_SHARED_SECRET',
  'CAIRN_SECRET_KEY',
  'CAIRN_SECRET_KEYS_OLD',
  'CREDENTIALS_CLIENT_SECRET',
];

/** Files that everybody may see. */
const PUBLIC_FILES = ['ca.crt', 'public-keys.json', 'nats-users.conf'];

/** Servers of others, which have files of their own. */
const SERVERS = ['nats', 'eventstore'];

const EXACT_VERSION = /:\d+\.\d+\.\d+(-[\w.-]+)?$/;

const variables = Object.keys(new Environment());

const textOf = (file: string): string => readFileSync(file, 'utf8');

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const root = mkdtempSync(join(tmpdir(), 'cairn-deployment-'));
const secrets = join(root, 'secrets');

const makeSecrets = async (): Promise<void> => {
  const env = { ...process.env, CAIRN: `${process.execPath} dist/apps/cairn/src/main.js` };
  await promisify(execFile)('deploy/make-secrets.sh', [secrets], { env });
};

// RSA keys take a while to find.
beforeAll(makeSecrets, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('deploy/make-secrets.sh', () => {
  it('makes files that nobody else can open, but for public ones, and keeps what is there', async () => {
    const before = filesUnder(secrets).map((file) => [file, textOf(join(secrets, file))]);
    await makeSecrets();
    expect(filesUnder(secrets).map((file) => [file, textOf(join(secrets, file))])).toEqual(before);
    const open = filesUnder(secrets).filter((file) => (statSync(join(secrets, file)).mode & 0o077) !== 0);
    expect(open.filter((file) => !PUBLIC_FILES.includes(file))).toEqual([]);
  });

  it('keeps the authority when its key is kept elsewhere, and asks for the key to sign a certificate', async () => {
    const authority = textOf(join(secrets, 'ca.crt'));
    const [key, certificate] = [join(secrets, 'ca.key'), join(secrets, 'nats', 'tls.crt')];
    renameSync(key, join(root, 'ca.key'));
    renameSync(certificate, join(root, 'tls.crt'));
    try {
      await expect(makeSecrets()).rejects.toThrow('put ca.key back');
      renameSync(join(root, 'tls.crt'), certificate);
      await makeSecrets();
      expect([existsSync(key), textOf(join(secrets, 'ca.crt'))]).toEqual([false, authority]);
    } finally {
      renameSync(join(root, 'ca.key'), key);
    }
  });

  it('makes what a broker with the shipped configuration needs, and what each process logs in with', async () => {
    // As the files are mounted in the containers.
    const mounted = join(root, 'etc-nats');
    mkdirSync(join(mounted, 'keys'), { recursive: true });
    cpSync(join(secrets, 'nats'), join(mounted, 'tls'), { recursive: true });
    const config = textOf('deploy/nats/nats.conf')
      .replaceAll('/etc/nats/', `${mounted}/`)
      .replace('"/data/', `"${root}/`)
      .replace(':8222', ':-1');
    const included = {
      'permissions.conf': textOf('deploy/nats/permissions.conf'),
      'keys/nats-users.conf': textOf(join(secrets, 'nats-users.conf')),
      // Debian's nats-server 2.9 does not know what stands there.
      'sync.conf': '',
    };
    const server: NatsServer = await startNatsServer({ jetStream: false, config, included });
    const connect = (seed: Readonly<Record<string, string>>) =>
      connectNats(
        { NATS_URL: [`tls://127.0.0.1:${server.port}`], NATS_TLS_CA: join(secrets, 'ca.crt'), ...seed },
        'tasks',
        memoryLog().log,
      );
    try {
      for (const name of PROCESSES) {
        const connection = await connect({ NATS_NKEY_SEED: join(secrets, name, 'nats.nk') });
        await connection.flush();
        await connection.close();
      }
      await expect(connect({})).rejects.toThrow(/authorization violation/i);
    } finally {
      await server.remove();
    }
  });
});

interface EnvironmentEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
}

interface NamedSource {
  readonly name: string;
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly EnvironmentEntry[];
  readonly envFrom?: readonly { readonly configMapRef?: NamedSource; readonly secretRef?: NamedSource }[];
  readonly securityContext?: unknown;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Volume {
  readonly name: string;
  readonly projected?: {
    readonly defaultMode: number;
    readonly sources: readonly { readonly secret?: NamedSource; readonly configMap?: NamedSource }[];
  };
  readonly secret?: { readonly secretName: string; readonly defaultMode: number };
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface Rule {
  readonly from?: readonly { readonly podSelector?: Selector; readonly namespaceSelector?: Selector }[];
  readonly to?: Rule['from'];
  readonly ports: readonly { readonly port: number }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
    readonly ports?: readonly { readonly port: number }[];
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

interface Generator {
  readonly name: string;
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
  readonly envs?: readonly string[];
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly patches: readonly { readonly path: string; readonly target: unknown }[];
  readonly configMapGenerator: readonly Generator[];
  readonly secretGenerator: readonly Generator[];
}

const areNamed = (list: unknown): list is readonly { readonly name: string }[] =>
  Array.isArray(list) && list.every((entry) => typeof entry === 'object' && entry !== null && 'name' in entry);

/** A strategic merge as far as these manifests need it: members of lists with the same name are merged. */
const merged = (base: unknown, patch: unknown): unknown => {
  if (areNamed(base) && areNamed(patch)) {
    const names = [...new Set([...base, ...patch].map(({ name }) => name))];
    return names.map((name) =>
      merged(
        base.find((each) => each.name === name),
        patch.find((each) => each.name === name),
      ),
    );
  }
  if (typeof base !== 'object' || typeof patch !== 'object' || base === null || patch === null) return patch ?? base;
  if (Array.isArray(base) || Array.isArray(patch)) return patch;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(patch)])];
  return Object.fromEntries(keys.map((key) => [key, merged(Reflect.get(base, key), Reflect.get(patch, key))]));
};

/** Name and value of `name=value`; what has no `=` has no name. */
const split = (literal: string): readonly [string, string] => {
  const at = literal.indexOf('=');
  return [literal.slice(0, Math.max(at, 0)), literal.slice(at + 1)];
};

describe('deploy/kustomization.yaml', () => {
  const kustomization = parse(textOf('deploy/kustomization.yaml')) as Kustomization;
  const [patch] = kustomization.patches;
  const patchOfServices = parse(textOf(join('deploy', patch?.path ?? ''))) as Manifest;
  const manifests = kustomization.resources
    .flatMap((file) => parseAllDocuments(textOf(join('deploy', file))))
    .map((document) => document.toJS() as Manifest)
    .map((manifest) =>
      manifest.metadata.labels?.['tier'] === 'service'
        ? (merged(manifest, { ...patchOfServices, metadata: manifest.metadata }) as Manifest)
        : manifest,
    );
  const workloads = manifests.flatMap(({ metadata: { name }, spec: { template } }) =>
    template === undefined ? [] : [{ name, labels: template.metadata.labels, pod: template.spec }],
  );
  const containers = workloads.flatMap(({ name, pod }) => pod.containers.map((container) => ({ name, container })));
  const filesOf = (generators: readonly Generator[], name: string): readonly string[] =>
    generators.find((each) => each.name === name)?.files ?? [];

  it('knows all workloads', () => {
    const names = [...PROCESSES, 'nats', 'eventstore', 'ledger-accounts'];
    expect(workloads.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(patch?.target).toEqual({ kind: 'StatefulSet', labelSelector: 'tier=service' });
  });

  it('lets no container be root, write to its image or gain rights', () => {
    for (const { name, pod } of workloads) {
      expect({ name, ...pod }).toMatchObject({
        enableServiceLinks: false,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
    }
    for (const { name, container } of containers) {
      expect({ name, security: container.securityContext }).toEqual({
        name,
        security: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
      if (container.image !== 'cairn') expect(container.image).toMatch(EXACT_VERSION);
    }
  });

  it('gives each workload its own secrets only', () => {
    const secretsOf = ({ containers: all, volumes = [] }: PodSpec): readonly string[] => {
      const mounted = volumes.flatMap(({ secret, projected }) => [
        secret?.secretName,
        ...(projected?.sources ?? []).map((source) => source.secret?.name),
      ]);
      const inVariables = all.flatMap(({ env = [], envFrom = [] }) => [
        ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
        ...envFrom.map(({ secretRef }) => secretRef?.name),
      ]);
      return [...mounted, ...inVariables].filter((name) => name !== undefined).sort();
    };
    expect(Object.fromEntries(workloads.map(({ name, pod }) => [name, secretsOf(pod)]))).toEqual({
      ...Object.fromEntries(PROCESSES.map((name) => [name, [name]])),
      nats: ['nats'],
      eventstore: ['eventstore', 'eventstore-passwords'],
      'ledger-accounts': ['eventstore-admin', 'ledger-accounts'],
    });
    for (const name of [...PROCESSES, ...SERVERS]) {
      const files = filesOf(kustomization.secretGenerator, name);
      expect(files.length).toBeGreaterThan(1);
      expect(files.filter((file) => !file.startsWith(`secrets/${name}/`))).toEqual([]);
    }
    for (const { pod } of workloads) {
      for (const volume of pod.volumes ?? []) {
        if (volume.secret !== undefined || volume.projected !== undefined) {
          expect(volume.secret?.defaultMode ?? volume.projected?.defaultMode).toBe(0o440);
        }
      }
    }
  });

  it('has files for its secrets that make-secrets.sh makes', () => {
    const generators = [...kustomization.secretGenerator, ...kustomization.configMapGenerator];
    const files = generators.flatMap((each) => [...(each.files ?? []), ...(each.envs ?? [])]);
    const missing = files
      .map((file) => split(file)[1])
      .filter((file) => !existsSync(join('deploy', file)) && !existsSync(join(root, file)));
    expect(missing).toEqual([]);
  });

  it('has no secret in a ConfigMap or a variable', () => {
    for (const { files = [], literals = [] } of kustomization.configMapGenerator) {
      const made = files.filter((file) => file.startsWith('secrets/')).map((file) => file.slice('secrets/'.length));
      expect(made.filter((file) => !PUBLIC_FILES.includes(file))).toEqual([]);
      expect(literals.filter((literal) => /:\/\/[^/]*@/.test(literal))).toEqual([]);
      expect(literals.filter((literal) => SECRET_VARIABLES.includes(split(literal)[0]))).toEqual([]);
    }
    const given = containers.flatMap(({ container: { env = [] } }) => env.map(({ name }) => name));
    expect(given.filter((name) => SECRET_VARIABLES.includes(name))).toEqual([]);
  });

  it('sets variables that Cairn knows, and mounts the files that they name', () => {
    for (const { name, pod } of workloads.filter(({ name: each }) => !SERVERS.includes(each))) {
      const [container] = pod.containers;
      const fromMaps = (container?.envFrom ?? []).flatMap(
        ({ configMapRef }) =>
          kustomization.configMapGenerator.find((each) => each.name === configMapRef?.name)?.literals ?? [],
      );
      const own = (container?.env ?? []).map((entry) => [entry.name, entry.value ?? ''] as const);
      const all = [...fromMaps.map(split), ...own];
      expect(all.map(([variable]) => variable).filter((variable) => !variables.includes(variable))).toEqual([]);
      const keys = pod.volumes?.find((volume) => volume.name === 'keys')?.projected?.sources ?? [];
      const mounted = keys.flatMap(({ secret, configMap }) => [
        ...filesOf(kustomization.secretGenerator, secret?.name ?? ''),
        ...filesOf(kustomization.configMapGenerator, configMap?.name ?? ''),
      ]);
      const there = mounted.map((file) => `/etc/cairn/${file.replace(/^.*\//, '')}`);
      const named = all.map(([, value]) => value).filter((value) => value.startsWith('/etc/'));
      expect({ name, missing: named.filter((file) => !there.includes(file)) }).toEqual({ name, missing: [] });
      expect(named.length).toBeGreaterThan(1);
    }
  });

  it('lets nobody connect but those who need it, and nobody to the monitoring of the broker', () => {
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    const matching = ({ matchLabels = {} }: Selector): readonly string[] =>
      workloads
        .filter(({ labels }) => Object.entries(matchLabels).every(([label, value]) => labels[label] === value))
        .map(({ name }) => name);
    const closed = policies.find(({ metadata }) => metadata.name === 'nothing');
    expect(closed?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const edges = (side: 'ingress' | 'egress'): ReadonlySet<string> => {
      const found = new Set<string>();
      for (const { spec } of policies) {
        const subjects = matching(spec.podSelector ?? {});
        expect(subjects).not.toEqual([]);
        for (const rule of spec[side] ?? []) {
          for (const peer of (side === 'ingress' ? rule.from : rule.to) ?? [{}]) {
            const others = peer.namespaceSelector === undefined ? matching(peer.podSelector ?? {}) : ['dns'];
            for (const [one, other] of subjects.flatMap((subject) => others.map((name) => [subject, name] as const))) {
              const [from, to] = side === 'ingress' ? [other, one] : [one, other];
              for (const { port } of rule.ports) if (to !== 'dns') found.add(`${from} > ${to}:${port}`);
            }
          }
        }
      }
      return found;
    };
    const needed = [
      ...PROCESSES.map((name) => `${name} > nats:4222`),
      ...[...SERVICES, 'ledger-accounts'].map((name) => `${name} > eventstore:2113`),
    ];
    expect([...edges('egress')].sort()).toEqual(needed.toSorted());
    expect([...edges('ingress')].sort()).toEqual(needed.toSorted());
    const ports = manifests.filter(({ kind }) => kind === 'Service').flatMap(({ spec }) => spec.ports ?? []);
    expect(ports.map(({ port }) => port).sort()).toEqual([2113, 4222, 80, 8080]);
  });
});

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly 'x-settings': Readonly<Record<string, string>>;
}

describe('docker-compose.yml', () => {
  const compose = parse(textOf('docker-compose.yml'), { merge: true }) as Compose;
  const services = Object.entries(compose.services);
  /** Path in the container and file of each secret of a service. */
  const secretsOf = ({ secrets: listed = [] }: ComposeService): readonly (readonly [string, string])[] =>
    listed.map((entry) => {
      const { source, target } = typeof entry === 'string' ? { source: entry, target: entry } : entry;
      const path = target.startsWith('/') ? target : `/run/secrets/${target}`;
      return [path, compose.secrets[source]?.file.replace('deploy/secrets/', '') ?? 'undeclared'];
    });

  it('lets no container be root, write to its image or gain rights', () => {
    for (const [name, service] of services) {
      expect({ name, ...service }).toMatchObject({
        user: '1000:1000',
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      if (service.image === 'cairn') continue;
      expect(service.image.replace(/^\$\{[A-Z_]+:-(.*)\}$/, '$1')).toMatch(EXACT_VERSION);
    }
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([['gateway', '127.0.0.1:8080:8080']]);
  });

  it('gives each service its own secrets only, which make-secrets.sh makes', () => {
    for (const [name, service] of services) {
      const foreign = secretsOf(service)
        .map(([, file]) => file)
        .filter((file) => !PUBLIC_FILES.includes(file) && !file.startsWith(`${name}/`));
      const accounts = [...SERVICES.map((each) => `${each}/eventstore-password`), 'eventstore/admin-password'];
      expect([name, foreign.sort()]).toEqual([name, name === 'ledger-accounts' ? accounts.sort() : []]);
    }
    const files = Object.values(compose.secrets).map(({ file }) => file);
    expect(files.filter((file) => !existsSync(join(root, file.replace('deploy/', ''))))).toEqual([]);
  });

  it('passes on every setting with its default, and no other variable', () => {
    const isConnection = (name: string): boolean => /^(NATS|BUS|EVENTSTORE)_|_FILE$/.test(name);
    // The image sets these.
    const inside = ['PORT', 'HOST', 'CAIRN_DATA_DIR'];
    const settings = Object.entries(new Environment())
      .filter(([name]) => !isConnection(name) && ![...inside, ...SECRET_VARIABLES].includes(name))
      .map(([name, value]) => [name, `\${${name}:-${String(value ?? '')}}`] as const);
    expect(compose['x-settings']).toEqual(Object.fromEntries(settings));
    for (const name of PROCESSES) {
      const { environment = {}, ...service } = compose.services[name] ?? { image: '' };
      expect(Object.keys(environment).filter((variable) => !variables.includes(variable))).toEqual([]);
      expect(environment).toMatchObject(Object.fromEntries(settings));
      const paths = secretsOf(service).map(([path]) => path);
      const named = Object.values(environment).filter((value) => String(value).startsWith('/run/secrets/'));
      expect(named.filter((path) => !paths.includes(String(path)))).toEqual([]);
      expect(named.length).toBeGreaterThan(3);
    }
  });
});
