import { NatsBus } from '#bus/nats-bus.js';
import { connectNats } from '#bus/nats-connection.js';
import { NatsStrategy } from '#bus/nats.strategy.js';
import { Parcels } from '#bus/parcels.js';
import { contextFor } from '#bus/testing/bus-contract.js';
import { startNatsServer } from '#bus/testing/nats-server.js';
import { memoryLog, serveModule } from '#bus/testing/serve-module.js';
import { Reached } from '#bus/visibility.js';
import { PilotsModule } from './pilots.module.js';

describe('pilots service', () => {
  it('answers over NATS that it shows everything', async () => {
    const server = await startNatsServer();
    const { log } = memoryLog();
    const connection = await connectNats(server.url, 'pilots', log);
    const parcels = new Parcels(connection);
    const service = await serveModule(PilotsModule, new NatsStrategy(connection, parcels, 'pilots', log), log);
    await expect(
      new NatsBus(connection, parcels).request(Reached('pilots'), { position: 7 }, contextFor()),
    ).resolves.toEqual({});
    await service.close();
    await connection.close();
    await server.remove();
  });
});
