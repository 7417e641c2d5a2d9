import { withCorrelation } from './correlation.js';
import type { LogLevel } from './environment.js';
import { createLog, NestLog } from './logging.js';

const logTo = (LOG_LEVEL: LogLevel) => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  return { log: createLog({ LOG_LEVEL }, 'tasks', { write }), lines };
};

describe('createLog', () => {
  it('writes JSON lines with level, service and fields', () => {
    const { log, lines } = logTo('info');
    log.info({ units: 3 }, 'added');
    expect(lines).toMatchObject([{ level: 'info', service: 'tasks', units: 3, msg: 'added' }]);
  });

  it('leaves out what is below the level', () => {
    const { log, lines } = logTo('warn');
    log.info({}, 'quiet');
    log.warn({}, 'loud');
    expect(lines).toMatchObject([{ msg: 'loud' }]);
  });

  it('carries the correlation id of the request, however late the line comes', async () => {
    const { log, lines } = logTo('info');
    await withCorrelation('request-1', async () => {
      await Promise.resolve();
      log.info({}, 'inside');
    });
    log.info({}, 'outside');
    expect(lines[0]).toMatchObject({ correlationId: 'request-1', msg: 'inside' });
    expect(lines[1]).not.toHaveProperty('correlationId');
  });

  it('hides secrets, also inside of headers and bodies', () => {
    const { log, lines } = logTo('info');
    log.info(
      { password: 'hunter2', headers: { authorization: 'Bearer abc' }, request: { body: { client_secret: 'xyz' } } },
      'sent',
    );
    expect(lines).toMatchObject([
      {
        password: '[hidden]',
        headers: { authorization: '[hidden]' },
        request: { body: { client_secret: '[hidden]' } },
      },
    ]);
  });

  it('hides secrets at any depth, and those in texts of errors', () => {
    const { log, lines } = logTo('info');
    const cause = new Error('connect nats://cairn:hunter2@broker:4222 failed');
    log.error({ error: new Error('no connection', { cause }), a: { b: { c: { token: 'hunter2' } } } }, 'failed');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(JSON.stringify(lines)).toContain('nats://[hidden]@broker:4222');
  });

  it('keeps message and stack of errors', () => {
    const { log, lines } = logTo('info');
    log.error({ error: new TypeError('boom') }, 'failed');
    expect(lines).toMatchObject([
      { error: { type: 'TypeError', message: 'boom', stack: expect.stringContaining('boom') as string } },
    ]);
  });
});

describe('NestLog', () => {
  it('passes warnings and errors on, with their context', () => {
    const { log, lines } = logTo('info');
    const nest = new NestLog(log);
    nest.log('wired', 'InstanceLoader');
    nest.warn('odd', 'Router');
    nest.error(new Error('boom'), 'ExceptionsHandler');
    nest.error('failed', 'Error: failed\n    at x', 'Scheduler');
    expect(lines).toMatchObject([
      { level: 'warn', context: 'Router', msg: 'odd' },
      { level: 'error', context: 'ExceptionsHandler', error: { message: 'boom' }, msg: 'boom' },
      { level: 'error', context: 'Scheduler', stack: 'Error: failed\n    at x', msg: 'failed' },
    ]);
  });
});
