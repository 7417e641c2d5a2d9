import { jsonEvent } from '@eventstore/db-client';
import users from '@eventstore/db-client/generated/users_pb.js';
import { type ServiceError, status } from '@grpc/grpc-js';
import { EventStoreDbConnection } from './eventstoredb-connection.js';

/** Of the users that Cairn's processes log in as. */
const GROUP = 'cairn';
const ADMINISTRATORS = '$admins';

/** What EventStoreDB grants for streams without rules of their own. */
const DEFAULT_RULES = {
  // Reading and appending is all that Cairn does: its users cannot delete streams, nor change who may use them.
  $userStreamAcl: { $r: GROUP, $w: GROUP, $d: ADMINISTRATORS, $mr: ADMINISTRATORS, $mw: ADMINISTRATORS },
  $systemStreamAcl: {
    $r: ADMINISTRATORS,
    $w: ADMINISTRATORS,
    $d: ADMINISTRATORS,
    $mr: ADMINISTRATORS,
    $mw: ADMINISTRATORS,
  },
};

type Answered = (error: ServiceError | null) => void;

const answer = (call: (answered: Answered) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    call((error) => (error === null ? resolve() : reject(error)));
  });

/** Whether the user exists, with another password. */
const isThere = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === status.FAILED_PRECONDITION;

/** @throws what gRPC throws */
const ensureUser = (connection: EventStoreDbConnection, name: string, password: string): Promise<void> =>
  connection.callUsers(async (client, metadata, options) => {
    const fullName = `Cairn ${name}`;
    const created = new users.CreateReq.Options();
    created.setLoginName(name).setPassword(password).setFullName(fullName).setGroupsList([GROUP]);
    try {
      await answer((done) => client.create(new users.CreateReq().setOptions(created), metadata, options, done));
    } catch (error) {
      if (!isThere(error)) throw error;
      const updated = new users.UpdateReq.Options();
      updated.setLoginName(name).setFullName(fullName).setGroupsList([GROUP]);
      await answer((done) => client.update(new users.UpdateReq().setOptions(updated), metadata, options, done));
      const reset = new users.ResetPasswordReq.Options();
      reset.setLoginName(name).setNewPassword(password);
      await answer((done) =>
        client.resetPassword(new users.ResetPasswordReq().setOptions(reset), metadata, options, done),
      );
    }
  });

/**
 * Makes users who may do what Cairn needs and nothing else: read and append to streams, and read `$all`. Users who exist get the given
 * password. These rules are for all streams that have no rules of their own, so the server should be Cairn's alone.
 *
 * @param connectionString with the login of an administrator
 * @param passwords by name of the user
 * @throws what the client throws
 */
export const ensureAccounts = async (
  connectionString: string,
  passwords: ReadonlyMap<string, string>,
): Promise<void> => {
  const connection = EventStoreDbConnection.open(connectionString);
  try {
    for (const [name, password] of passwords) await ensureUser(connection, name, password);
    await connection.appendToStream('$settings', jsonEvent({ type: '$settings', data: DEFAULT_RULES }));
    await connection.setStreamMetadata('$all', { acl: { readRoles: [ADMINISTRATORS, GROUP] } });
  } finally {
    connection.close();
  }
};
