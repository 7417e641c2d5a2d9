import type { SlurmConfig } from './batch-scheduler.js';
import { BadSlurmConfig, sbatchOptions } from './sbatch-options.js';

const CONFIG: SlurmConfig = {
  _key: '120',
  _id: 'slurm_schedulers__97/120',
  name: 'short',
  account: 'project1',
  nodes: 2,
};

describe('options of sbatch', () => {
  it('are the fields of the configuration, a word each', () => {
    expect(
      sbatchOptions({
        ...CONFIG,
        ...{ gres: 'gpu:2', mem: '90G', tmp: '10G', ntasks_per_node: 4, partition: 'main', qos: 'normal' },
        walltime: '2-00:00:00',
      }),
    ).toEqual([
      '--account=project1',
      '--partition=main',
      '--qos=normal',
      '--time=2-00:00:00',
      '--nodes=2',
      '--gres=gpu:2',
      '--mem=90G',
      '--tmp=10G',
      '--ntasks-per-node=4',
    ]);
  });

  it('leave out what is null, empty or absent', () => {
    expect(sbatchOptions({ ...CONFIG, gres: null, partition: '' })).toEqual(['--account=project1', '--nodes=2']);
  });

  it('begin with the words of extra, so that fields win', () => {
    const extra = `--exclusive --reservation 'next week' -C "a&b" --account=other`;
    expect(sbatchOptions({ ...CONFIG, extra })).toEqual([
      ...['--exclusive', '--reservation=next week', '-Ca&b', '--account=other'],
      ...['--account=project1', '--nodes=2'],
    ]);
  });

  it('never take a value for another option', () => {
    expect(sbatchOptions({ ...CONFIG, account: '--wrap=id; $(id)' })[0]).toBe('--account=--wrap=id; $(id)');
  });

  it.each([
    ['extra', '--exclusive\n--wrap=id', 'line end'],
    ['extra', 'script.sh', 'script.sh is no option'],
    ['extra', '--exclusive=user script.sh', 'script.sh is no option'],
    ['extra', '--reservation next script.sh', 'script.sh is no option'],
    ['extra', '-- script.sh', '-- is no option'],
    ['extra', '--wrap=id', '--wrap=id would replace the worker'],
    ['extra', "-C ''", '-C has no value'],
    ['extra', '--wra id', '--wra=id would replace the worker'],
    ['extra', `--comment='open`, "the quote ' is not closed"],
    ['account', 'a\n#SBATCH --wrap=id', 'line end'],
    ['walltime', '1:00\r', 'line end'],
  ])('refuse %s of %j', (field, value, message) => {
    const options = (): unknown => sbatchOptions({ ...CONFIG, [field]: value });
    expect(options).toThrow(BadSlurmConfig);
    expect(options).toThrow(`scheduler short: ${field}:`);
    expect(options).toThrow(message);
  });
});
