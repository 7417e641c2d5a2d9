import { UnitProjection } from '../engine/unit-projection.js';
import { iceprodPolicy } from './policy.js';

/** Units of IceProd's `work-` streams: tasks. */
export class IceprodUnits extends UnitProjection {
  constructor() {
    super('iceprod', iceprodPolicy);
  }
}
