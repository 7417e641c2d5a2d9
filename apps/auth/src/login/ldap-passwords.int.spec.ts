import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { eventually } from '#platform/testing/eventually.js';
import { LdapPasswords } from './ldap-passwords.js';

it('lets no client occupy a directory that answers late', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const passwords = new LdapPasswords({ url, base: 'dc=example', log: { warn: () => undefined } });
  const many = Array.from({ length: 100 }, () => passwords.isRight('greedy', 'pingu', 'guess'));
  await eventually(() => sockets.length, 16);
  const another = passwords.isRight('modest', 'zed', 'right');
  await eventually(() => sockets.length, 17);
  for (const socket of sockets) socket.destroy();
  expect(await Promise.all([...many, another])).toEqual(new Array(101).fill(undefined));
  const later = passwords.isRight('greedy', 'pingu', 'guess');
  await eventually(() => sockets.length, 18);
  for (const socket of sockets) socket.destroy();
  await later;
  server.close();
});
