import { readerOf } from '../protocol/parameters.js';
import { pilotFunctions } from './pilot.functions.js';

const read = readerOf(pilotFunctions.update_job);
const REPORT = { job_id: 1, job_status: 'running' };

describe('parameters of update_job', () => {
  const readWith = (name: string, value: unknown) =>
    read(new Map(Object.entries({ ...REPORT, [name]: value })), 'json');

  it.each([
    ['trans_exit_code', '65', 65],
    ['trans_exit_code', 65, 65],
    ['pilot_error_code', '-1305', -1305],
    ['mean_core_count', 7.5, 7.5],
    ['max_rss', 1.5, 1.5],
    ['n_events', null, null],
    ['cpu_architecture_level', 'x86_64-v3', 'x86_64-v3'],
    ['cpu_architecture_level', 3, '3'],
    ['node', { a: 1 }, null],
    ['meta_data', { a: 1 }, '{"a":1}'],
  ])('take %s: %j as %j', (name, value, expected) => {
    expect(readWith(name, value)).toHaveProperty(['values', name], expected);
  });

  it.each([
    ['job_id', '1', "Type error: 'job_id' must be of type int, got str."],
    ['attempt_nr', '1', "Type error: 'attempt_nr' must be of type int, got str."],
    ['exe_error_code', '65', "Type error: 'exe_error_code' must be of type int, got str."],
    ['trans_exit_code', 'bad', "Type error: 'trans_exit_code' must be of type int, got str."],
    ['cpu_consumption_time', 1.5, "Type error: 'cpu_consumption_time' must be of type int, got float."],
    ['max_rss', '1', "Type error: 'max_rss' must be of type int | float, got str."],
    ['no_such', 1, "Argument error: got an unexpected keyword argument 'no_such'"],
  ])('refuse %s: %j', (name, value, problem) => {
    expect(readWith(name, value)).toEqual({ problem });
  });
});
