import { ExpansionBudget } from '#contracts/iceprod/config/expand.js';
import { needsOf, withTokenScopes } from './token-scopes.js';

const PREFIX = 'osdf:///icecube/wipac';

const scopesOf = (data: readonly object[], fields: object = {}): unknown => {
  const config = {
    steering: { parameters: { dir: 'sim/2024' } },
    options: { size: 'big' },
    tasks: [{ name: 'a', data, ...fields }],
  };
  const { tasks } = JSON.parse(withTokenScopes(JSON.stringify(config), [PREFIX], 700, new ExpansionBudget())) as {
    tasks: { token_scopes?: unknown }[];
  };
  return tasks[0]?.token_scopes;
};

const file = (path: string, movement = 'input') => ({ type: 'permanent', movement, remote: PREFIX + path });

describe('withTokenScopes', () => {
  it.each([
    ['/data/gcd/Geo.i3', '/data/gcd'],
    ['/$steering(dir)/x_$(job).i3', '/sim/2024'],
    ['/data/$(job)/x.i3', '/data'],
    ['/data/000000-000999/x.i3', '/data'],
    ['/data/level2_0000000-0000999/x.i3', '/data'],
    ['/data/2020-21/x.i3', '/data/2020-21'],
    ['/exp/2023/0131/Run00123456/x.i3', '/exp/2023'],
    ['/IceCube/2023/filtered/level2/1231/x.i3', '/IceCube/2023/filtered/level2'],
    ['/sim/1234/x.i3', '/sim/1234'],
    ['/sim/$(jobs_submitted)/x.i3', '/sim/700'],
    ['/sim/$args(size)/x.i3', '/sim/big'],
    ['/x.i3', '/'],
    ['/$(job).i3', '/'],
  ])('lets tasks read where %s stands', (path, folder) => {
    expect(scopesOf([file(path)])).toEqual({ [PREFIX]: `storage.read:${folder}` });
  });

  it('lets tasks write what they put out, and merges what was written by hand', () => {
    const manual = { token_scopes: { [PREFIX]: 'storage.read:/other storage.read:/$(x)', other: 'storage.read:/z' } };
    expect(scopesOf([file('/b/x', 'output'), file('/a/x', 'both'), file('/a/x')], manual)).toEqual({
      [PREFIX]: 'storage.modify:/a storage.modify:/b storage.read:/a storage.read:/other',
      other: 'storage.read:/z',
    });
  });

  it('leaves other places, and everything else, as it is', () => {
    expect(
      scopesOf([
        { type: 'permanent', remote: 'gsiftp://x/y' },
        { ...file('/a/x'), type: 'job_temp' },
      ]),
    ).toBeUndefined();
    const text = '{"2":1.0,"1":12345678901234567890,"tasks":[{"name":"a","x":1e5}]}';
    expect(withTokenScopes(text, [PREFIX], 700, new ExpansionBudget())).toBe(text);
    expect(withTokenScopes(text, [], 1, new ExpansionBudget())).toBe(text);
  });

  it('counts what stands there, and not what only begins with the same letters', () => {
    expect(scopesOf([{ ...file(''), remote: `${PREFIX}-backup/x/y` }])).toBeUndefined();
    expect(scopesOf([{ ...file(''), remote: `${PREFIX}//x//y` }])).toEqual({ [PREFIX]: 'storage.read:/x' });
  });

  it('looks into trays and modules of configs whose data may stand there', () => {
    const trays = [{ data: [file('/tray/x')], modules: [{ data: [file('/module/x', 'output')] }] }];
    expect(scopesOf([], { trays })).toEqual({ [PREFIX]: 'storage.modify:/module storage.read:/tray' });
  });
});

describe('needsOf', () => {
  it('is what all tasks need at each place, each word once', () => {
    const tasks = [
      { token_scopes: { a: 'storage.read:/x storage.read:/y', b: '' } },
      { token_scopes: { a: 'storage.modify:/x storage.read:/x storage.read:/$(job)', c: 'storage.read:/z' } },
      {},
    ];
    expect([...needsOf(JSON.stringify({ tasks }), ['a', 'b'])]).toEqual([
      ['a', 'storage.modify:/x storage.read:/x storage.read:/y'],
    ]);
  });
});
