import { Policies } from '../../engine/policies.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { iceprodPolicy } from '../policy.js';

/** The engine with no other dialect than IceProd. */
export const iceprodUnits = (): UnitProjection => new UnitProjection(new Policies({ iceprod: iceprodPolicy }));
