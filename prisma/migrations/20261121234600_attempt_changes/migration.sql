-- What changed is found by leaving out what stayed the same: a join of the rows before and after was planned once, for few rows,
-- and then took a statement that notes the progress of hundreds of tasks longer than all its writing.
create or replace function usage_note_attempt_change() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot)
  select distinct usage_slot(c.generation_id) from (
    select generation_id, n, state, case when state in ('DONE', 'LOST', 'REFUSED') then looks end from touched
    except
    select generation_id, n, state, case when state in ('DONE', 'LOST', 'REFUSED') then looks end from before
  ) c;
  return null;
end $$;
