import type { Provider } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { TargetAddresses } from './target-addresses.js';
import { WebhookDeliveries } from './webhook-deliveries.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhookTargets } from './webhook-targets.js';

/** What webhooks are made of. */
export const webhookProviders: readonly Provider[] = [
  {
    provide: TargetAddresses,
    inject: [Environment],
    useFactory: ({ WEBHOOK_NETWORKS: listed }: Environment) => new TargetAddresses(listed),
  },
  WebhookSender,
  WebhookTargets,
  WebhookDeliveries,
];
