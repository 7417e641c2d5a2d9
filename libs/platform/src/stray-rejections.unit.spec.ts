import { Health } from './health.js';
import { createLog } from './logging.js';
import { Metrics } from './metrics.js';
import { surviveStrayRejections } from './stray-rejections.js';

describe('a promise that is rejected and that nobody awaits', () => {
  it('is counted, makes the process unready and its connections anew', async () => {
    const before = process.listeners('unhandledRejection');
    const [metrics, health] = [new Metrics(), new Health()];
    let reconnects = 0;
    const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
    surviveStrayRejections({ log, metrics, health, reconnect: () => (reconnects += 1) });
    expect(await health.report()).toMatchObject({ ready: true });
    const [added] = process.listeners('unhandledRejection').filter((listener) => !before.includes(listener));
    added?.(new Error('Failed to discover after 10 attempts.'), Promise.resolve());
    expect(reconnects).toBe(1);
    expect(await health.report()).toMatchObject({ ready: false });
    expect(await metrics.text()).toMatch(/^cairn_stray_rejections_total 1$/m);
    process.off('unhandledRejection', added as NodeJS.UnhandledRejectionListener);
  });
});
