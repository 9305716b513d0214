-- An event is found by its position only once it has one: without, it need not be written into these, and again when it is numbered.
DROP INDEX "generation_event_position_idx";
DROP INDEX "generation_event_project_id_position_idx";
create index generation_event_numbered on generation_event (position) where position is not null;
create index generation_event_of_project on generation_event (project_id, position) where position is not null;
