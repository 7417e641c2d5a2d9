import { PathTable } from './path-table.js';

const table = (): PathTable => {
  const paths = new PathTable();
  paths.add('/groups', ['GET', 'POST']);
  paths.add('/groups/*', ['GET', 'DELETE']);
  paths.add('/groups/*', ['PUT']);
  paths.add('/groups/:groupname/credentials', ['POST']);
  paths.add('/auth/:uid', ['GET']);
  paths.add('/auth/device', ['POST']);
  paths.add('/auth/device/:uid', ['GET']);
  paths.add('/queues/:name.all.json', ['GET']);
  paths.add('/queues/:name.json', ['GET', 'HEAD']);
  paths.add('/vos/:vo([\\w.-]+)_config.json', ['GET']);
  return paths;
};

describe('the table of paths', () => {
  it.each([
    ['/groups', ['GET', 'POST']],
    ['/groups/a/b', ['GET', 'DELETE', 'PUT']],
    ['//groups///a', ['GET', 'DELETE', 'PUT']],
    ['/groups/a/credentials', ['POST']],
    ['/auth/x', ['GET']],
    ['/auth/device', ['POST']],
    ['/auth/x/y', []],
    ['/group', []],
    ['/queues/x.txt', []],
    ['/queues/x.json', ['GET', 'HEAD']],
    ['/vos/x_config.json', ['GET']],
    ['/vos/x', []],
    ['/', []],
  ])('knows the verbs of %s', (path, methods) => {
    expect(table().methodsOf(path)).toEqual(methods);
  });

  it.each([
    ['/groups/*', '/groups/a/credentials', true],
    ['/groups/*', '/groups/a//credentials', true],
    ['/groups/*', '/groups/a/b', false],
    ['/groups/:groupname/credentials', '/groups/a/credentials', false],
    ['/auth/:uid', '/auth/device', true],
    ['/auth/:uid', '/auth/x', false],
    ['/auth/device', '/auth/device', false],
    ['/queues/:name.all.json', '/queues/x.all.json', false],
    ['/auth/device/:uid', '/auth/device/x', false],
  ])('lets %s serve %s unless a path of its own is there (%j)', (declared, path, shadowed) => {
    expect(table().isShadowed(declared, path)).toBe(shadowed);
  });
});
