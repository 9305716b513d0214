import { readFile } from 'node:fs/promises';
import { preset } from '@graphql-codegen/client-preset';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { format, type FormatConfig } from 'oxfmt';

/** Generated code is laid out like the rest, so that a change of it reads well in a diff. */
export async function layOut(file: string, code: string): Promise<string> {
  const options: FormatConfig = JSON.parse(await readFile(new URL('.oxfmtrc.json', import.meta.url), 'utf8'));
  const result = await format(file, code, options);
  if (result.errors.length > 0) throw new Error(`${file} cannot be laid out: ${JSON.stringify(result.errors)}`);
  return result.code;
}

/** `npm run codegen`: typed documents for everything in this repository that talks to Darkroom as a client. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['examples/**/*.graphql', 'test/**/*.graphql'],
  emitLegacyCommonJSImports: false,
  hooks: { beforeOneFileWrite: layOut },
  generates: {
    'examples/generated/': {
      preset: {
        ...preset,
        // The other files serve documents inside of TypeScript, looked up by their text; ours have files and names.
        buildGeneratesSection: async (options) =>
          (await preset.buildGeneratesSection(options)).filter(({ filename }) => filename.endsWith('/graphql.ts')),
      },
      presetConfig: { fragmentMasking: false },
      config: {
        // As strings: a client needs no GraphQL parser at run time.
        documentMode: 'string',
        onlyOperationTypes: true,
        enumsAsTypes: true,
        useTypeImports: true,
        skipTypename: true,
        // A result has every field that was asked for, be it null.
        avoidOptionals: { field: true, inputValue: false, object: false, defaultValue: false },
        arrayInputCoercion: false,
        strictScalars: true,
        scalars: {
          DateTimeISO: 'string',
          JSON: 'unknown',
          // A JSON number, exact within its range.
          SafeInt: 'number',
        },
      },
    },
  },
};

export default config;
