import { Controller } from '@nestjs/common';
import { CAIRN_VERSION } from '#platform/version.js';
import type { RouteResponse } from '../route/route.js';
import { Serves } from '../route/serves.decorator.js';
import { serverRoutes as routes } from './server.routes.js';
import { messageOf } from './torc-answers.js';

/** Of the API that clients of the ArangoDB generation speak. */
const TORC_VERSION = '0.6.4';

@Controller()
export class ServerController {
  @Serves(routes.ping)
  ping(): RouteResponse {
    return messageOf('Torc service is running');
  }

  @Serves(routes.version)
  version(): RouteResponse {
    return JSON.stringify({ version: TORC_VERSION, cairn_version: CAIRN_VERSION });
  }
}
