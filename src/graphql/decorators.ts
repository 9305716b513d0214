// The one door to type-graphql: it needs reflect-metadata before anything else, although no reflection is used.
import 'reflect-metadata';

export {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
  buildSchema,
  createUnionType,
  registerEnumType,
} from 'type-graphql';
