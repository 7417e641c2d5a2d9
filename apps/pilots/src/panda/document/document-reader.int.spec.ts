import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller, Contract } from '#bus/contract.js';
import {
  type ConfigurationSection,
  GetConfiguration,
  ListConfiguration,
  RemoveConfiguration,
  SetConfiguration,
} from '#contracts/panda/administration.js';
import { GetPandaUsers, GetPandaVos } from '#contracts/panda/configuration.js';
import { GetQueueDocument, GetResourceTypes, GetSiteSpecs } from '#contracts/panda/queue-documents.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { PilotsModule } from '../../pilots.module.js';
import { DocumentReader } from './document-reader.js';

const ADMIN: Caller = { subject: 'ada', username: 'ada', roles: ['admin'], groups: [] };

let folder: string;
let file: string;
let host: ServiceHost;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'panda-config-'));
  file = join(folder, 'site.yaml');
});
afterEach(async () => {
  await host.end();
  rmSync(folder, { recursive: true });
});

const startWith = async (document?: string): Promise<void> => {
  if (document !== undefined) writeFileSync(file, document);
  host = new ServiceHost(PilotsModule, document === undefined ? {} : { CAIRN_PANDA_CONFIG: file });
  await host.start();
};

const rewrite = async (document: string): Promise<void> => {
  writeFileSync(file, document);
  await host.part(DocumentReader).check();
};

const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
  host.request(contract, request, ADMIN);

const queues = async (): Promise<Readonly<Record<string, unknown>>> => {
  const { document } = await ask(GetSiteSpecs, { type: 'all' });
  const specs = JSON.parse(document) as Record<string, { status: string; maxrss: number }>;
  return Object.fromEntries(Object.entries(specs).map(([name, { status, maxrss }]) => [name, [status, maxrss]]));
};

const set = (section: ConfigurationSection, name: string, value: unknown): Promise<unknown> =>
  ask(SetConfiguration, { section, name, document: JSON.stringify(value) }).then(({ document }): unknown =>
    JSON.parse(document),
  );

const refusal = (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'accepted',
    (error: unknown) => (error as Error).message,
  );

const eventsSince = async (count: number): Promise<readonly string[]> => {
  const streams = ['site-panda.main.A', 'site-panda.main.B', 'directory-panda.main.configuration'];
  const events = await Promise.all(streams.map((stream) => host.ledger.readStream(stream)));
  return events
    .flat()
    .slice(count)
    .map(({ type }) => type);
};

describe('the configuration', () => {
  it('has a queue and a VO without a document', async () => {
    await startWith();
    expect(await queues()).toEqual({ LOCAL: ['online', 0] });
    expect((await ask(GetPandaVos, {})).vos.map(({ name, issuers }) => [name, issuers])).toEqual([['wlcg', ['cairn']]]);
    expect(await ask(GetPandaUsers, {})).toEqual({ users: [] });
    expect(JSON.parse((await ask(GetResourceTypes, {})).document)).toHaveLength(4);
    const document = await ask(GetQueueDocument, { name: 'LOCAL' });
    expect(JSON.parse(document.document)).toMatchObject({ nickname: 'LOCAL', status: 'online' });
    await host.rebuild();
    expect(await ask(GetQueueDocument, { name: 'LOCAL' })).toEqual(document);
  });

  it('follows the document, and writes only what changed', async () => {
    await startWith('queues: {A: {maxrss: 1}, B: {}}\nusers: {U: {flags: k}}');
    expect(await queues()).toEqual({ A: ['online', 1], B: ['online', 0] });
    const before = (await eventsSince(0)).length;
    await rewrite('queues: {B: {}, A: {maxrss: 1}}\nusers: {U: {flags: k, status: ok}}');
    // The entry of the user says the same, but was written anew.
    expect(await eventsSince(before)).toEqual(['UserConfigured']);
    await rewrite('queues: {A: {maxrss: 2}}\nusers: {V: {status: disabled}}');
    expect(await queues()).toEqual({ A: ['online', 2] });
    expect((await ask(GetPandaUsers, {})).users).toEqual([{ name: 'V', flags: '', status: 'disabled', email: null }]);
    await host.rebuild();
    expect(await queues()).toEqual({ A: ['online', 2] });
  });

  it('lets changes through the API last until the document says something else', async () => {
    await startWith('queues: {A: {maxrss: 1}, B: {}}');
    expect(await set('queues', 'A', { status: 'offline' })).toMatchObject({ nickname: 'A', status: 'offline' });
    await ask(RemoveConfiguration, { section: 'queues', name: 'B' });
    await set('queues', 'C', {});
    const expected = { A: ['offline', 0], C: ['online', 0] };
    await rewrite('queues: {A: {maxrss: 1}, B: {}} # the same');
    expect(await queues()).toEqual(expected);
    await host.stop();
    await host.start();
    expect(await queues()).toEqual(expected);
    await host.rebuild();
    expect(await queues()).toEqual(expected);
    await rewrite('queues: {A: {maxrss: 3}, B: {maxrss: 4}}');
    expect(await queues()).toEqual({ A: ['online', 3], B: ['online', 4], C: ['online', 0] });
  });

  it('stays as it is when the document is faulty or gone', async () => {
    await startWith('queues: {A: {maxrss: 1}}');
    await rewrite('queues: {A: {maxrss: x}, B: {}}');
    expect(await queues()).toEqual({ A: ['online', 1] });
    rmSync(file);
    await host.part(DocumentReader).check();
    expect(await queues()).toEqual({ A: ['online', 1] });
    await rewrite('queues: {A: {maxrss: 5}}');
    expect(await queues()).toEqual({ A: ['online', 5] });
  });

  it('stops the start when the document is faulty', async () => {
    const fault = await refusal(startWith('queues: {SITE_A: {maxrss: many}, SITE_B: {status: up}}'));
    expect(fault).toBe(
      `CAIRN_PANDA_CONFIG is "${file}", which cannot be used:\nqueues.SITE_A.maxrss: must be an integer\n` +
        'queues.SITE_B.status: must be one of online, brokeroff, test, offline',
    );
  });

  it('checks what comes through the API', async () => {
    await startWith();
    expect(await refusal(set('queues', 'A', { maxrss: 'x' }))).toBe('queues.A.maxrss: must be an integer');
    expect(await refusal(set('users', 'U', { flags: 'q' }))).toContain('users.U.flags: must have no letters but');
    expect(await refusal(set('shares', 'S', { value: 1, parent: 'none' }))).toContain('names no share: none');
    expect(await refusal(set('shares', 'S', { name: 'T', value: 1 }))).toContain('with "S" as its name');
    expect(await refusal(set('shares', 'S', 3))).toContain('must be an object');
    for (const section of ['queues', 'users', 'vos', 'storages', 'shares', 'resource_types', 'retry_rules'] as const) {
      expect(await refusal(ask(RemoveConfiguration, { section, name: 'x' }))).toBe(`There is no x in ${section}`);
      expect(await refusal(ask(GetConfiguration, { section, name: 'x' }))).toBe(`There is no x in ${section}`);
    }
  });

  it('changes single shares and resource types in their order', async () => {
    await startWith();
    const names = async (section: ConfigurationSection, member: string): Promise<readonly unknown[]> =>
      (await ask(ListConfiguration, { section })).entries.map((entry) => (JSON.parse(entry) as never)[member]);
    expect(await set('shares', 'Express', { value: 5, parent: 'Test' })).toMatchObject({ value: 5, vo: null });
    await set('shares', 'Production', { value: 1, prodsourcelabel: 'managed' });
    expect(await names('shares', 'name')).toEqual(['Production', 'User Analysis', 'Test', 'Express']);
    expect(await refusal(ask(RemoveConfiguration, { section: 'shares', name: 'Test' }))).toContain(
      'names no share: Test',
    );
    await ask(RemoveConfiguration, { section: 'shares', name: 'Express' });
    await ask(RemoveConfiguration, { section: 'resource_types', name: 'SCORE_HIMEM' });
    expect(await names('resource_types', 'resource_name')).toEqual(['SCORE', 'MCORE', 'MCORE_HIMEM']);
    await host.rebuild();
    expect(await names('shares', 'name')).toEqual(['Production', 'User Analysis', 'Test']);
  });

  it('takes back what it shows', async () => {
    await startWith('users: {U: {flags: kp}}\nstorages: {DISK: {id: 3}}\nvos: {x: {issuers: [cairn]}}');
    const before = (await eventsSince(0)).length;
    for (const [section, name] of [
      ['users', 'U'],
      ['storages', 'DISK'],
      ['vos', 'x'],
      ['queues', 'LOCAL'],
    ] as const) {
      const { document } = await ask(GetConfiguration, { section, name });
      expect(await ask(SetConfiguration, { section, name, document })).toEqual({ document });
    }
    expect(await eventsSince(before)).toEqual([]);
  });

  it('lists many queues whole', async () => {
    const many = Array.from({ length: 120 }, (_, index) => `Q${String(index).padStart(3, '0')}`);
    await startWith(`queues: {${many.map((name) => `${name}: {}`).join(', ')}}`);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask(ListConfiguration, { section: 'queues', ...(cursor !== undefined && { cursor }) });
      listed.push(...page.entries.map((entry) => (JSON.parse(entry) as { nickname: string }).nickname));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(listed).toEqual(many);
  });
});
