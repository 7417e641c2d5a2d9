import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '#platform/domain-error.js';
import { whenShown } from './when-shown.js';

const LATER = new DomainError('unavailable', 'visibility.later', 'not yet');

/** A bus on which services answer so many times that they do not show it yet. */
const showingAfter = (times: number, refusal: Error = LATER) => {
  const asked: string[] = [];
  const request = async ({ service }: { readonly service: string }): Promise<object> => {
    asked.push(service);
    await delay(1);
    if (asked.filter((each) => each === service).length <= times) throw refusal;
    return {};
  };
  return { asked, bus: { request } };
};

describe('whenShown', () => {
  it('waits for one service after the other', async () => {
    const { asked, bus } = showingAfter(2);
    await whenShown(bus, ['datasets', 'tasks'], 7);
    expect(asked).toEqual(['datasets', 'datasets', 'datasets', 'tasks', 'tasks', 'tasks']);
  });

  it('does not wait for ever', async () => {
    await expect(whenShown(showingAfter(Infinity).bus, ['datasets', 'tasks'], 7, 20)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'past.stuck',
      message: 'The datasets of position 7 cannot be made from the history, see the log',
    });
  });

  it('passes on other failures at once', async () => {
    const { asked, bus } = showingAfter(1, new Error('broken'));
    await expect(whenShown(bus, ['tasks'], 7)).rejects.toThrow('broken');
    expect(asked).toHaveLength(1);
  });
});
