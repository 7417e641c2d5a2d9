import { generateKeyPairSync } from 'node:crypto';
import type { ProcessName } from './contract.js';
import { MessageFrames, MessageRefused } from './message-frames.js';
import type { MessageKeys } from './message-keys.js';
import { makeTestKeys } from './testing/message-keys.js';
import { memoryLog } from './testing/serve-module.js';

const { log, logged } = memoryLog();
const framesOf = (keys: MessageKeys): MessageFrames => new MessageFrames(keys.name, keys, log);

describe('MessageFrames', () => {
  const keys = makeTestKeys();
  const [gateway, tasks, pilots] = [framesOf(keys.gateway), framesOf(keys.tasks), framesOf(keys.pilots)];
  const bound = 'request cairn.v1.tasks.task.get _INBOX.gateway.1';
  const body = Buffer.from('{"text":"é"}');

  it.each([1, 100, 16 * 1024, 300_000])('carry %d bytes and who wrote them', (size) => {
    const bytes = Buffer.alloc(size, 'é');
    const frame = tasks.read(bound, gateway.write('tasks', bound, 'json', bytes));
    expect(frame).toMatchObject({ from: 'gateway', form: 'json' });
    expect(frame.body.equals(bytes)).toBe(true);
  });

  it('are refused when anything in them or what they are bound to is changed', () => {
    for (const bytes of [body, Buffer.alloc(100_000, 7)]) {
      const written = gateway.write('tasks', bound, 'json', bytes);
      const head = written.indexOf('\n');
      for (const at of [...Array(head + 1).keys(), head + 1, written.length - 1]) {
        const changed = Buffer.from(written);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        expect(() => tasks.read(bound, changed)).toThrow(MessageRefused);
      }
      expect(() => tasks.read(`${bound}2`, written)).toThrow(MessageRefused);
      expect(() => tasks.read(bound, written.subarray(0, -1))).toThrow(MessageRefused);
    }
  });

  it('are refused by another process than the one they were written for, and by their writer', () => {
    const written = gateway.write('tasks', bound, 'json', body);
    expect(() => pilots.read(bound, written)).toThrow(MessageRefused);
    expect(() => gateway.read(bound, written)).toThrow(MessageRefused);
    expect(tasks.read(bound, tasks.write('tasks', bound, 'json', body)).from).toBe('tasks');
  });

  it('are refused from a process that writes the name of another', () => {
    const forged = new MessageFrames('gateway', { ...keys.pilots, name: 'gateway' }, log);
    expect(() => tasks.read(bound, forged.write('tasks', bound, 'json', body))).toThrow(MessageRefused);
  });

  it('are refused when only one side has keys', () => {
    const [plainGateway, plainTasks] = (['gateway', 'tasks'] as const).map(
      (name: ProcessName) => new MessageFrames(name, undefined, log),
    );
    const plain = plainGateway?.write('tasks', bound, 'json', body) ?? Buffer.alloc(0);
    expect(plainTasks?.read(bound, plain).body).toEqual(body);
    expect(() => tasks.read(bound, plain)).toThrow(MessageRefused);
    expect(() => plainTasks?.read(bound, gateway.write('tasks', bound, 'json', body))).toThrow(MessageRefused);
  });

  it('accept old keys and new ones while keys are replaced', () => {
    const fresh = generateKeyPairSync('x25519');
    const of = { ...keys.gateway.of, gateway: [...keys.gateway.of.gateway, fresh.publicKey] };
    const told = framesOf({ ...keys.tasks, of });
    const renewed = framesOf({ ...keys.gateway, own: [fresh.privateKey, ...keys.gateway.own], of });
    expect(told.read(bound, gateway.write('tasks', bound, 'json', body)).body).toEqual(body);
    expect(told.read(bound, renewed.write('tasks', bound, 'json', body)).body).toEqual(body);
    expect(renewed.read(bound, told.write('gateway', bound, 'json', body)).body).toEqual(body);
    expect(() => tasks.read(bound, renewed.write('tasks', bound, 'json', body))).toThrow(MessageRefused);
  });

  it('seal a text for one reader', () => {
    const sealed = gateway.seal('tasks', bound, body);
    expect(sealed.includes('text')).toBe(false);
    const frame = tasks.read(bound, gateway.write('tasks', bound, 'sealed', sealed));
    expect(tasks.unseal(frame, bound, frame.body)).toEqual(body);
    expect(() => tasks.unseal(frame, `${bound}2`, frame.body)).toThrow(MessageRefused);
    expect(() => tasks.unseal(frame, bound, frame.body.subarray(0, -1))).toThrow(MessageRefused);
    expect(() => tasks.unseal(frame, bound, Buffer.alloc(3))).toThrow(MessageRefused);
    expect(gateway.seal('tasks', bound, body)).not.toEqual(sealed);
  });

  it('do not flood the log when a stranger tries again and again', () => {
    for (let count = 0; count < 100; count += 1) expect(() => pilots.read(bound, body)).toThrow(MessageRefused);
    expect(logged().split('\n').length).toBeLessThan(12);
  });
});
