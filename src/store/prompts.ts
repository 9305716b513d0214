import type { Database } from './database.js';

/** Prompts made searchable at a time: some 50 ms of the database's work. */
const batch = 500;

/**
 * Makes prompts searchable that were accepted lately; gives how many. Taking a prompt apart into words takes the database as
 * long as accepting it, so it is not done then. Any number of processes may do it at once.
 */
export async function indexPrompts({ prisma }: Database): Promise<number> {
  return await prisma.$executeRaw`
    with taken as materialized (
      delete from generation_unsearched where generation_id in (
        select generation_id from generation_unsearched order by generation_id limit ${batch}::integer
        for update skip locked
      )
      returning generation_id
    )
    insert into generation_text (project_id, generation_id, words)
    select project_id, id, darkroom_words(project_id, prompt) from generation
    where id = any (array(select generation_id from taken))
    on conflict do nothing`;
}
