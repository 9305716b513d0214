// The one door to type-graphql: it needs reflect-metadata before anything else, although no reflection is used.
import 'reflect-metadata';
import { ObjectType as objectType, type ObjectTypeOptions } from 'type-graphql';

export {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  Info,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
  buildSchema,
  createUnionType,
  registerEnumType,
} from 'type-graphql';

/**
 * Plain fields are read straight from their object: type-graphql would give each a resolver of its own, for middlewares
 * that there are none of.
 */
export function ObjectType(options: ObjectTypeOptions = {}): ClassDecorator {
  return objectType({ ...options, simpleResolvers: true });
}
