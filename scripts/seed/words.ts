import type { Sql } from 'postgres';

/** A made-up prompt. */
export function promptOf(subject: string, style: string, number: number): string {
  return `${subject}, ${style}, number ${number}`;
}

/** A prompt of a project as `darkroom_words` takes it apart, written as PostgreSQL reads it. */
export type WordsOf = (projectId: string, subject: string, style: string, number: number) => string;

const anyProject = '00000000-0000-0000-0000-000000000000';
const anyNumber = 7;

/** Has the database take each kind of prompt apart once: a million times would take longer than all else. */
export async function learnWords(sql: Sql, subjects: readonly string[], styles: readonly string[]): Promise<WordsOf> {
  const known = new Map<string, [string, string]>();
  for (const subject of new Set(subjects)) {
    for (const style of styles) {
      const [row] = await sql<{ words: string }[]>`
        select darkroom_words(${anyProject}, ${promptOf(subject, style, anyNumber)})::text as words`;
      const [before, after] = (row?.words ?? '').replace(`'${anyProject}'`, '').split(`'${anyNumber}'`);
      if (before === undefined || after === undefined) throw new Error('A prompt was not taken apart as expected.');
      known.set(`${subject}, ${style}`, [before, after]);
    }
  }
  return (projectId, subject, style, number) => {
    const [before, after] = known.get(`${subject}, ${style}`) ?? ['', ''];
    return `'${projectId}' ${before}'${number}'${after}`;
  };
}
