import { type Nothing, query } from '#bus/contract.js';
import type { FromDocument } from './queues.js';

/** A user who has an entry of its own (PanDA contract 2.6, 2.7, 10.1). Users without one have no flags and are not banned. */
export interface PandaUser {
  /** Compact name. */
  readonly name: string;
  /** Letters of contract 2.6. */
  readonly flags: string;
  readonly status: 'ok' | 'disabled';
  readonly email: string | null;
}

/** Who signs tokens of a VO: an identity provider by its discovery document, or `cairn` for the server itself. */
export type VoIssuer =
  | 'cairn'
  | {
      readonly oidc_config_url: string;
      /** Accepted client keys (contract 2.5). */
      readonly audiences: readonly string[];
      readonly jwt_profile: string | null;
    };

/** A group whose members may omit the role: they get this one, but no FQAN (contract 2.5, 10.1). */
export interface VoMember {
  readonly group: string;
  readonly role: string | null;
}

/** What `/auth/<vo>_auth_config.json` tells panda-client, which lacks `oidc_config_url` and `vo` here. */
export interface VoClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly audience: string;
}

/** A virtual organisation (contract 2.5, 10.1). */
export interface Vo {
  readonly name: string;
  readonly issuers: readonly VoIssuer[];
  readonly members: readonly VoMember[];
  /** Roles that are the production role (contract 2.4). */
  readonly production_groups: readonly string[];
  /** Roles that are enough for pilots, events and harvester (contract 2.4). */
  readonly pilot_groups: readonly string[];
  readonly auto_roles: readonly string[];
  /** Subjects that skip the check of groups. */
  readonly robots: readonly string[];
  readonly client: VoClient | null;
}

/** All VOs, in the order of their names. */
export const GetPandaVos = query<Nothing, { readonly vos: readonly Vo[] }>('pilots', 'panda.vos');
/** All users with an entry, in the order of their names. */
export const GetPandaUsers = query<Nothing, { readonly users: readonly PandaUser[] }>('pilots', 'panda.users');

/** Events of the stream `directory-panda.main.configuration` besides `PandaConfigurationEvents`; `pilots` writes and reads them. */
export interface PandaDirectoryEvents {
  /** A user got an entry of their own, or it changed. */
  readonly UserConfigured: FromDocument & { readonly user: PandaUser };
  /** A user's entry was removed. */
  readonly UserRemoved: FromDocument & { readonly name: string };
  /** A VO was added or changed. */
  readonly VoConfigured: FromDocument & { readonly vo: Vo };
  /** A VO was removed. */
  readonly VoRemoved: FromDocument & { readonly name: string };
  /** A storage endpoint was added or changed. `document` is raw JSON: the value of the endpoint in `/cache/ddmendpoints.json`. */
  readonly StorageConfigured: FromDocument & { readonly name: string; readonly document: string };
  /** A storage endpoint was removed. */
  readonly StorageRemoved: FromDocument & { readonly name: string };
}
