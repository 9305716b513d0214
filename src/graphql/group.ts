import type { GenerationStatus } from '../domain/lifecycle.js';
import type { Tally } from '../domain/tally.js';
import type { Sheet as SheetRecord } from '../service/sheets.js';
import { Field, Int, ObjectType } from './decorators.js';
import { GenerationStatusEnum } from './enums.js';
import { Cost } from './generation-parts.js';

@ObjectType({ description: 'How many generations have one status.' })
export class StatusCount {
  @Field(() => GenerationStatusEnum, { description: 'The status.' })
  status: GenerationStatus;

  @Field(() => Int, { description: 'How many; at least 1.' })
  count: number;
}

@ObjectType({ description: 'How a group of generations stands.' })
export class GroupProgress implements Tally {
  @Field(() => [StatusCount], { description: 'By status; those that no generation has are left out.' })
  counts: StatusCount[];

  @Field(() => Int, { description: 'All that were accepted.' })
  total: number;

  @Field(() => Int, { description: 'Those that have come to their end.' })
  ended: number;

  @Field(() => Cost, { description: 'What they cost together, as far as it is known; null where nothing is.' })
  cost: Cost;
}

@ObjectType({ description: 'One picture that shows several, with labels.' })
export class Sheet {
  @Field(() => String, {
    description:
      'Where the JPEG is. The address changes with what it shows. Whoever has it may see the sheet; it cannot be guessed.',
  })
  url: string;

  @Field(() => String, { description: 'Changes whenever the sheet looks different.' })
  version: string;

  @Field(() => Boolean, { description: 'Whether all of it is there that ever will be.' })
  complete: boolean;

  @Field(() => Int, { description: 'Width in pixels.' })
  width: number;

  @Field(() => Int, { description: 'Height in pixels.' })
  height: number;
}

/** `path`: below the service's own address. */
export function sheetNode(sheet: SheetRecord, publicUrl: string, path: string): Sheet {
  const { version, complete, width, height } = sheet;
  // Browsers that show it load it again when the address changes.
  return { url: `${publicUrl}/sheets/${path}?v=${version.slice(0, 16)}`, version, complete, width, height };
}
