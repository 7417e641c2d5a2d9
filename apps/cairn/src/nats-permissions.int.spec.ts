import { readFileSync } from 'node:fs';
import { declaredContracts } from '#bus/contract.js';
import { natsPermissions } from './nats-permissions.js';

describe('permissions of the processes at the broker', () => {
  it('are in deploy/nats as they follow from the contracts (npm run permissions)', () => {
    expect(readFileSync('deploy/nats/permissions.conf', 'utf8')).toBe(natsPermissions());
  });

  it('let no service send what others keep secret', () => {
    const sealed = declaredContracts().filter(({ isSealed }) => isSealed);
    expect(sealed.length).toBeGreaterThan(5);
    for (const { subject, calledBy } of sealed) {
      expect([subject, calledBy.filter((name) => name !== 'datasets')]).toEqual([subject, []]);
    }
  });
});
