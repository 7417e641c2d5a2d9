import { RequestSource } from '../route/request-source.js';
import { cairn } from './cairn.dialect.js';

/** What a route reads from a query; else the text of the error. */
const read = (name: string, query: Readonly<Record<string, string | readonly string[]>>): unknown => {
  const route = cairn.routes.find((one) => one.name === name);
  if (route === undefined) throw new Error(`There is no route ${name}`);
  const params = { workload: 'a', unit_id: 'a', person: 'a' };
  try {
    return route.read(new RequestSource({ params, query, body: undefined, dialect: cairn }));
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};

const NAMES = Array.from({ length: 51 }, (_, index) => `n${index}`).join(',');

describe('parameters of the history', () => {
  it.each([
    ['listEvents', 'limit', '0'],
    ['listEvents', 'limit', '1e9'],
    ['listEvents', 'limit', '99999999999999999999'],
    ['listEvents', 'after', '4711.0'],
    ['listEvents', 'up_to', '-1'],
    ['listEvents', 'cursor', '99999999999999999'],
    ['listEvents', 'from', 'yesterday'],
    ['listEvents', 'until', '2026-01-31T12:00:00'],
    ['listEvents', 'until', '2026-99-31T12:00:00Z'],
    ['listEvents', 'order', 'random'],
    ['listEvents', 'actor', NAMES],
    ['listEvents', 'type', 'UnitFailed,'],
    ['listEvents', 'type', 'UnitFaild'],
    ['listEvents', 'dialect', 'klingon'],
    ['listEvents', 'workload', ''],
    ['followEvents', 'acter', 'alice'],
    ['followEvents', 'after', 'now'],
    ['followEvents', 'workload', ','],
    ['getWorkloadAt', 'position', '-1'],
    ['getWorkloadAt', 'position', '1.5'],
    ['compareWorkload', 'from', '9999999999999999'],
    ['compareWorkload', 'to', '2026-01-31'],
    ['compareWorkload', 'limit', '1001'],
    ['getUnitHistory', 'limit', 'many'],
    ['getPersonHistory', 'cursor', '1.2.3'],
    ['listCheckpoints', 'limit', '1001'],
    ['listWorkloads', 'sort', '--created'],
    ['listWorkloads', 'created_from', '2026'],
    ['listWorkloads', 'phase', 'asleep'],
  ])('%s refuses %s=%s with its name', (route, name, value) => {
    expect(read(route, { [name]: value })).toMatch(new RegExp(`^${name} must be `));
  });

  it('take alternatives with commas, or one by one', () => {
    const type = ['UnitFailed', 'UnitsMoved'];
    expect(read('listEvents', { type: 'UnitFailed, UnitsMoved' })).toMatchObject({ type });
    expect(read('followEvents', { type })).toMatchObject({ type });
  });

  it('take zones whose plus sign was not escaped', () => {
    const time = { time_micros: Date.parse('2026-01-31T11:00:00Z') * 1000 };
    expect(read('getWorkloadAt', { time: '2026-01-31T12:00:00 01:00' })).toMatchObject(time);
    expect(read('compareWorkload', { from: '2026-01-31T12:00:00 01:00' })).toMatchObject({ from: time });
  });
});
