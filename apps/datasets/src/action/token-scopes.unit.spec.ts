import { withTokenScopes } from './token-scopes.js';

const PREFIX = 'osdf:///icecube/wipac';

const scopesOf = (data: readonly object[], fields: object = {}): unknown => {
  const config = { steering: { parameters: { dir: 'sim/2024' } }, tasks: [{ name: 'a', data, ...fields }] };
  const { tasks } = JSON.parse(withTokenScopes(JSON.stringify(config), [PREFIX], 700)) as {
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
    ['/exp/2023/0131/Run00123456/x.i3', '/exp/2023'],
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
    expect(withTokenScopes(text, [PREFIX], 700)).toBe(text);
    expect(withTokenScopes(text, [], 1)).toBe(text);
  });
});
