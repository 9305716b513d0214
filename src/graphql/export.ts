import { checkSearch } from '../domain/check-list.js';
import type { ExportFormat, ExportPartition } from '../domain/export.js';
import { keyOf } from '../domain/ids.js';
import { connectionOf, pageBounds, windowOf, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, InputType, Int, Mutation, Query, Resolver } from './decorators.js';
import { ExportFormatEnum, ExportPartitionEnum } from './enums.js';
import { Export, ExportConnection, ExportGenerationsPayload, exportNode, RemoveExportPayload } from './export-types.js';
import { filterOf, GenerationFilter } from './generation.js';

@InputType({ description: 'What to export, and how; docs/exports.md has the columns.' })
export class ExportGenerationsInput {
  @Field(() => ExportFormatEnum, { description: 'How it is written.' })
  format: ExportFormat;

  @Field(() => GenerationFilter, { nullable: true, description: 'Which generations; left out: all of your project.' })
  filter?: GenerationFilter | null;

  @Field(() => String, { nullable: true, description: 'Words of the prompt, as in `generations`.' })
  search?: string | null;

  @Field(() => ExportPartitionEnum, {
    defaultValue: 'NONE',
    description: 'One file, or one for each month or day, at most 400 in all.',
  })
  partitionBy: ExportPartition;

  @Field(() => [String], { nullable: true, description: 'Only these columns, in this order; left out: all.' })
  columns?: string[] | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Begin CSV with a byte order mark, by which Excel knows UTF-8.',
  })
  bom: boolean;
}

@Resolver(() => Export)
export class ExportResolver {
  @Query(() => Export, { nullable: true, description: 'One export; null when your project has no such one.' })
  async export(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the export.' }) id: string,
  ): Promise<Export | null> {
    const key = keyOf('Export', id);
    const found = key === null ? null : await context.services.exports.find(viewerOf(context).projectId, key);
    return found === null ? null : exportNode(found, context.services.publicUrl);
  }

  @Query(() => ExportConnection, { description: 'The exports of your project that are kept, newest first.' })
  async exports(
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
  ): Promise<Connection<Export>> {
    const window = windowOf(first, after);
    const rows = await context.services.exports.page(viewerOf(context).projectId, window);
    return connectionOf(rows, window, (row) => exportNode(row, context.services.publicUrl));
  }

  @Mutation(() => ExportGenerationsPayload, {
    description:
      'Has a part of history written to files in the background; read the export again for its progress. At most 3 under way and 20 in all, kept for 3 days.',
  })
  async exportGenerations(
    @Ctx() context: Context,
    @Arg('input', () => ExportGenerationsInput, { description: 'The export.' }) input: ExportGenerationsInput,
  ): Promise<ExportGenerationsPayload> {
    const { format, partitionBy, bom, search = null, columns = null } = input;
    checkSearch({ search, orderBy: 'OLDEST' });
    const request = { format, partitionBy, bom, search, columns, filter: filterOf(input.filter) };
    const made = await context.services.exportService.create(viewerOf(context), request);
    return made.ok
      ? { export: exportNode(made.value, context.services.publicUrl), userErrors: [] }
      : { export: null, userErrors: made.refusals };
  }

  @Mutation(() => RemoveExportPayload, {
    description: 'Removes an export with its files; one that is not ready yet is stopped.',
  })
  async removeExport(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the export.' }) id: string,
  ): Promise<RemoveExportPayload> {
    const removed = await context.services.exportService.remove(viewerOf(context), id);
    return removed.ok
      ? { export: exportNode(removed.value, context.services.publicUrl), userErrors: [] }
      : { export: null, userErrors: removed.refusals };
  }
}
