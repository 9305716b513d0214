import { Field, ID, InterfaceType } from './decorators.js';

@InterfaceType('Node', {
  description: 'Whatever has an id of its own.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, {
    description: 'Unique over all types; the prefix names the type (gen_, prf_, img_, swp_, rpl_, exp_).',
  })
  id: string;
}
