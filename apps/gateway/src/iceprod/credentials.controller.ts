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
import type { Call, CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
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
  listOfUser(@TheCall() call: CallOf<typeof users.list>): Promise<Served> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(users.store)
  storeOfUser(@TheCall() call: CallOf<typeof users.store>): Promise<Served> {
    return this.answers.done(StoreCredential, owned(call));
  }

  @Serves(users.amend)
  amendOfUser(@TheCall() call: CallOf<typeof users.amend>): Promise<Served> {
    return this.answers.done(AmendCredential, owned(call));
  }

  @Serves(users.delete)
  deleteOfUser(@TheCall() call: CallOf<typeof users.delete>): Promise<Served> {
    return this.answers.done(DeleteCredentials, owned(call));
  }

  @Serves(users.exchange)
  exchangeOfUser(@TheCall() call: CallOf<typeof users.exchange>): Promise<Served> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(groups.list)
  listOfGroup(@TheCall() call: CallOf<typeof groups.list>): Promise<Served> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(groups.store)
  storeOfGroup(@TheCall() call: CallOf<typeof groups.store>): Promise<Served> {
    return this.answers.done(StoreCredential, owned(call));
  }

  @Serves(groups.amend)
  amendOfGroup(@TheCall() call: CallOf<typeof groups.amend>): Promise<Served> {
    return this.answers.done(AmendCredential, owned(call));
  }

  @Serves(groups.delete)
  deleteOfGroup(@TheCall() call: CallOf<typeof groups.delete>): Promise<Served> {
    return this.answers.done(DeleteCredentials, owned(call));
  }

  @Serves(groups.exchange)
  exchangeOfGroup(@TheCall() call: CallOf<typeof groups.exchange>): Promise<Served> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(datasets.list)
  listOfDataset(@TheCall() call: CallOf<typeof datasets.list>): Promise<Served> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(datasets.store)
  storeOfDataset(@TheCall() call: CallOf<typeof datasets.store>): Promise<Served> {
    return this.answers.done(StoreCredential, owned(call));
  }

  @Serves(datasets.amend)
  amendOfDataset(@TheCall() call: CallOf<typeof datasets.amend>): Promise<Served> {
    return this.answers.done(AmendCredential, owned(call));
  }

  @Serves(datasets.delete)
  deleteOfDataset(@TheCall() call: CallOf<typeof datasets.delete>): Promise<Served> {
    return this.answers.done(DeleteCredentials, owned(call));
  }

  @Serves(datasets.exchange)
  exchangeOfDataset(@TheCall() call: CallOf<typeof datasets.exchange>): Promise<Served> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(tasks.list)
  listOfTaskName(@TheCall() call: CallOf<typeof tasks.list>): Promise<Served> {
    return this.answers.document(ListCredentials, owned(call));
  }

  @Serves(tasks.store)
  storeOfTaskName(@TheCall() call: CallOf<typeof tasks.store>): Promise<Served> {
    return this.answers.done(StoreCredential, owned(call));
  }

  @Serves(tasks.amend)
  amendOfTaskName(@TheCall() call: CallOf<typeof tasks.amend>): Promise<Served> {
    return this.answers.done(AmendCredential, owned(call));
  }

  @Serves(tasks.delete)
  deleteOfTaskName(@TheCall() call: CallOf<typeof tasks.delete>): Promise<Served> {
    return this.answers.done(DeleteCredentials, owned(call));
  }

  @Serves(tasks.exchange)
  exchangeOfTaskName(@TheCall() call: CallOf<typeof tasks.exchange>): Promise<Served> {
    return this.answers.document(ExchangeCredentials, owned(call));
  }

  @Serves(createCredentialRoutes.create)
  create(@TheCall() call: CallOf<typeof createCredentialRoutes.create>): Promise<Served> {
    return this.answers.document(CreateCredential, call);
  }
}
