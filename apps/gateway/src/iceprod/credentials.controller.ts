import { Controller } from '@nestjs/common';
import {
  AmendCredential,
  CreateCredential,
  type IceprodCredentialOwner,
  DeleteCredentials,
  ExchangeCredentials,
  ListCredentials,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import type { Call, CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import {
  createCredentialRoutes,
  datasetCredentialRoutes as datasets,
  groupCredentialRoutes as groups,
  taskCredentialRoutes as tasks,
  userCredentialRoutes as users,
} from './credentials.routes.js';

interface OwnerInPath {
  readonly username?: string;
  readonly groupname?: string;
  readonly dataset_id?: string;
  readonly task_name?: string;
}

const ownerOf = ({ username, groupname, dataset_id = '', task_name }: OwnerInPath): IceprodCredentialOwner => {
  if (username !== undefined) return { username };
  if (groupname !== undefined) return { groupname };
  return task_name === undefined ? { dataset_id } : { dataset_id, task_name };
};

/** With the owner, whom the path names, as one member of the message. */
const owned = <Input extends OwnerInPath>({
  input,
  context,
}: Call<Input>): Call<Input & { readonly owner: IceprodCredentialOwner }> => ({
  input: { ...input, owner: ownerOf(input) },
  context,
});

@Controller()
export class CredentialsController {
  constructor(private readonly answers: Answers) {}

  @Serves(users.list)
  listOfUser(@ValidatedCall() call: CallOf<typeof users.list>): Promise<RouteResponse> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(users.store)
  storeOfUser(@ValidatedCall() call: CallOf<typeof users.store>): Promise<RouteResponse> {
    return this.answers.emptyObject(StoreCredential, owned(call));
  }

  @Serves(users.update)
  updateOfUser(@ValidatedCall() call: CallOf<typeof users.update>): Promise<RouteResponse> {
    return this.answers.emptyObject(AmendCredential, owned(call));
  }

  @Serves(users.delete)
  deleteOfUser(@ValidatedCall() call: CallOf<typeof users.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteCredentials, owned(call));
  }

  @Serves(users.exchange)
  exchangeOfUser(@ValidatedCall() call: CallOf<typeof users.exchange>): Promise<RouteResponse> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(groups.list)
  listOfGroup(@ValidatedCall() call: CallOf<typeof groups.list>): Promise<RouteResponse> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(groups.store)
  storeOfGroup(@ValidatedCall() call: CallOf<typeof groups.store>): Promise<RouteResponse> {
    return this.answers.emptyObject(StoreCredential, owned(call));
  }

  @Serves(groups.update)
  updateOfGroup(@ValidatedCall() call: CallOf<typeof groups.update>): Promise<RouteResponse> {
    return this.answers.emptyObject(AmendCredential, owned(call));
  }

  @Serves(groups.delete)
  deleteOfGroup(@ValidatedCall() call: CallOf<typeof groups.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteCredentials, owned(call));
  }

  @Serves(groups.exchange)
  exchangeOfGroup(@ValidatedCall() call: CallOf<typeof groups.exchange>): Promise<RouteResponse> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(datasets.list)
  listOfDataset(@ValidatedCall() call: CallOf<typeof datasets.list>): Promise<RouteResponse> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(datasets.store)
  storeOfDataset(@ValidatedCall() call: CallOf<typeof datasets.store>): Promise<RouteResponse> {
    return this.answers.emptyObject(StoreCredential, owned(call));
  }

  @Serves(datasets.update)
  updateOfDataset(@ValidatedCall() call: CallOf<typeof datasets.update>): Promise<RouteResponse> {
    return this.answers.emptyObject(AmendCredential, owned(call));
  }

  @Serves(datasets.delete)
  deleteOfDataset(@ValidatedCall() call: CallOf<typeof datasets.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteCredentials, owned(call));
  }

  @Serves(datasets.exchange)
  exchangeOfDataset(@ValidatedCall() call: CallOf<typeof datasets.exchange>): Promise<RouteResponse> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(tasks.list)
  listOfTaskName(@ValidatedCall() call: CallOf<typeof tasks.list>): Promise<RouteResponse> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(tasks.store)
  storeOfTaskName(@ValidatedCall() call: CallOf<typeof tasks.store>): Promise<RouteResponse> {
    return this.answers.emptyObject(StoreCredential, owned(call));
  }

  @Serves(tasks.update)
  updateOfTaskName(@ValidatedCall() call: CallOf<typeof tasks.update>): Promise<RouteResponse> {
    return this.answers.emptyObject(AmendCredential, owned(call));
  }

  @Serves(tasks.delete)
  deleteOfTaskName(@ValidatedCall() call: CallOf<typeof tasks.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteCredentials, owned(call));
  }

  @Serves(tasks.exchange)
  exchangeOfTaskName(@ValidatedCall() call: CallOf<typeof tasks.exchange>): Promise<RouteResponse> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(createCredentialRoutes.create)
  create(@ValidatedCall() call: CallOf<typeof createCredentialRoutes.create>): Promise<RouteResponse> {
    return this.answers.document(CreateCredential, call);
  }
}
